package dev.baton.directory;

import dev.baton.address.Ip;
import dev.baton.config.Scalar;
import dev.baton.config.Scalars;
import dev.baton.config.YamlDocument;
import dev.baton.config.YamlMapping;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads cluster.yaml and notes every problem with its line. */
final class ClusterYaml {
  private static final Duration HOUR = Duration.ofHours(1);
  private static final Scalar<Integer> MAX_FLOWS = Scalar.integer("flows", 0, 10_000_000);
  private static final Scalar<Integer> QUEUE = Scalar.integer("connections", 0, 10_000);
  private static final Scalar<Duration> QUEUE_TIME =
      Scalars.duration(Duration.ZERO, Duration.ofMinutes(1));
  private static final Scalar<Duration> SLOW_START = Scalars.duration(Duration.ZERO, HOUR);
  private static final Scalar<Duration> INTERVAL = Scalars.duration(Duration.ofMillis(100), HOUR);
  private static final Scalar<Duration> TIMEOUT =
      Scalars.duration(Duration.ofMillis(10), Duration.ofMinutes(1));
  private static final ByteRange UNREADABLE = new ByteRange(Long.MAX_VALUE, Long.MAX_VALUE);
  private static final Scalar<Integer> TIMES = Scalar.integer("checks in a row", 1, 100);

  private final YamlDocument document;
  private final boolean tls;
  private final Map<String, Node> nodes = new LinkedHashMap<>();
  private final Set<String> stateless = new HashSet<>();
  private final Map<String, Group> groups = new LinkedHashMap<>();
  private final Set<String> hosts = new HashSet<>();

  ClusterYaml(YamlDocument document, boolean tls) {
    this.document = document;
    this.tls = tls;
  }

  ClusterFile read() {
    YamlMapping root = document.root();
    HealthCheck check =
        root.has("check")
            ? root.requiredMapping("check", "kind", ClusterYaml::check).orElse(HealthCheck.DEFAULT)
            : HealthCheck.DEFAULT;
    Set<String> names = new HashSet<>();
    root.requiredMappingsOrNone(
        "nodes",
        "name, address and port",
        item -> {
          Node node = node(item, check);
          nodes.put(node.name(), node);
          refuseTwice(item, "name", node.name(), names);
          return node;
        });
    if (root.has("groups")) {
      root.requiredMappingsOrNone("groups", "name and nodes", this::group);
    }
    List<SiteSpec> sites = root.requiredMappingsOrNone("sites", "host and nodes", this::site);
    document.finish();
    return new ClusterFile(
        List.copyOf(nodes.values()), stateless, List.copyOf(groups.values()), sites);
  }

  private List<Ip> addresses(YamlMapping item) {
    List<Ip> addresses = new ArrayList<>(item.requiredOneOrMore("address", Scalars.HOST_ADDRESS));
    addresses.sort(Comparator.comparing(ip -> !ip.isV4()));
    if (addresses.stream().map(Ip::isV4).distinct().count() < addresses.size()) {
      add(item, "address", "expected at most one address of each family");
    }
    return addresses;
  }

  private Node node(YamlMapping item, HealthCheck usual) {
    String name = item.required("name", Scalars.NODE_NAME, "");
    if (!item.has("state")) {
      stateless.add(name);
    }
    return new Node(
        name,
        addresses(item),
        item.optional("port", Scalars.PORT, 80),
        item.optional("tls-port", Scalars.PORT, Node.TLS_PORT),
        item.optional("state", ClusterScalars.STATE, Node.State.UP),
        item.optional("weight", ClusterScalars.WEIGHT, 1),
        item.optional("client-address", ClusterScalars.CLIENT_ADDRESS, ClientAddress.OPTION),
        item.optional("role", ClusterScalars.ROLE, Node.Role.LOCAL),
        new NodeLimits(
            item.optional("max-flows", MAX_FLOWS, NodeLimits.NONE.maxFlows()),
            item.optional("queue", QUEUE, NodeLimits.NONE.queue()),
            item.optional("queue-time", QUEUE_TIME, NodeLimits.NONE.queueTime()),
            item.optional("slow-start", SLOW_START, NodeLimits.NONE.slowStart())),
        item.has("check")
            ? item.requiredMapping("check", "kind", ClusterYaml::check).orElse(usual)
            : usual);
  }

  private static HealthCheck check(YamlMapping item) {
    HealthCheck usual = HealthCheck.DEFAULT;
    int[] status =
        item.optional(
            "status", ClusterScalars.STATUSES, new int[] {usual.statusFirst(), usual.statusLast()});
    return new HealthCheck(
        item.required("kind", ClusterScalars.CHECK_KIND, usual.kind()),
        item.optional("path", ClusterScalars.CHECK_PATH, usual.path()),
        item.optional("host", ClusterScalars.CHECK_HOST, usual.host()),
        status[0],
        status[1],
        item.optional("interval", INTERVAL, usual.interval()),
        item.optional("timeout", TIMEOUT, usual.timeout()),
        item.optional("rise", TIMES, usual.rise()),
        item.optional("fall", TIMES, usual.fall()));
  }

  private Group group(YamlMapping item) {
    String name = item.required("name", ClusterScalars.GROUP_NAME, "");
    List<String> members = new ArrayList<>();
    for (String node : item.requiredList("nodes", Scalars.NODE_NAME)) {
      if (!nodes.containsKey(node)) {
        add(item, "nodes", "expected a node named above, found \"" + node + "\"");
      } else if (members.contains(node)) {
        add(item, "nodes", "expected each node once, found again: " + node);
      } else {
        members.add(node);
      }
    }
    Group group = new Group(name, members);
    if (!name.isEmpty() && groups.putIfAbsent(name, group) != null) {
      add(item, "name", "expected once, found again: " + name);
    }
    return group;
  }

  private SiteSpec site(YamlMapping item) {
    String host = item.required("host", ClusterScalars.HOST, "");
    refuseTwice(item, "host", host, hosts);
    List<String> aliases =
        item.has("aliases") ? item.requiredList("aliases", ClusterScalars.HOST) : List.of();
    aliases.forEach(alias -> refuseTwice(item, "aliases", alias, hosts));
    return new SiteSpec(
        host,
        aliases,
        parts(item),
        item.optional("balance", ClusterScalars.BALANCE, Dataset.Balance.LEAST_FLOWS),
        item.optional("keep-alive", ClusterScalars.KEEP_ALIVE, Dataset.KeepAlive.REUSE),
        item.optional("copies", ClusterScalars.COPIES, true),
        item.optional("redirect-to-https", ClusterScalars.HTTPS, 0));
  }

  /** Exactly one of nodes, group and parts. */
  private List<PartSpec> parts(YamlMapping item) {
    boolean hasNodes = item.has("nodes");
    boolean hasGroup = item.has("group");
    boolean hasParts = item.has("parts");
    int ways = (hasNodes ? 1 : 0) + (hasGroup ? 1 : 0) + (hasParts ? 1 : 0);
    List<PartSpec> parts = new ArrayList<>();
    Map<Integer, YamlMapping> items = new HashMap<>();
    if (hasParts) {
      item.requiredMappings(
          "parts",
          "path and group",
          each -> {
            items.put(parts.size(), each);
            PartSpec part = part(each);
            parts.add(part);
            return part;
          });
    } else {
      parts.add(PartSpec.whole(groupOf(item, hasGroup), nodesOf(item, hasNodes)));
    }
    if (ways != 1) {
      document
          .problems()
          .add(
              item.line(),
              item.pathOf("nodes"),
              ways == 0
                  ? "missing, expected nodes, group or parts"
                  : "expected exactly one of nodes, group and parts");
      return parts;
    }
    if (!parts.stream().allMatch(ClusterYaml::isReadable)) {
      return parts; // which has been said
    }
    for (SiteRules.Problem problem : SiteRules.check(parts, nodes::get, groups::get, tls)) {
      add(items.getOrDefault(problem.part(), item), problem.key(), problem.message());
    }
    return parts;
  }

  private PartSpec part(YamlMapping item) {
    return new PartSpec(
        item.required("path", ClusterScalars.PATH_OF_PART, ""),
        item.has("range") ? item.required("range", ClusterScalars.BYTE_RANGE, UNREADABLE) : null,
        item.required("group", ClusterScalars.GROUP_NAME, ""),
        List.of());
  }

  private static boolean isReadable(PartSpec part) {
    return !part.path().isEmpty() && !UNREADABLE.equals(part.range());
  }

  private static String groupOf(YamlMapping item, boolean has) {
    return has ? item.required("group", ClusterScalars.GROUP_NAME, "") : "";
  }

  private static List<String> nodesOf(YamlMapping item, boolean has) {
    return has ? item.requiredList("nodes", Scalars.NODE_NAME) : List.of();
  }

  /** An empty value stands for one that could not be read and was complained of already. */
  private void refuseTwice(YamlMapping item, String key, String value, Set<String> seen) {
    if (!value.isEmpty() && !seen.add(value)) {
      add(item, key, "expected once, found again: " + value);
    }
  }

  private void add(YamlMapping item, String key, String message) {
    document.problems().add(item.lineOf(key), item.pathOf(key), message);
  }
}

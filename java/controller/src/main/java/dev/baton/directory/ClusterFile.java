package dev.baton.directory;

import dev.baton.address.Ip;
import dev.baton.config.ConfigException;
import dev.baton.config.Scalar;
import dev.baton.config.Scalars;
import dev.baton.config.YamlDocument;
import dev.baton.config.YamlMapping;
import dev.baton.http.HostNames;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What {@code cluster.yaml} says, checked: names are unique, hosts normalised, and every site's
 * nodes are among the nodes. A node has {@code name}, {@code address} (one, or a list of one IPv4
 * and one IPv6 address) and may have {@code port} (default 80), {@code tls-port} (default 443),
 * {@code state} (default up), {@code weight} (1 to 1000, default 1) and {@code client-address}
 * (default option). A site may have {@code redirect-to-https} (default false).
 *
 * @param nodes in the order of the file
 * @param sites in the order of the file
 */
public record ClusterFile(List<Node> nodes, List<Site> sites) {
  private static final Scalar<Integer> WEIGHT = Scalar.integer("a weight", 1, 1000);

  private static final Scalar<Node.State> STATE =
      new Scalar<>("up, draining or down", Node.State::of);

  private static final Scalar<ClientAddress> CLIENT_ADDRESS =
      new Scalar<>("one of " + ClientAddress.expected(), ClientAddress::of);

  private static final Scalar<Integer> HTTPS =
      new Scalar<>(
          "true, false or a port, 1 to 65535",
          text ->
              switch (text) {
                case "true" -> 443;
                case "false" -> 0;
                default -> Scalars.PORT.read().apply(text);
              });

  private static final Scalar<String> HOST =
      new Scalar<>(
          "a host such as www.example.org, \"*.example.org\" or default", ClusterFile::host);

  /**
   * Reads and checks a file.
   *
   * @throws ConfigException with every problem found
   */
  public static ClusterFile load(Path file) {
    return read(YamlDocument.load(file));
  }

  /** Checks text; {@code name} is what messages call the file. */
  public static ClusterFile parse(String name, String text) {
    return read(YamlDocument.parse(name, text));
  }

  private static ClusterFile read(YamlDocument document) {
    YamlMapping root = document.root();
    Map<String, Node> nodes = new LinkedHashMap<>();
    Set<String> names = new HashSet<>();
    root.requiredMappings(
        "nodes",
        "name, address and port",
        item -> {
          Node node = node(document, item);
          nodes.put(node.name(), node);
          refuseTwice(document, item, "name", node.name(), names);
          return node;
        });
    Set<String> hosts = new HashSet<>();
    List<Site> sites =
        root.requiredMappings(
            "sites",
            "host and nodes",
            item -> {
              Site site = site(document, item, nodes);
              refuseTwice(document, item, "host", site.host(), hosts);
              return site;
            });
    document.finish();
    return new ClusterFile(List.copyOf(nodes.values()), List.copyOf(sites));
  }

  private static List<Ip> addresses(YamlDocument document, YamlMapping item) {
    List<Ip> addresses = new ArrayList<>(item.requiredOneOrMore("address", Scalars.HOST_ADDRESS));
    addresses.sort(Comparator.comparing(ip -> !ip.isV4()));
    if (addresses.stream().map(Ip::isV4).distinct().count() < addresses.size()) {
      document
          .problems()
          .add(
              item.lineOf("address"),
              item.pathOf("address"),
              "expected at most one address of each family");
    }
    return addresses;
  }

  private static Node node(YamlDocument document, YamlMapping item) {
    return new Node(
        item.required("name", Scalars.NODE_NAME, ""),
        addresses(document, item),
        item.optional("port", Scalars.PORT, 80),
        item.optional("tls-port", Scalars.PORT, Node.TLS_PORT),
        item.optional("state", STATE, Node.State.UP),
        item.optional("weight", WEIGHT, 1),
        item.optional("client-address", CLIENT_ADDRESS, ClientAddress.OPTION));
  }

  private static Site site(YamlDocument document, YamlMapping item, Map<String, Node> known) {
    String host = item.required("host", HOST, "");
    List<Node> nodes = new ArrayList<>();
    for (String name : item.requiredList("nodes", Scalars.NODE_NAME)) {
      Node node = known.get(name);
      String problem =
          node == null
              ? "expected a node named above, found \"" + name + "\""
              : nodes.contains(node) ? "expected each node once, found again: " + name : null;
      if (problem != null) {
        document.problems().add(item.lineOf("nodes"), item.pathOf("nodes"), problem);
      } else if (node != null) {
        nodes.add(node);
      }
    }
    return new Site(host, nodes, item.optional("redirect-to-https", HTTPS, 0));
  }

  /** An empty value stands for one that could not be read and was complained of already. */
  private static void refuseTwice(
      YamlDocument document, YamlMapping item, String key, String value, Set<String> seen) {
    if (!value.isEmpty() && !seen.add(value)) {
      document
          .problems()
          .add(item.lineOf(key), item.pathOf(key), "expected once, found again: " + value);
    }
  }

  private static String host(String text) {
    if (text.equals(Site.DEFAULT)) {
      return text;
    }
    boolean wildcard = text.startsWith("*.");
    @Nullable String name = HostNames.normalize(wildcard ? text.substring(2) : text);
    if (name == null || (wildcard && HostNames.isAddress(name)) || name.equals(Site.DEFAULT)) {
      throw new IllegalArgumentException(text);
    }
    return wildcard ? "*." + name : name;
  }
}

package dev.baton.directory;

import dev.baton.config.Scalars;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Writes what {@link ClusterFile} reads; what has its default is left out. */
public final class ClusterFileWriter {
  private static final String SEPARATOR = ", ";

  private ClusterFileWriter() {}

  /** The text of a file: {@code apply} of it changes nothing in the directory it came from. */
  public static String text(ClusterFile cluster) {
    StringBuilder text = new StringBuilder();
    list(text, "nodes", cluster.nodes().stream().map(ClusterFileWriter::node).toList());
    if (!cluster.groups().isEmpty()) {
      list(
          text,
          "groups",
          cluster.groups().stream()
              .map(group -> "name: " + quoted(group.name()) + ", nodes: " + names(group.nodes()))
              .toList());
    }
    list(text, "sites", cluster.sites().stream().map(ClusterFileWriter::site).toList());
    return text.toString();
  }

  private static void list(StringBuilder text, String key, List<String> items) {
    text.append(key).append(items.isEmpty() ? ": []\n" : ":\n");
    items.forEach(item -> text.append("  - { ").append(item).append(" }\n"));
  }

  /** A state other than up is said, so that the file says it to an empty directory too. */
  private static String node(Node node) {
    List<String> keys = new ArrayList<>();
    keys.add("name: " + quoted(node.name()));
    keys.add("address: " + names(node.addresses().stream().map(Object::toString).toList()));
    keys.add("port: " + node.port());
    add(keys, node.tlsPort() != Node.TLS_PORT, "tls-port: " + node.tlsPort());
    add(keys, node.state() != Node.State.UP, "state: " + node.state().text());
    add(keys, node.weight() != 1, "weight: " + node.weight());
    add(
        keys,
        node.clientAddress() != ClientAddress.OPTION,
        "client-address: " + node.clientAddress().text());
    add(keys, node.role() != Node.Role.LOCAL, "role: " + node.role().text());
    NodeLimits limits = node.limits();
    NodeLimits none = NodeLimits.NONE;
    add(keys, limits.maxFlows() != none.maxFlows(), "max-flows: " + limits.maxFlows());
    add(keys, limits.queue() != none.queue(), "queue: " + limits.queue());
    add(
        keys,
        !limits.queueTime().equals(none.queueTime()),
        "queue-time: " + Scalars.text(limits.queueTime()));
    add(
        keys,
        !limits.slowStart().equals(none.slowStart()),
        "slow-start: " + Scalars.text(limits.slowStart()));
    add(keys, !node.check().equals(HealthCheck.DEFAULT), "check: { " + check(node.check()) + " }");
    return String.join(SEPARATOR, keys);
  }

  private static String check(HealthCheck check) {
    return "kind: %s, path: %s, host: %s, status: %d-%d, interval: %s, timeout: %s, rise: %d, fall: %d"
        .formatted(
            check.kind().text(),
            quoted(check.path()),
            quoted(check.host()),
            check.statusFirst(),
            check.statusLast(),
            Scalars.text(check.interval()),
            Scalars.text(check.timeout()),
            check.rise(),
            check.fall());
  }

  private static String site(SiteSpec site) {
    List<String> keys = new ArrayList<>();
    keys.add("host: " + quoted(site.host()));
    add(keys, !site.aliases().isEmpty(), "aliases: " + names(site.aliases()));
    PartSpec first = site.parts().getFirst();
    if (site.isSplit()) {
      keys.add(
          "parts: ["
              + site.parts().stream()
                  .map(ClusterFileWriter::part)
                  .collect(Collectors.joining(SEPARATOR))
              + "]");
    } else if (first.group().isEmpty()) {
      keys.add("nodes: " + names(first.nodes()));
    } else {
      keys.add("group: " + quoted(first.group()));
    }
    add(keys, site.balance() != Dataset.Balance.LEAST_FLOWS, "balance: " + site.balance().text());
    add(
        keys,
        site.keepAlive() != Dataset.KeepAlive.REUSE,
        "keep-alive: " + site.keepAlive().text());
    add(keys, !site.assumed(), "copies: deployed");
    add(keys, site.httpsPort() != 0, "redirect-to-https: " + site.httpsPort());
    return String.join(SEPARATOR, keys);
  }

  private static String part(PartSpec part) {
    ByteRange range = part.range();
    return "{ path: %s, %sgroup: %s }"
        .formatted(
            quoted(part.path()),
            range == null ? "" : "range: " + range + SEPARATOR,
            quoted(part.group()));
  }

  private static void add(List<String> keys, boolean isSaid, String key) {
    if (isSaid) {
      keys.add(key);
    }
  }

  private static String names(List<String> names) {
    return names.stream()
        .map(ClusterFileWriter::quoted)
        .collect(Collectors.joining(SEPARATOR, "[", "]"));
  }

  /** None of what may stand in a file needs more than this in double quotes. */
  private static String quoted(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }
}

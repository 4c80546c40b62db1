package dev.baton.directory;

import dev.baton.config.ConfigException;
import dev.baton.config.YamlDocument;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * What {@code cluster.yaml} says, checked, or what the directory says in the same words;
 * docs/directory.md has the syntax. Versions, and how far copies have come, are not part of it.
 *
 * @param nodes each name once
 * @param stateless names of nodes whose state is not said: the one the directory has counts
 * @param groups each name once, their nodes among {@code nodes}
 * @param sites each host and alias once, their nodes and groups among those above
 */
public record ClusterFile(
    List<Node> nodes, Set<String> stateless, List<Group> groups, List<SiteSpec> sites) {
  /** What there is before anything was said. */
  public static final ClusterFile EMPTY =
      new ClusterFile(List.of(), Set.of(), List.of(), List.of());

  /** Takes copies. */
  public ClusterFile {
    nodes = List.copyOf(nodes);
    stateless = Set.copyOf(stateless);
    groups = List.copyOf(groups);
    sites = List.copyOf(sites);
  }

  /**
   * Reads and checks a file.
   *
   * @param tls whether a listener takes TLS, where neither path nor range can be seen
   * @throws ConfigException with every problem found
   */
  public static ClusterFile load(Path file, boolean tls) {
    return new ClusterYaml(YamlDocument.load(file), tls).read();
  }

  /** Checks text; {@code name} is what messages call the file. No listener takes TLS. */
  public static ClusterFile parse(String name, String text) {
    return parse(name, text, false);
  }

  /** Checks text; {@code name} is what messages call the file. */
  public static ClusterFile parse(String name, String text, boolean tls) {
    return new ClusterYaml(YamlDocument.parse(name, text), tls).read();
  }
}

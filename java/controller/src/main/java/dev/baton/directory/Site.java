package dev.baton.directory;

import java.util.List;
import java.util.stream.Collectors;

/**
 * An HTTP host name and the nodes that serve it.
 *
 * @param host normalised as {@link dev.baton.http.HostNames} does; {@code *.} and a name for
 *     everything below that name; {@link #DEFAULT} for what no other site matches
 * @param nodes candidates in the order of preference, at least one, none twice
 */
public record Site(String host, List<Node> nodes) {
  /** The host of the site that serves what no other matches. */
  public static final String DEFAULT = "default";

  /** Copies the list. */
  public Site {
    nodes = List.copyOf(nodes);
  }

  /** The nodes' names in order, such as {@code qure-2, qure-3}. */
  String nodeNames() {
    return nodes.stream().map(Node::name).collect(Collectors.joining(", "));
  }
}

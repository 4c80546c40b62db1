package dev.baton.directory;

import java.util.List;
import java.util.stream.Collectors;

/**
 * An HTTP host name and the nodes that serve it.
 *
 * @param host normalised as {@link dev.baton.http.HostNames} does; {@code *.} and a name for
 *     everything below that name; {@link #DEFAULT} for what no other site matches
 * @param nodes candidates in the order of preference, at least one, none twice
 * @param httpsPort where requests in clear text are sent to instead, by HTTPS; 0: they are served
 */
public record Site(String host, List<Node> nodes, int httpsPort) {
  /** The host of the site that serves what no other matches. */
  public static final String DEFAULT = "default";

  /** Copies the list. */
  public Site {
    nodes = List.copyOf(nodes);
  }

  /** One that serves requests in clear text. */
  public Site(String host, List<Node> nodes) {
    this(host, nodes, 0);
  }

  /** The nodes' names in order, such as {@code qure-2, qure-3}, and what else there is to say. */
  String text() {
    String names = nodes.stream().map(Node::name).collect(Collectors.joining(", "));
    return httpsPort == 0 ? names : names + "; redirect to https port " + httpsPort;
  }
}

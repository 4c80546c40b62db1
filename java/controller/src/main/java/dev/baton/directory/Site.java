package dev.baton.directory;

import java.util.List;
import java.util.stream.Collectors;

/**
 * An HTTP host name and the dataset behind it, which other sites (its aliases) may share.
 *
 * @param host normalised as {@link dev.baton.http.HostNames} does; {@code *.} and a name for
 *     everything below that name; {@link #DEFAULT} for what no other site matches
 * @param dataset what it serves
 * @param httpsPort where requests in clear text are sent to instead, by HTTPS; 0: they are served
 */
public record Site(String host, Dataset dataset, int httpsPort) {
  /** The host of the site that serves what no other matches. */
  public static final String DEFAULT = "default";

  /**
   * One whose every node has all of it.
   *
   * @param id see {@link Dataset#id()}
   * @param nodes at least one, none twice
   * @param httpsPort see {@link #httpsPort()}
   */
  public static Site whole(int id, String host, List<Node> nodes, int httpsPort) {
    String version = Dataset.FIRST_VERSION;
    List<Copy> copies =
        nodes.stream().map(node -> new Copy(node, version, Copy.State.COMPLETE)).toList();
    return new Site(
        host,
        new Dataset(
            id,
            version,
            Dataset.Balance.LEAST_FLOWS,
            Dataset.KeepAlive.REUSE,
            List.of(new Part(Part.ALL, null, "", copies))),
        httpsPort);
  }

  /** Every node that has something of it, once, in the order of the parts. */
  public List<Node> nodes() {
    return dataset.parts().stream()
        .flatMap(part -> part.copies().stream())
        .map(Copy::node)
        .distinct()
        .toList();
  }

  /** The nodes' names in order, such as {@code qure-2, qure-3}, and what else there is to say. */
  String text() {
    String names = nodes().stream().map(Node::name).collect(Collectors.joining(", "));
    return httpsPort == 0 ? names : names + "; redirect to https port " + httpsPort;
  }
}

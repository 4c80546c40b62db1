package dev.baton.deploy;

import dev.baton.directory.ByteRange;
import dev.baton.directory.Deployments.PartCopy;
import dev.baton.directory.Deployments.Standing;
import dev.baton.directory.Node;
import dev.baton.probe.NodeHttp;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Finds out whether a node's copies are what they are said to be, by asking its web server.
 *
 * <p>A part without a range must be answered at all. A byte range must be a sparse file of the
 * whole length, whose server takes ranges: its length, the first and last byte of the range, and
 * the same ETag (or else the same Last-Modified) as with every other node that has a complete copy
 * of the version, for else the pieces of one answer would be of different files.
 */
public final class CopyCheck {
  private final Standing site;
  private final Map<String, Node> nodes;
  private final String host;
  private final Duration timeout;
  private final List<String> problems = new ArrayList<>();

  /**
   * @param site where the site stands
   * @param nodes all of the directory, by name
   * @param host for the Host field
   * @param timeout of each connection, and of each wait for an answer
   */
  public CopyCheck(Standing site, Map<String, Node> nodes, String host, Duration timeout) {
    this.site = site;
    this.nodes = nodes;
    this.host = host;
    this.timeout = timeout;
  }

  /**
   * Looks at all copies of a node.
   *
   * @param also paths of files that must be the same there as with the other nodes, to the first
   *     and last byte
   * @return what is wrong, one line each
   */
  public List<String> of(String node, List<String> also) {
    for (PartCopy copy : site.on(node)) {
      if (copy.range() == null) {
        guarded(node, copy.path(), () -> answers(node, copy.path()));
      }
    }
    TreeSet<String> split = new TreeSet<>();
    site.on(node).stream().filter(copy -> copy.range() != null).forEach(c -> split.add(c.path()));
    split.forEach(path -> guarded(node, path, () -> isTheFile(node, path)));
    also.forEach(path -> guarded(node, path, () -> isTheSame(node, path)));
    return List.copyOf(problems);
  }

  private interface Look {
    void at() throws IOException;
  }

  private void guarded(String node, String path, Look look) {
    try {
      look.at();
    } catch (IOException e) {
      wrong(node, path, e.getMessage() == null ? e.toString() : e.getMessage());
    }
  }

  private void wrong(String node, String path, String what) {
    problems.add("%s: %s: %s".formatted(node, path, what));
  }

  private NodeHttp http(String node) {
    Node known = Objects.requireNonNull(nodes.get(node));
    return new NodeHttp(known, known.addresses().getFirst(), host, timeout);
  }

  /** A directory without an index is 403, and some servers know no HEAD. */
  private void answers(String node, String path) throws IOException {
    int status = http(node).head(path).status();
    if (status >= 400 && status != 401 && status != 403 && status != 405) {
      wrong(node, path, "expected an answer, found status " + status);
    }
  }

  private void isTheFile(String node, String path) throws IOException {
    List<PartCopy> mine = site.on(node).stream().filter(c -> c.path().equals(path)).toList();
    long size = mine.getFirst().size();
    NodeHttp.Reply head = http(node).head(path);
    if (head.status() != 200) {
      wrong(node, path, "expected status 200, found " + head.status());
      return;
    }
    String length = head.field("content-length");
    if (!Long.toString(size).equals(length)) {
      wrong(node, path, "expected the whole length, " + size + " bytes, found " + length);
      return;
    }
    String validator = validator(head);
    if (validator == null) {
      wrong(node, path, "expected a strong ETag or a Last-Modified, found none");
      return;
    }
    for (PartCopy copy : mine) {
      ByteRange range = Objects.requireNonNull(copy.range());
      edge(node, copy, range.first(), validator);
      edge(node, copy, range.last(), validator);
    }
    for (String peer : peers(node, path)) {
      String other = validator(http(peer).head(path));
      if (!validator.equals(other)) {
        wrong(node, path, "expected %s as on %s, found %s".formatted(other, peer, validator));
      }
    }
  }

  /** One byte of the range: the server must take ranges, and another copy have the same. */
  private void edge(String node, PartCopy copy, long offset, String validator) throws IOException {
    NodeHttp.Reply reply = http(node).oneByte(copy.path(), offset);
    String expected = "bytes %d-%d/%d".formatted(offset, offset, copy.size());
    if (reply.status() != 206 || !expected.equals(reply.field("content-range"))) {
      wrong(
          node,
          copy.path(),
          "expected 206 with Content-Range %s, found %d with %s"
              .formatted(expected, reply.status(), reply.field("content-range")));
    } else if (!validator.equals(validator(reply))) {
      wrong(node, copy.path(), "its ETag or Last-Modified changes from answer to answer");
    } else {
      for (PartCopy other : site.copies()) {
        if (other.part() == copy.part() && isPeer(other, node)) {
          int theirs = http(other.node()).oneByte(copy.path(), offset).body();
          if (reply.body() != theirs) {
            wrong(node, copy.path(), "byte %d is not as on %s".formatted(offset, other.node()));
          }
        }
      }
    }
  }

  private void isTheSame(String node, String path) throws IOException {
    NodeHttp.Reply mine = http(node).head(path);
    if (mine.status() != 200) {
      wrong(node, path, "expected status 200, found " + mine.status());
      return;
    }
    String length = mine.field("content-length");
    for (PartCopy other : site.copies()) {
      if (isPeer(other, node) && holds(other, path) && other.range() == null) {
        NodeHttp.Reply theirs = http(other.node()).head(path);
        if (!Objects.equals(length, theirs.field("content-length"))
            || !Objects.equals(validator(mine), validator(theirs))) {
          wrong(
              node,
              path,
              "expected %s bytes, %s as on %s, found %s bytes, %s"
                  .formatted(
                      theirs.field("content-length"),
                      validator(theirs),
                      other.node(),
                      length,
                      validator(mine)));
        }
      }
    }
  }

  private static boolean holds(PartCopy copy, String path) {
    String prefix = copy.path();
    return path.startsWith(prefix)
        && (prefix.endsWith("/")
            || path.length() == prefix.length()
            || path.charAt(prefix.length()) == '/');
  }

  /** The other nodes with complete copies of the path at the version in question. */
  private List<String> peers(String node, String path) {
    return site.copies().stream()
        .filter(copy -> copy.path().equals(path) && isPeer(copy, node))
        .map(PartCopy::node)
        .distinct()
        .toList();
  }

  private boolean isPeer(PartCopy copy, String node) {
    return !copy.node().equals(node) && copy.nodeUp() && copy.serves(site.wanted());
  }

  /** What says that two answers are about the same bytes (RFC 9110, section 8.8). */
  private static @Nullable String validator(NodeHttp.Reply reply) {
    String tag = reply.field("etag");
    if (tag != null && !tag.startsWith("W/")) {
      return "ETag " + tag;
    }
    String modified = reply.field("last-modified");
    return modified == null ? null : "Last-Modified " + modified;
  }
}

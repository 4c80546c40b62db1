package dev.baton.directory;

import java.util.List;

/**
 * What a site and its aliases serve.
 *
 * @param id 1 or more, the same for the dataset's whole life; flow entries carry it, and 0 there
 *     means that it is not known
 * @param version the current one; copies of any other do not serve
 * @param balance how a request's node is chosen among the copies
 * @param keepAlive whether a connection stays open for another request
 * @param parts at least one; paths with ranges have no gap and no overlap from 0 to the file's end
 */
public record Dataset(
    int id, String version, Balance balance, KeepAlive keepAlive, List<Part> parts) {
  /** The version of what nobody has deployed yet. */
  public static final String FIRST_VERSION = "1";

  /** Takes a copy of the list. */
  public Dataset {
    parts = List.copyOf(parts);
  }

  /** Whether it is split, so that one connection's next request might belong elsewhere. */
  public boolean isSplit() {
    return parts.size() > 1
        || !parts.getFirst().path().equals(Part.ALL)
        || parts.getFirst().range() != null;
  }

  /** How a request's node is chosen among the complete copies of nodes that are up. */
  public enum Balance {
    /** The node with the fewest living flows for its weight. */
    LEAST_FLOWS("least-flows"),
    /** The same client gets the same node, as long as that has not far more than its share. */
    HASH_CLIENT("hash-client"),
    /** The same path gets the same node, as long as that has not far more than its share. */
    HASH_PATH("hash-path");

    private final String text;

    Balance(String text) {
      this.text = text;
    }

    /** As files and the database have it. */
    public String text() {
      return text;
    }

    /**
     * Reads {@link #text()}.
     *
     * @throws IllegalArgumentException for anything else
     */
    public static Balance of(String text) {
      for (Balance each : values()) {
        if (each.text.equals(text)) {
          return each;
        }
      }
      throw new IllegalArgumentException(text);
    }
  }

  /** What becomes of a connection after the answer to its first request. */
  public enum KeepAlive {
    /** It stays open: later requests reach the same server. */
    REUSE("reuse"),
    /** The server is told to close it. */
    CLOSE("close");

    private final String text;

    KeepAlive(String text) {
      this.text = text;
    }

    /** As files and the database have it. */
    public String text() {
      return text;
    }

    /**
     * Reads {@link #text()}.
     *
     * @throws IllegalArgumentException for anything else
     */
    public static KeepAlive of(String text) {
      for (KeepAlive each : values()) {
        if (each.text.equals(text)) {
          return each;
        }
      }
      throw new IllegalArgumentException(text);
    }
  }
}

package dev.baton.directory;

import java.net.Inet4Address;

/**
 * A cluster node that hosts sites.
 *
 * @param name unique, one DNS label in lower case
 * @param address where its web server listens, in the cluster network
 * @param port of that server, 1 to 65535
 * @param state whether it gets new connections
 * @param weight its share among a site's nodes, 1 to 1000
 */
public record Node(String name, Inet4Address address, int port, State state, int weight) {
  /** Whether a node gets new connections; living ones stay in any state. */
  public enum State {
    /** It does. */
    UP("up"),
    /** It is being emptied. */
    DRAINING("draining"),
    /** It is not there. */
    DOWN("down");

    private final String text;

    State(String text) {
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
    public static State of(String text) {
      for (State state : values()) {
        if (state.text.equals(text)) {
          return state;
        }
      }
      throw new IllegalArgumentException(text);
    }
  }

  @Override
  public String toString() {
    return "%s:%d %s weight %d".formatted(address.getHostAddress(), port, state.text, weight);
  }
}

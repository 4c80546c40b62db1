package dev.baton.directory;

import dev.baton.address.Ip;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A cluster node that hosts sites.
 *
 * @param name unique, one DNS label in lower case
 * @param addresses where its web server listens, in the cluster network: one, or one of each
 *     family, IPv4 first
 * @param port of that server, 1 to 65535
 * @param tlsPort where it takes TLS connections, 1 to 65535
 * @param state whether it gets new connections
 * @param weight its share among a site's nodes, 1 to 1000
 * @param clientAddress how its server is told of the client's address
 * @param role whether it is in the cluster, and when it is used
 * @param limits how much it is given
 * @param check how it is found out whether it is well
 */
public record Node(
    String name,
    List<Ip> addresses,
    int port,
    int tlsPort,
    State state,
    int weight,
    ClientAddress clientAddress,
    Role role,
    NodeLimits limits,
    HealthCheck check) {
  /** Where TLS is taken if nothing else is said. */
  public static final int TLS_PORT = 443;

  /** Takes copies. */
  public Node {
    addresses = List.copyOf(addresses);
  }

  /** One that takes TLS at {@link #TLS_PORT} and is told of the client's address by the option. */
  public Node(String name, List<Ip> addresses, int port, State state, int weight) {
    this(
        name,
        addresses,
        port,
        TLS_PORT,
        state,
        weight,
        ClientAddress.OPTION,
        Role.LOCAL,
        NodeLimits.NONE,
        HealthCheck.DEFAULT);
  }

  /** Its address of IPv4, or of IPv6; null: it has none. */
  public @Nullable Ip address(boolean v4) {
    for (int i = 0; i < addresses.size(); i++) {
      if (addresses.get(i).isV4() == v4) {
        return addresses.get(i);
      }
    }
    return null;
  }

  /** Where a node is, and when it is used. */
  public enum Role {
    /** In the cluster: connections are handed over to it, never redirected. */
    LOCAL("local"),
    /** The same, as long as no other local node is left. */
    BACKUP("backup"),
    /** Outside: clients are redirected to it when no local node is left. */
    PUBLIC("public");

    private final String text;

    Role(String text) {
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
    public static Role of(String text) {
      for (Role role : values()) {
        if (role.text.equals(text)) {
          return role;
        }
      }
      throw new IllegalArgumentException(text);
    }
  }

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
    String at = String.join(" ", addresses.stream().map(ip -> ip.withPort(port)).toList());
    String tls = tlsPort == TLS_PORT ? "" : " tls " + tlsPort;
    String told = clientAddress == ClientAddress.OPTION ? "" : " " + clientAddress.text();
    return "%s%s %s weight %d%s%s%s%s"
        .formatted(
            at,
            tls,
            state.text,
            weight,
            told,
            role == Role.LOCAL ? "" : " " + role.text,
            limits.equals(NodeLimits.NONE) ? "" : " " + limits.text(),
            check.equals(HealthCheck.DEFAULT) ? "" : " " + check.text());
  }

  /** The same in another state. */
  Node in(State other) {
    return new Node(
        name, addresses, port, tlsPort, other, weight, clientAddress, role, limits, check);
  }
}

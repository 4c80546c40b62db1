package dev.baton.directory;

import dev.baton.config.Scalars;
import java.time.Duration;

/**
 * How it is found out whether a node is well.
 *
 * @param kind what is tried
 * @param path asked for by {@link Kind#HTTP}
 * @param host the Host field of HTTP, the server name of TLS; empty: the node's address, no name
 * @param statusFirst the lowest status that is good, 100 to 599
 * @param statusLast the highest, at least {@code statusFirst}
 * @param interval between two checks
 * @param timeout of one check
 * @param rise good ones in a row that bring a node up
 * @param fall bad ones in a row, failed handoffs among them, that take it down
 */
public record HealthCheck(
    Kind kind,
    String path,
    String host,
    int statusFirst,
    int statusLast,
    Duration interval,
    Duration timeout,
    int rise,
    int fall) {
  /** Unless something else is said: none but failed handoffs. */
  public static final HealthCheck DEFAULT =
      new HealthCheck(
          Kind.NONE, "/", "", 200, 399, Duration.ofSeconds(2), Duration.ofSeconds(1), 2, 3);

  /** In one line, in the words of cluster.yaml. */
  String text() {
    return "check %s%s%s interval %s timeout %s rise %d fall %d"
        .formatted(
            kind.text,
            kind == Kind.HTTP ? " " + path + " " + statusFirst + "-" + statusLast : "",
            host.isEmpty() ? "" : " host " + host,
            Scalars.text(interval),
            Scalars.text(timeout),
            rise,
            fall);
  }

  /** What is tried. */
  public enum Kind {
    /**
     * Nothing: only failed handoffs count, and a node that is down is tried again after a while.
     */
    NONE("none"),
    /** A TCP connection. */
    TCP("tcp"),
    /** A GET in clear text. */
    HTTP("http"),
    /** A TLS handshake; whom the certificate names is not looked at. */
    TLS("tls");

    private final String text;

    Kind(String text) {
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
    public static Kind of(String text) {
      for (Kind kind : values()) {
        if (kind.text.equals(text)) {
          return kind;
        }
      }
      throw new IllegalArgumentException(text);
    }
  }
}

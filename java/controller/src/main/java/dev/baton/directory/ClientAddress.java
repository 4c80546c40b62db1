package dev.baton.directory;

import java.util.Arrays;
import java.util.stream.Collectors;

/** How a node is told of the client's address. */
public enum ClientAddress {
  /** By the REDIRECT option of the SYN (docs/wire.md), which other servers ignore. */
  OPTION("option"),
  /** By a line of text before the stream: PROXY protocol, version 1. The server must expect it. */
  PROXY_V1("proxy-v1"),
  /** By a binary header before the stream: PROXY protocol, version 2. The server must expect it. */
  PROXY_V2("proxy-v2"),
  /** Not at all. */
  NONE("none");

  private final String text;

  ClientAddress(String text) {
    this.text = text;
  }

  /** As files and the database have it. */
  public String text() {
    return text;
  }

  /** All of them, as an error message lists them. */
  static String expected() {
    return Arrays.stream(values()).map(ClientAddress::text).collect(Collectors.joining(", "));
  }

  /**
   * Reads {@link #text()}.
   *
   * @throws IllegalArgumentException for anything else
   */
  public static ClientAddress of(String text) {
    for (ClientAddress each : values()) {
      if (each.text.equals(text)) {
        return each;
      }
    }
    throw new IllegalArgumentException(text);
  }
}

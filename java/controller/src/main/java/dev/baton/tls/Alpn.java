package dev.baton.tls;

import java.util.List;

/** Protocols that a client offers inside TLS (RFC 7301). */
public enum Alpn {
  /** HTTP/1.0. */
  HTTP_1_0(1, "http/1.0"),
  /** HTTP/1.1. */
  HTTP_1_1(2, "http/1.1"),
  /** HTTP/2. */
  HTTP_2(4, "h2"),
  /** A certificate authority that looks whether a name is served here (RFC 8737). */
  ACME(8, "acme-tls/1"),
  /** Any other, those that GREASE makes up (RFC 8701) included. */
  OTHER(16, "");

  /** The known ones, best first. */
  static final List<Alpn> BY_WORTH = List.of(HTTP_2, HTTP_1_1, HTTP_1_0, ACME);

  private static final Alpn[] ALL = values();

  private final int bit;
  private final String id;

  Alpn(int bit, String id) {
    this.bit = bit;
    this.id = id;
  }

  /** As it is registered; empty for OTHER. */
  public String id() {
    return id;
  }

  /** The protocol that these bytes name; every byte counts, case too. */
  static Alpn of(byte[] name, int length) {
    for (Alpn alpn : ALL) {
      if (alpn.spells(name, length)) {
        return alpn;
      }
    }
    return OTHER;
  }

  private boolean spells(byte[] name, int length) {
    if (length != id.length()) {
      return false;
    }
    for (int i = 0; i < length; i++) {
      if (name[i] != id.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  int bit() {
    return bit;
  }
}

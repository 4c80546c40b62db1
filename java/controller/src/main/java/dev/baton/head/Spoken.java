package dev.baton.head;

/** What a client speaks. */
public enum Spoken {
  /** HTTP/1.0 or 1.1 in clear text. */
  HTTP1,
  /** HTTP/2 in clear text, with prior knowledge (RFC 9113, section 3.3). */
  HTTP2,
  /** TLS, whatever is inside. */
  TLS
}

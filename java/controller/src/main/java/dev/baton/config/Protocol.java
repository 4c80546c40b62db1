package dev.baton.config;

/** What clients speak to a listener. */
public enum Protocol {
  /** HTTP/1.x in clear text, and HTTP/2 with prior knowledge. */
  HTTP,
  /** TLS, which passes through to the target. */
  TLS,
  /** Either, told apart by the first bytes. */
  AUTO
}

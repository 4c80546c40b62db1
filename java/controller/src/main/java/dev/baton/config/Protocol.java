package dev.baton.config;

/** What clients speak to a listener. */
public enum Protocol {
  /** HTTP/1.x in clear text. */
  HTTP
}

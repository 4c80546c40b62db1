package dev.baton.compare;

/** The ways from a client to a target that are compared. */
enum Kind {
  /** A cable between the two, nothing in the middle. */
  DIRECT("direct", "a cable between client and target"),
  /** The DMZ node is a router. */
  FORWARDING("forwarding", "plain IP forwarding by the DMZ node's kernel"),
  /** The DMZ node's kernel translates addresses. */
  IPVS("ipvs", "IPVS, NAT"),
  /** What this project is. */
  BATON("baton", "Baton"),
  /** Copies bytes from socket to socket in the kernel. */
  HAPROXY_TCP("haproxy-tcp", "HAProxy, mode tcp, splice"),
  /** Reads each request. */
  HAPROXY_HTTP("haproxy-http", "HAProxy, mode http, splice, servers' connections reused"),
  /** Copies bytes from socket to socket. */
  NGINX_STREAM("nginx-stream", "nginx stream, ssl_preread for TLS"),
  /** Reads each request. */
  NGINX_HTTP("nginx-http", "nginx proxy_pass, upstream kept alive");

  private final String label;
  private final String description;

  Kind(String label, String description) {
    this.label = label;
    this.description = description;
  }

  /** Its name in tables and on the command line. */
  String label() {
    return label;
  }

  /** What it is, for people. */
  String description() {
    return description;
  }

  /** Whether it is another program that a user could take instead of Baton. */
  boolean isPeer() {
    return this != DIRECT && this != FORWARDING && this != BATON;
  }

  /** Whether it can serve TLS without the site's key. */
  boolean hasTls() {
    return this != HAPROXY_HTTP && this != NGINX_HTTP;
  }

  @Override
  public String toString() {
    return label;
  }
}

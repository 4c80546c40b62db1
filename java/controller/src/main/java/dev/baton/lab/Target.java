package dev.baton.lab;

import java.nio.file.Path;

/**
 * A target node of a {@link Lab}.
 *
 * @param name its node name: {@code qure-2} for the first, then {@code qure-3} …
 * @param namespace where it runs; its interface is {@code t0}
 * @param address its IPv4 address, {@code 10.0.2.11} for the first
 * @param address6 its IPv6 address, {@code fd00:0:0:2::11} for the first
 * @param files the folder its web server serves, on a file system in memory
 */
public record Target(
    String name, Namespace namespace, String address, String address6, Path files) {
  /**
   * Where its web server serves a path on port 80.
   *
   * @param path with its leading slash
   */
  public String url(String path) {
    return url(Family.IPV4, path);
  }

  /**
   * Where its web server serves a path on port 80.
   *
   * @param family which of its addresses
   * @param path with its leading slash
   */
  public String url(Family family, String path) {
    return "http://" + family.inUrl(address(family)) + path;
  }

  /**
   * One of its addresses.
   *
   * @param family which
   */
  public String address(Family family) {
    return family == Family.IPV4 ? address : address6;
  }
}

package dev.baton.lab;

import java.nio.file.Path;

/**
 * A target node of a {@link Lab}.
 *
 * @param name its node name: {@code qure-2} for the first, then {@code qure-3} …
 * @param namespace where it runs
 * @param address its IPv4 address, {@code 10.0.2.11} for the first
 * @param files the folder its web server serves, on a file system in memory
 */
public record Target(String name, Namespace namespace, String address, Path files) {
  /**
   * Where its web server serves a path on port 80.
   *
   * @param path with its leading slash
   */
  public String url(String path) {
    return "http://" + address + path;
  }
}

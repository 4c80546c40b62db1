package dev.baton.config;

/**
 * TCP ports, both ends included; written {@code 10000-32767}.
 *
 * @param first 1 to 65535
 * @param last {@code first} to 65535
 */
public record PortRange(int first, int last) {
  /** How many ports there are. */
  public int size() {
    return last - first + 1;
  }

  @Override
  public String toString() {
    return first + "-" + last;
  }
}

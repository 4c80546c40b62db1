package dev.baton.head;

/**
 * Another place where the same thing is to be had.
 *
 * @param scheme {@code http} or {@code https}
 * @param suffix what follows the host that was asked for, such as {@code .qure-2.cloud}
 * @param port 1 to 65535
 */
public record Place(String scheme, String suffix, int port) {
  /** The same host by HTTPS. */
  public static Place https(int port) {
    return new Place("https", "", port);
  }

  /** Whether the scheme implies the port. */
  public boolean hasDefaultPort() {
    return port == (scheme.equals("https") ? 443 : 80);
  }
}

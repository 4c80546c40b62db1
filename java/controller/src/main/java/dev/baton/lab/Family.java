package dev.baton.lab;

import java.util.List;

/** An address family, with what a {@link Lab} has of it. */
public enum Family {
  /** Networks {@code 10.0.N.0/24}. */
  IPV4("10.0.%d.%d", 24),
  /** Networks {@code fd00:0:0:N::/64}; hosts have the same numbers as in IPv4, as text. */
  IPV6("fd00:0:0:%d::%d", 64);

  /** The families in which the controller takes connections and hands them off. */
  public static final List<Family> SERVED = List.of(IPV4, IPV6);

  private final String format;
  private final int prefix;

  Family(String format, int prefix) {
    this.format = format;
    this.prefix = prefix;
  }

  /**
   * A host's address in one of a lab's networks.
   *
   * @param network its number
   * @param host the host's number in it, 1 to 254
   */
  public String address(int network, int host) {
    return format.formatted(network, host);
  }

  /**
   * One of a lab's networks, as {@code ip route} wants it.
   *
   * @param network its number
   */
  public String network(int network) {
    String first = this == IPV4 ? address(network, 0) : "fd00:0:0:%d::".formatted(network);
    return first + "/" + prefix;
  }

  /** How many bits of an address name the network. */
  public int prefix() {
    return prefix;
  }

  /**
   * An address as it stands in a URL.
   *
   * @param address of this family
   */
  public String inUrl(String address) {
    return this == IPV4 ? address : "[" + address + "]";
  }

  /** The DMZ node's public address. */
  public String publicAddress() {
    return this == IPV4 ? Lab.PUBLIC : Lab.PUBLIC6;
  }

  /** The DMZ node's first address towards the targets. */
  public String clusterAddress() {
    return this == IPV4 ? Lab.CLUSTER : Lab.CLUSTER6;
  }
}

package dev.baton.dataplane;

import dev.baton.net.NetworkDevice;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * A network interface of this network namespace.
 *
 * @param name as {@code ip link} shows it
 * @param index its interface index; 0: it is gone
 * @param mtu bytes of an IP packet that it carries
 * @param mac its Ethernet address, first octet lowest; 0: it has none
 */
public record Link(String name, int index, int mtu, long mac) {
  /**
   * Looks an interface up.
   *
   * @throws IllegalStateException when it is not there
   */
  public static Link find(String name) {
    return tryFind(name)
        .orElseThrow(() -> new IllegalStateException("there is no interface " + name));
  }

  /** Looks an interface up; empty: it is not there. */
  public static Optional<Link> tryFind(String name) {
    OptionalInt index = NetworkDevice.index(name);
    OptionalInt mtu = NetworkDevice.mtu(name);
    OptionalLong mac = NetworkDevice.mac(name);
    return index.isEmpty() || mtu.isEmpty()
        ? Optional.empty()
        : Optional.of(new Link(name, index.getAsInt(), mtu.getAsInt(), mac.orElse(0)));
  }

  /** The same after it is gone; its MTU stays, for what is still to be told of it. */
  Link gone() {
    return new Link(name, 0, mtu, 0);
  }

  /** Whether it is there. */
  public boolean isThere() {
    return index != 0;
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("%s index %d mtu %d mac".formatted(name, index, mtu));
    for (int shift = 0; shift < 48; shift += 8) {
      text.append(shift == 0 ? ' ' : ':').append("%02x".formatted(mac >>> shift & 0xff));
    }
    return text.toString();
  }
}

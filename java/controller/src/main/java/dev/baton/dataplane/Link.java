package dev.baton.dataplane;

import dev.baton.net.NetworkDevice;
import java.util.OptionalInt;

/**
 * A network interface of this network namespace.
 *
 * @param name as {@code ip link} shows it
 * @param index its interface index
 * @param mtu bytes of an IP packet that it carries
 */
public record Link(String name, int index, int mtu) {
  /**
   * Looks an interface up.
   *
   * @throws IllegalStateException when it is not there
   */
  public static Link find(String name) {
    OptionalInt index = NetworkDevice.index(name);
    OptionalInt mtu = NetworkDevice.mtu(name);
    if (index.isEmpty() || mtu.isEmpty()) {
      throw new IllegalStateException("there is no interface " + name);
    }
    return new Link(name, index.getAsInt(), mtu.getAsInt());
  }
}

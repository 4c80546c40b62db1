package dev.baton.dataplane;

import java.net.NetworkInterface;
import java.net.SocketException;

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
    try {
      NetworkInterface found = NetworkInterface.getByName(name);
      if (found == null) {
        throw new IllegalStateException("there is no interface " + name);
      }
      return new Link(name, found.getIndex(), found.getMTU());
    } catch (SocketException e) {
      throw new IllegalStateException("cannot look at interface " + name, e);
    }
  }
}

package dev.baton.dataplane;

import dev.baton.net.Addresses;
import java.net.Inet4Address;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.Arrays;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The DMZ node's own IPv4 addresses, looked at now and then. A connection from one of them goes by
 * the loopback interface and never passes our programs, although the socket names the interface
 * that the address is on (net/ipv4/route.c, ip_route_output_key_hash_rcu).
 */
public final class LocalAddresses {
  private static final Logger LOG = LoggerFactory.getLogger(LocalAddresses.class);
  private static final int LOOPBACK_NETWORK = 127;

  private volatile int[] sorted = {};

  /** As they are now. */
  public LocalAddresses() {
    refresh();
  }

  /** Looks again; what cannot be read leaves them as they were. */
  public void refresh() {
    try {
      sorted =
          NetworkInterface.networkInterfaces()
              .flatMap(NetworkInterface::inetAddresses)
              .filter(Inet4Address.class::isInstance)
              .mapToInt(address -> Addresses.toInt((Inet4Address) address))
              .sorted()
              .toArray();
    } catch (SocketException e) {
      LOG.warn("event=addresses-unread error=\"{}\"", e.getMessage());
    }
  }

  /** Whether the address (first octet highest) is one of this host's. */
  public boolean contains(int address) {
    return address >>> 24 == LOOPBACK_NETWORK || Arrays.binarySearch(sorted, address) >= 0;
  }
}

package dev.baton.dataplane;

import dev.baton.address.Ip;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The DMZ node's own addresses, looked at now and then. A connection from one of them goes by the
 * loopback interface and never passes our programs, although the socket names the interface that
 * the address is on (net/ipv4/route.c, ip_route_output_key_hash_rcu).
 */
public final class LocalAddresses {
  private static final Logger LOG = LoggerFactory.getLogger(LocalAddresses.class);

  private volatile Set<Ip> all = Set.of();

  /** As they are now. */
  public LocalAddresses() {
    refresh();
  }

  /** Looks again; what cannot be read leaves them as they were. */
  public void refresh() {
    try {
      all =
          NetworkInterface.networkInterfaces()
              .flatMap(NetworkInterface::inetAddresses)
              .map(Ip::of)
              .collect(Collectors.toUnmodifiableSet());
    } catch (SocketException e) {
      LOG.warn("event=addresses-unread error=\"{}\"", e.getMessage());
    }
  }

  /** Whether the address is one of this host's. */
  public boolean contains(Ip address) {
    return address.isLoopback() || all.contains(address);
  }
}

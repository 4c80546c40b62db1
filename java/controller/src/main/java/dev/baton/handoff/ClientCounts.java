package dev.baton.handoff;

import dev.baton.address.Ip;
import java.util.concurrent.ConcurrentHashMap;

/**
 * How many connections each client has in set-up, in all event loops: an IPv6 client is its /64,
 * for that is what one household gets. Holds as many elements as there are such clients.
 */
final class ClientCounts {
  private static final int HOUSEHOLD_BITS = 64;

  private final ConcurrentHashMap<Ip, Integer> open = new ConcurrentHashMap<>();

  private static Ip client(Ip address) {
    Ip client = new Ip().set(address);
    return client.isV4() ? client : client.keep(HOUSEHOLD_BITS);
  }

  /** One more; how many that makes. */
  int enter(Ip address) {
    return open.merge(client(address), 1, Integer::sum);
  }

  /** One less. */
  void leave(Ip address) {
    open.computeIfPresent(client(address), (client, count) -> count == 1 ? null : count - 1);
  }
}

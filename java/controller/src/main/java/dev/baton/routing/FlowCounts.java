package dev.baton.routing;

import dev.baton.address.Ip;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * How many flows live or are being set up towards each server, in all event loops: whoever takes or
 * gives back a port counts it. Holds as many elements as there have been servers.
 */
public final class FlowCounts {
  private record Server(Ip address, int port) {}

  private final ConcurrentHashMap<Server, AtomicInteger> counts = new ConcurrentHashMap<>();

  /** Nothing counted yet. */
  public FlowCounts() {}

  /** The count of one server, for ever the same object. */
  public AtomicInteger of(Ip address, int port) {
    return counts.computeIfAbsent(
        new Server(new Ip().set(address), port), server -> new AtomicInteger());
  }
}

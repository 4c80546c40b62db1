package dev.baton.handoff;

import dev.baton.address.Ip;
import dev.baton.bindings.flow.Baton;
import dev.baton.config.BatonConfig;
import dev.baton.config.PortRange;
import dev.baton.dataplane.FlowTable;
import dev.baton.dataplane.FlowTuple;
import dev.baton.routing.FlowCounts;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One event loop's source ports: a pool for each pair of own address and target. Each loop has
 * every n-th port of the range, so that loops share nothing.
 */
final class Ports {
  /** An own address and a target. */
  private static final class Pair {
    final Ip own = new Ip();
    final Ip target = new Ip();
    int targetPort;

    Pair set(Ip from, Ip to, int port) {
      own.set(from);
      target.set(to);
      targetPort = port;
      return this;
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Pair pair
          && pair.targetPort == targetPort
          && pair.target.equals(target)
          && pair.own.equals(own);
    }

    @Override
    public int hashCode() {
      return (own.hashCode() * 31 + target.hashCode()) * 31 + targetPort;
    }
  }

  /** A target that has not been used for so long may be none any more: its pool goes. */
  private static final long KEPT = 60_000_000_000L;

  /** Ports that are looked at in one go: 0.5 µs each. */
  private static final int RECONCILED = 64;

  private final Map<Pair, PortPool> pools = new HashMap<>();
  private final Pair probe = new Pair();
  private final FlowTuple scratch = new FlowTuple();
  private final FlowTable flows;
  private final PortRange range;
  private final int loop;
  private final int loops;
  private final FlowCounts counts;
  private final long linger;
  private final long lingerReset;

  Ports(FlowTable flows, FlowCounts counts, BatonConfig config, int loop, int loops) {
    this.flows = flows;
    this.counts = counts;
    this.range = config.sourcePorts();
    this.loop = loop;
    this.loops = loops;
    linger = config.timeouts().linger().toNanos();
    lingerReset = config.timeouts().lingerReset().toNanos();
  }

  /** Ports between an own address and a target. */
  PortPool pool(Ip own, Ip target, int targetPort) {
    PortPool pool = pools.get(probe.set(own, target, targetPort));
    if (pool == null) {
      pool = new PortPool(range.first() + loop, range.last(), loops, counts.of(target, targetPort));
      pools.put(new Pair().set(own, target, targetPort), pool);
    }
    return pool;
  }

  /**
   * Takes a port: a free one, or else the one whose flow has been over for longest; its entries go.
   *
   * @return −1: each is held by a living flow
   */
  int take(PortPool pool, FlowTuple t) {
    int port = pool.take();
    while (port < 0) {
      port = pool.oldestLingering();
      if (port < 0) {
        return -1;
      }
      pool.retake(port);
      if (!endLingering(t.own, t.target, t.targetPort, port)) {
        port = -1; // revived: it stays taken, try the next
      }
    }
    return port;
  }

  /** Makes room in the flow map: the pair that has lingered longest goes; false: none lingers. */
  boolean evictOldest() {
    while (true) {
      Map.Entry<Pair, PortPool> oldest = null;
      for (Map.Entry<Pair, PortPool> entry : pools.entrySet()) {
        PortPool pool = entry.getValue();
        if (pool.lingering() > 0
            && (oldest == null
                || pool.oldestLingeringSince() - oldest.getValue().oldestLingeringSince() < 0)) {
          oldest = entry;
        }
      }
      if (oldest == null) {
        return false;
      }
      Pair pair = oldest.getKey();
      int port = oldest.getValue().oldestLingering();
      oldest.getValue().retake(port);
      if (endLingering(pair.own, pair.target, pair.targetPort, port)) {
        oldest.getValue().release(port);
        return true;
      }
    }
  }

  /** Lets go of all ports whose lingering is over, and of pools that nobody uses. */
  void expire(long now) {
    for (Iterator<Map.Entry<Pair, PortPool>> each = pools.entrySet().iterator(); each.hasNext(); ) {
      Map.Entry<Pair, PortPool> entry = each.next();
      PortPool pool = entry.getValue();
      Pair pair = entry.getKey();
      for (int port = pool.expired(now); port >= 0; port = pool.expired(now)) {
        pool.retake(port);
        if (endLingering(pair.own, pair.target, pair.targetPort, port)) {
          pool.release(port);
        }
      }
      if (pool.isUnused(now, KEPT)) {
        each.remove();
      }
    }
  }

  /**
   * Looks at some of the taken ports: one whose entry somebody else took away is free. Not to be
   * called while flows of an earlier schema hold ports, whose entries are elsewhere.
   */
  void reconcile() {
    for (Map.Entry<Pair, PortPool> entry : pools.entrySet()) {
      PortPool pool = entry.getValue();
      Pair pair = entry.getKey();
      int port = pool.nextTaken(RECONCILED);
      for (int left = RECONCILED; port >= 0 && left > 0; left--) {
        if (!flows.readToClient(fill(pair.own, pair.target, pair.targetPort, port))) {
          pool.release(port);
        }
        port = pool.nextTaken(RECONCILED);
      }
    }
  }

  /** Removes a lingering pair's entries; false: a segment has revived it, it is no longer over. */
  private boolean endLingering(Ip own, Ip target, int targetPort, int port) {
    FlowTuple t = fill(own, target, targetPort, port);
    if (flows.readToClient(t) && !isOver()) {
      return false;
    }
    flows.removeStale(t);
    return true;
  }

  /** Of the entry read last: a pending one of the port's next flow is not. */
  private boolean isOver() {
    return flows.translates() && (flows.state() & Baton.BATON_STATE_CLOSED()) != 0;
  }

  /** The pair at these addresses is over, as eBPF has just seen. */
  void closed(FlowTuple t, boolean reset, long now) {
    PortPool pool = owner(t);
    if (pool != null) {
      pool.linger(t.ownPort, reset, now, reset ? lingerReset : linger);
    }
  }

  /** The pair was found to be over. That is news only if the event of it was lost. */
  void foundClosed(FlowTuple t, boolean reset, long now) {
    PortPool pool = owner(t);
    if (pool != null && pool.isTaken(t.ownPort) && flows.readToClient(t) && isOver()) {
      closed(t, reset, now);
    }
  }

  /**
   * A flow that an earlier controller made lives on under this port, or lingers for the rest of its
   * time. To be called in the order of last use, as the pools keep those that linger.
   *
   * @param lastUse CLOCK_MONOTONIC, nanoseconds
   */
  void adopt(FlowTuple t, boolean closed, boolean reset, long lastUse) {
    PortPool pool = owner(t);
    if (pool != null) {
      pool.retake(t.ownPort);
      if (closed) {
        closed(t, reset, lastUse);
      }
    }
  }

  /** Gives a port back whose entries are gone. */
  void release(FlowTuple t) {
    PortPool pool = owner(t);
    if (pool != null) {
      pool.release(t.ownPort);
    }
  }

  /** Whether this loop gives out the port. */
  boolean owns(FlowTuple t) {
    return owner(t) != null;
  }

  private @Nullable PortPool owner(FlowTuple t) {
    PortPool pool = pool(t.own, t.target, t.targetPort);
    return pool.owns(t.ownPort) ? pool : null;
  }

  private FlowTuple fill(Ip own, Ip target, int targetPort, int port) {
    scratch.own.set(own);
    scratch.target.set(target);
    scratch.targetPort = targetPort;
    scratch.ownPort = port;
    return scratch;
  }

  /** Pairs of own address and target that have a pool. */
  int pairs() {
    return pools.size();
  }

  /** Ports of flows that are being set up or live. */
  long taken() {
    return pools.values().stream().mapToLong(PortPool::taken).sum();
  }

  /** Ports of flows that are over and linger. */
  long lingering() {
    return pools.values().stream().mapToLong(PortPool::lingering).sum();
  }
}

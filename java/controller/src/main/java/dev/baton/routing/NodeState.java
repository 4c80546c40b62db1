package dev.baton.routing;

import dev.baton.address.Ip;
import dev.baton.directory.Node;
import dev.baton.reason.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How one node is at the moment: its flows, whether it is well and since when. Lives as long as the
 * controller, whatever becomes of the directory; event loops read it without a lock.
 */
public final class NodeState {
  private static final AtomicInteger[] NONE = {};

  private final String name;

  /** A number of the node's own, for hashing. */
  final long seed;

  /** When it was last chosen, CLOCK_MONOTONIC nanoseconds or a little later. */
  volatile long lastTurn;

  private final ConcurrentSkipListSet<Long> waiting = new ConcurrentSkipListSet<>();
  private final AtomicLong tickets = new AtomicLong();
  private final AtomicInteger failures = new AtomicInteger();
  private volatile AtomicInteger[] counts = NONE;
  private volatile boolean well = true;
  private volatile long wellSince;
  private volatile boolean ever;
  private volatile Reason failure = Reason.NONE;

  NodeState(String name) {
    this.name = name;
    long hash = 0xcbf2_9ce4_8422_2325L; // FNV-1a
    for (int i = 0; i < name.length(); i++) {
      hash = (hash ^ name.charAt(i)) * 0x100_0000_01b3L;
    }
    seed = hash;
  }

  /** The node's. */
  public String name() {
    return name;
  }

  /** Its servers may have changed. */
  void describe(Node node, FlowCounts flows) {
    List<AtomicInteger> now = new ArrayList<>();
    for (Ip address : node.addresses()) {
      now.add(flows.of(address, node.port()));
      if (node.tlsPort() != node.port()) {
        now.add(flows.of(address, node.tlsPort()));
      }
    }
    counts = now.toArray(AtomicInteger[]::new);
  }

  /** Flows that live or are being set up. */
  public int flows() {
    int sum = 0;
    for (AtomicInteger count : counts) {
      sum += count.get();
    }
    return sum;
  }

  /** Connections that wait for one of them to end. */
  public int waiting() {
    return waiting.isEmpty() ? 0 : waiting.size();
  }

  /**
   * A connection begins to wait, behind all that do, whichever loop theirs is.
   *
   * @return its ticket
   */
  public long enter() {
    long ticket = tickets.incrementAndGet();
    waiting.add(ticket);
    return ticket;
  }

  /** Whether nobody has waited for longer. */
  public boolean isFirst(long ticket) {
    Long first = waiting.isEmpty() ? null : waiting.ceiling(0L);
    return first == null || first >= ticket;
  }

  /** A connection waits no longer. */
  public void leave(long ticket) {
    waiting.remove(ticket);
  }

  /** Whether it may be used, as far as checks and handoffs know. */
  public boolean isWell() {
    return well;
  }

  /**
   * What checks have found.
   *
   * @param now CLOCK_MONOTONIC nanoseconds, when it began to be so; meaningless while nothing else
   *     was known before
   * @param anew whether it is a change, so that a slow start begins
   */
  public void set(boolean isWell, long now, boolean anew) {
    failures.set(0);
    wellSince = now;
    ever = anew;
    well = isWell;
  }

  /** A handoff to it went live. */
  public void succeeded() {
    if (failures.get() != 0) {
      failures.set(0);
    }
  }

  /** A handoff failed for its sake. */
  public void failed(Reason reason) {
    failure = reason;
    failures.incrementAndGet();
  }

  /** Why the last one that failed did. */
  public Reason failure() {
    return failure;
  }

  /** Handoffs that have failed since the last that went live. */
  public int failures() {
    return failures.get();
  }

  /**
   * The share of its weight that it is given, above 0 to 1: less while it starts.
   *
   * @param slowStart nanoseconds until it has all
   */
  double share(long slowStart, long now) {
    long age = now - wellSince;
    if (!ever || slowStart == 0 || age >= slowStart) {
      return 1;
    }
    return Math.max(0.1, (double) age / slowStart);
  }
}

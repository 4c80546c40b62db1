package dev.baton.handoff;

import dev.baton.routing.NodeState;
import java.util.ArrayDeque;
import java.util.function.Predicate;

/**
 * One event loop's connections whose nodes have as many flows as they may, in the order in which
 * they came.
 */
final class WaitingRoom {
  private static final long CALL_NANOS = 4_000_000L;

  private final LoopTools tools;
  private final Connections connections;
  private final ArrayDeque<Connection> queue = new ArrayDeque<>();
  private long called;

  WaitingRoom(LoopTools tools, Connections connections) {
    this.tools = tools;
    this.connections = connections;
    connections.onClose(this::leave);
  }

  /** It waits at a node, for so long at most. */
  void enter(Connection c, NodeState at, long nanos, long now) {
    c.stage = Connection.Stage.WAIT;
    c.queue = at;
    c.ticket = at.enter();
    queue.addLast(c);
    connections.watch(c);
    tools.timers.set(c, now + nanos);
  }

  /** It waits no longer, whatever becomes of it. */
  void leave(Connection c) {
    if (c.queue != null) {
      c.queue.leave(c.ticket);
      c.queue = null;
      queue.remove(c);
    }
  }

  /**
   * Asks whoever has waited longest at a node, over all loops, whether it can go on, not too often.
   *
   * @param goesOn tells; whoever does has left
   */
  void call(Predicate<Connection> goesOn) {
    if (queue.isEmpty()) {
      return;
    }
    long now = tools.calls.monotonic();
    if (now - called < CALL_NANOS) {
      return;
    }
    called = now;
    for (Connection c : queue.toArray(Connection[]::new)) {
      if (c.queue != null && c.queue.isFirst(c.ticket)) {
        boolean _ = goesOn.test(c);
      }
    }
  }

  /** Nobody waits. */
  boolean isEmpty() {
    return queue.isEmpty();
  }
}

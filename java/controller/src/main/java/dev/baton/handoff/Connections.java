package dev.baton.handoff;

import dev.baton.bindings.libc.LibC;
import dev.baton.dataplane.FlowTuple;
import dev.baton.http.HostCache;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One event loop's connections, by index: at most so many, their objects used again and again. */
final class Connections {
  private static final int ROOM_SHARE = 64;

  private final LoopTools tools;
  private final int max;
  private final Connection.Deadlines deadlines;
  private final HostCache hosts = new HostCache();
  private final List<Connection> all = new ArrayList<>();
  private final ArrayDeque<Connection> free = new ArrayDeque<>();
  private Consumer<Connection> onClose = c -> {};

  Connections(LoopTools tools, int max, Connection.Deadlines deadlines) {
    this.tools = tools;
    this.max = max;
    this.deadlines = deadlines;
  }

  /** Told of each connection before it is closed. */
  void onClose(Consumer<Connection> told) {
    onClose = told;
  }

  /** One that is not in use; null: there are as many as there may be. */
  @Nullable Connection take() {
    Connection c = free.pollLast();
    if (c == null && all.size() < max) {
      c = new Connection(deadlines, all.size(), tools.config.limits().headLimit(), hosts);
      all.add(c);
    }
    return c;
  }

  /** Whether there are as many as there may be. */
  boolean isFull() {
    return inUse() >= max;
  }

  /** Whether so many have gone that it is worth while to accept others. */
  boolean hasRoom() {
    return inUse() <= max - Math.max(1, max / ROOM_SHARE);
  }

  /** The one that a slot names; null: it is over, and its object perhaps another's. */
  @Nullable Connection find(int slot) {
    int at = Connection.index(slot);
    Connection c = at < all.size() ? all.get(at) : null;
    return c != null && c.slot() == slot ? c : null;
  }

  /** Tells of what comes next on a connection's socket; once is enough. */
  void watch(Connection c) {
    if (!c.watched) {
      c.watched = true;
      tools.poll.add(
          c.fd,
          LibC.EPOLLIN() | LibC.EPOLLRDHUP() | LibC.EPOLLET(),
          Integer.toUnsignedLong(c.slot()));
    }
  }

  /** Tells as well of when there is room for more to send. */
  void watchBothWays(Connection c) {
    watch(c);
    tools.poll.change(
        c.fd,
        LibC.EPOLLIN() | LibC.EPOLLOUT() | LibC.EPOLLRDHUP() | LibC.EPOLLET(),
        Integer.toUnsignedLong(c.slot()));
  }

  /** Closes the socket, as its mode wants it, and frees the connection for another. */
  void close(Connection c) {
    onClose.accept(c);
    tools.timers.cancel(c);
    tools.calls.close(c.fd);
    if (c.counted) {
      tools.clients.leave(c.source);
    }
    if (c.buffer != null) {
      tools.buffers.giveBack(c.buffer);
    }
    c.reset();
    free.addLast(c);
  }

  /** How many are between accept and release. */
  int inUse() {
    return all.size() - free.size();
  }

  /** Whether one of them is being handed over, or answered. */
  boolean unfinished() {
    return all.stream().anyMatch(c -> isUnfinished(c.stage));
  }

  private static boolean isUnfinished(Connection.Stage stage) {
    return switch (stage) {
      case WAIT, SETUP, REPLAY, ANSWER, PIECES -> true;
      case FREE, HEAD -> false;
    };
  }

  /** Whether the connection's target leg is this one. */
  static boolean isAbout(Connection c, FlowTuple t) {
    return c.tuple.ownPort == t.ownPort
        && c.tuple.targetPort == t.targetPort
        && c.tuple.own.equals(t.own)
        && c.tuple.target.equals(t.target);
  }

  /** All objects, in use or not; what is done to one may close it. */
  List<Connection> all() {
    return all;
  }
}

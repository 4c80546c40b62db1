package dev.baton.handoff;

import dev.baton.reason.Reason;

/**
 * Who may go on once the client's address is known: at once after the accept, or when a front proxy
 * has told it.
 */
final class Admission {
  /** How long at most one too many may take to show what it speaks. */
  private static final long SURPLUS_NANOS = 1_000_000_000L;

  private final LoopTools tools;
  private final Connections connections;
  private final Answer answer;

  Admission(LoopTools tools, Connections connections, Answer answer) {
    this.tools = tools;
    this.connections = connections;
    this.answer = answer;
  }

  /**
   * Counts the connection as its client's; false: it has been closed or is being answered. One that
   * is {@link Connection#surplus} goes on for a moment.
   *
   * <p>A client that goes on connecting in spite of its 503s does not get more of those than
   * connections, or pages would be what fills us up.
   */
  boolean admit(Connection c, long now) {
    if (tools.path.lists().denies(c.source)) {
      // It has come in fragments, or had its handshake behind it when the list changed.
      tools.counters.refused(Reason.DENIED_SOURCE);
      connections.close(c);
      return false;
    }
    int open = tools.clients.enter(c.source);
    c.counted = true;
    int limit = tools.config.limits().maxPerClient();
    if (open <= limit) {
      return true;
    }
    tools.counters.refused(Reason.TOO_MANY_FROM_CLIENT);
    if (open > 2 * limit) {
      connections.close(c);
      return false;
    }
    c.surplus = true;
    if (turnedAway(c, now)) {
      return false;
    }
    // Not the head's time, whatever comes.
    c.begun = true;
    long first = tools.config.timeouts().firstByte().toNanos();
    tools.timers.set(c, now + Math.min(first, SURPLUS_NANOS));
    return true;
  }

  /**
   * Tells one too many so once it has shown what it speaks: else the page could be garbage to it.
   */
  boolean turnedAway(Connection c, long now) {
    if (!c.surplus || !c.parser.canAnswer()) {
      return false;
    }
    tell(c, now);
    return true;
  }

  /** One too many has not shown in time what it speaks. */
  void deadline(Connection c, long now) {
    if (c.parser.mayBeTls(c.read - c.stripped)) {
      connections.close(c);
    } else {
      tell(c, now);
    }
  }

  private void tell(Connection c, long now) {
    answer.page(c, 503, Reason.TOO_MANY_FROM_CLIENT, "too many connections are being set up", now);
  }
}

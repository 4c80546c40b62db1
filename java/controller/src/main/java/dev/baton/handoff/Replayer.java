package dev.baton.handoff;

import dev.baton.bindings.libc.LibC;
import dev.baton.dataplane.FlowTable;
import dev.baton.dataplane.FlowTuple;
import dev.baton.dataplane.TargetEvent;
import dev.baton.net.ClientLeg;
import dev.baton.net.Segment;
import dev.baton.reason.Reason;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Steps 8 to 10: sends the backlog to the target as raw segments, drains what the old socket still
 * got, and lets go of the connection without a sound. The answer flows to the client all the while.
 */
final class Replayer {
  private static final int MAX_WINDOW = 65_535;
  private static final int PEEKS = 4;

  private final LoopTools tools;
  private final Connections connections;
  private final Ports ports;

  Replayer(LoopTools tools, Connections connections, Ports ports) {
    this.tools = tools;
    this.connections = connections;
    this.ports = ports;
  }

  /**
   * The ACK that completes the target's handshake, without data: an answer cannot come before the
   * client's direction is live, so no segment of the client's is lost on the old socket. (With data
   * on it, one connection in six had an ACK or a FIN dropped there; a FIN is repeated after 200
   * ms.)
   */
  void acknowledge(Connection c) {
    Segment segment = tools.toTarget(c.tuple).sequence(c.initialSequence + 1).flags(Segment.ACK);
    clientState(c, segment, false);
    if (tools.raw.send(segment) < 0) {
      tools.counters.systemCallFailed();
    }
    c.replay.extend(c.frontLength, false);
  }

  /**
   * Step 9: what came between the last read and going live was acknowledged, so it belongs to the
   * backlog. Length replayed and FIN must equal rcv_nxt − base.
   */
  void drain(Connection c, long now) {
    if (!extend(c)) {
      abort(c, Reason.SNAPSHOT_FAILED);
      return;
    }
    pump(c, now);
  }

  /** Takes into the backlog what is new in the old socket; false: it cannot be read. */
  private boolean extend(Connection c) {
    ClientLeg leg = tools.leg;
    if (leg.rereadReceived(c.fd) < 0) {
      return false;
    }
    int total = totalForTarget(c);
    int known = c.replay.data() + (c.replay.hasFin() ? 1 : 0);
    if (total == known) {
      return true;
    }
    // The state follows the sequence: read after it, it cannot miss a FIN that the sequence counts.
    if (leg.rereadState(c.fd) < 0 || leg.rereadReceived(c.fd) < 0) {
      return false;
    }
    total = totalForTarget(c);
    int data = total - (leg.finReceived() ? 1 : 0);
    if (data > c.replay.data() && !peek(c, data - c.frontLength)) {
      return false;
    }
    c.replay.extend(data, leg.finReceived());
    return true;
  }

  /** What the client has sent, in the target's numbers: with our header and its FIN. */
  private int totalForTarget(Connection c) {
    return tools.leg.received() + c.translation.sequenceAdd - (c.initialSequence + 1);
  }

  /** Reads the old socket's receive queue, which keeps it. */
  @SuppressWarnings("MustBeClosedChecker") // Connection.reset() closes it
  private boolean peek(Connection c, int bytes) {
    if (c.drainedArena != null) {
      c.drainedArena.close();
    }
    c.drainedArena = Arena.ofConfined();
    c.drained = c.drainedArena.allocate(bytes);
    for (int i = 0; i < PEEKS; i++) {
      int got =
          tools.calls.receive(c.fd, c.drained, 0, bytes, LibC.MSG_PEEK() | LibC.MSG_DONTWAIT());
      if (got == bytes) {
        return true;
      }
    }
    return false;
  }

  /** Sends what windows allow. */
  private void pump(Connection c, long now) {
    Replay replay = c.replay;
    boolean sent = false;
    for (int bytes = replay.sendable(); bytes > 0 || replay.finAlone(); bytes = replay.sendable()) {
      if (!sendNext(c, bytes, sent)) {
        break;
      }
      sent = true;
    }
    tools.timers.set(c, Math.min(now + replay.timeout(), c.replayEnds));
  }

  /** Sends one segment from where the replay stands. */
  private boolean sendNext(Connection c, int bytes, boolean entryIsRead) {
    Replay replay = c.replay;
    int offset = replay.offset();
    boolean inFront = offset < c.frontLength;
    int length = inFront ? Math.min(bytes, c.frontLength - offset) : bytes;
    boolean fin = replay.finAfter(length);
    Segment segment =
        tools
            .toTarget(c.tuple)
            .sequence(c.initialSequence + 1 + offset)
            .flags(Segment.ACK | (length > 0 ? Segment.PSH : 0) | (fin ? Segment.FIN : 0));
    clientState(c, segment, entryIsRead);
    MemorySegment source = inFront ? c.front : c.drained;
    long from = inFront || length == 0 ? offset : offset - c.frontLength;
    int sent =
        length == 0 ? tools.raw.send(segment) : tools.raw.send(segment, source, from, length);
    if (sent < 0) {
      // A full queue or a route that is away: the time-out tries again, until the replay's limit.
      tools.counters.systemCallFailed();
      return false;
    }
    replay.sent(length, fin);
    if (c.live) {
      tools.counters.replayedAfterLive(length);
    }
    return true;
  }

  /** The client's newest acknowledgment, window and clock: its entry remembers them. */
  private void clientState(Connection c, Segment segment, boolean entryIsRead) {
    FlowTable flows = tools.flows;
    boolean seen = c.live && (entryIsRead || flows.readToTarget(c.tuple)) && flows.seen();
    segment.acknowledgment(
        seen
            ? flows.acknowledged() + c.translation.acknowledgmentAdd
            : c.sentToClient + c.translation.acknowledgmentAdd);
    long window = c.targetScaled ? c.clientWindow >> c.clientScale : c.clientWindow;
    segment.window(seen ? flows.window() : (int) Math.min(window, MAX_WINDOW));
    if (c.timestamps) {
      // Never ahead of what the client's own segments will say, or the target drops those (PAWS).
      int clock = seen && flows.clockLearned() ? flows.newestTimestamp() : c.synTimestamp;
      segment.timestamps(clock, c.targetTimestamp);
    }
  }

  /** The target acknowledged. */
  void onAck(Connection c, TargetEvent event, long now) {
    // A server that is slow to read closes its window for long, and lives: it answers the probes.
    c.replayEnds = now + tools.config.timeouts().replay().toNanos();
    int offset = event.acknowledgment() - (c.initialSequence + 1);
    long window = (long) event.window() << c.targetScale;
    if (c.replay.acknowledged(offset, window)) {
      pump(c, now);
    }
    if (c.replay.done()) {
      finish(c, now);
    }
  }

  /** All is acknowledged: one more look at the old socket, then let go. */
  private void finish(Connection c, long now) {
    if (!extend(c)) {
      abort(c, Reason.SNAPSHOT_FAILED);
      return;
    }
    if (c.replay.done()) {
      release(c);
    } else {
      pump(c, now);
    }
  }

  /** The target's SYN,ACK came again: our ACK was lost. */
  void onSynAckAgain(Connection c, long now) {
    c.replay.timedOut();
    pump(c, now);
  }

  /** A router on the way to the target carries less (RFC 1191 6.4): smaller segments, again. */
  void onTooBig(Connection c, TargetEvent event, long now) {
    if (c.replay.shrink(Handoff.payloadWithin(c, event.mtu()))) {
      pump(c, now);
    }
  }

  /** Nothing was acknowledged in time. */
  void deadline(Connection c, long now) {
    if (now >= c.replayEnds) {
      abort(c, Reason.REPLAY_TIMED_OUT);
      return;
    }
    c.replay.timedOut();
    pump(c, now);
  }

  /** One side reset the connection; the other has heard of it through the entries. */
  void onClosed(Connection c, boolean byTarget) {
    if (!c.replay.done()) {
      tools.counters.refused(byTarget ? Reason.TARGET_RESET_IN_REPLAY : Reason.CLIENT_GONE);
      if (!byTarget) {
        // The client's own RST lies behind backlog that the target will never get.
        resetTarget(c);
      }
    }
    release(c);
  }

  /** Step 10: closed in repair mode, the old socket says nothing. */
  private void release(Connection c) {
    tools.flows.endReplay(c.tuple);
    tools.counters.released();
    connections.close(c);
  }

  /** Ends a live flow whose replay cannot go on: a reset both ways, never a silent hang. */
  void abort(Connection c, Reason reason) {
    FlowTuple t = c.tuple;
    FlowTable flows = tools.flows;
    tools.counters.refused(reason);
    int toClient =
        flows.readToClient(t) && flows.seen()
            ? flows.sequenceEnd() - c.translation.acknowledgmentAdd
            : c.sentToClient;
    flows.remove(t);
    tools.raw.send(
        tools
            .segment
            .clear()
            .between(t.listener, t.listenerPort, t.client, t.clientPort)
            .sequence(toClient)
            .acknowledgment(c.translation.clientNext)
            .flags(Segment.RST | Segment.ACK));
    resetTarget(c);
    ports.release(t);
    c.ports = null;
    connections.close(c);
  }

  private void resetTarget(Connection c) {
    tools.resetTarget(c.tuple, c.initialSequence + 1 + c.replay.acknowledged());
  }
}

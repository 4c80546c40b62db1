package dev.baton.handoff;

import dev.baton.address.Ip;
import dev.baton.bindings.libc.LibC;
import dev.baton.dataplane.FlowTable;
import dev.baton.dataplane.FlowTuple;
import dev.baton.dataplane.TargetEvent;
import dev.baton.directory.ClientAddress;
import dev.baton.directory.Node;
import dev.baton.head.Spoken;
import dev.baton.net.ClientLeg;
import dev.baton.net.RawSocket;
import dev.baton.net.Segment;
import dev.baton.reason.Reason;
import java.util.Objects;

/**
 * Steps 3 to 7 of a handoff (docs/handoff.md): pending entry, SYN, the target's answer, snapshot,
 * go live. Until a SYN,ACK has come nothing about the client leg has changed, so each failure ends
 * with the next candidate or with a page from the living socket.
 */
final class Handoff {
  private static final long FIRST_SYN_WAIT = 50_000_000L;

  /** What the other loops are given to make room in the flow map, and the ring to be read. */
  private static final long ROOM_WAIT = 20_000_000L;

  /** So often: a loop may be kept from its processor for longer than that. */
  private static final int ROOM_WAITS = 5;

  /** The timer that ends an attempt may be late; the pending entry must not end before it. */
  private static final long PENDING_GRACE = 200_000_000L;

  /** What is left of that when going live must have begun, or the entry may end meanwhile. */
  private static final long GOING_LIVE = 100_000_000L;

  private static final String NOT_HANDED_OVER = "the connection could not be handed over";
  private static final int MAX_WINDOW = 65_535;
  private static final int MAX_SCALE = 14;
  private static final int NO_SCALE = 15;
  private static final int TIMESTAMP_BYTES = 12;

  /** As in include/net/tcp.h, TCP_MIN_MSS. */
  private static final int LEAST_MSS = 88;

  /** Of a peer that names none (RFC 9293 3.7.1). */
  private static final int DEFAULT_MSS = 536;

  private static final int DEFAULT_MSS_V6 = 1220;
  private static final int MAX_PACKET = 65_535;

  private final LoopTools tools;
  private final Connections connections;
  private final Ports ports;
  private final Answer answer;
  private final Replayer replayer;
  private final Candidates nodes;
  private Choosing stale = (c, now) -> {};
  private int turn;

  Handoff(
      LoopTools tools,
      Connections connections,
      Ports ports,
      Answer answer,
      Replayer replayer,
      Candidates nodes) {
    this.nodes = nodes;
    this.tools = tools;
    this.connections = connections;
    this.ports = ports;
    this.answer = answer;
    this.replayer = replayer;
  }

  /** Chooses other candidates for a connection that has none of its own any more. */
  interface Choosing {
    /** The connection goes on from there. */
    void choose(Connection c, long now);
  }

  /** To be told once, before the first connection. */
  void onStale(Choosing choosing) {
    stale = choosing;
  }

  /** The candidates are chosen: reads the client leg and tries the first. */
  void begin(Connection c, long now) {
    ClientLeg leg = tools.leg;
    int result = leg.negotiated(c.fd);
    if (result == -LibC.ECONNRESET()) {
      clientGone(c);
      return;
    }
    if (result < 0) {
      answer.send(c, 502, Reason.SNAPSHOT_FAILED, NOT_HANDED_OVER, now);
      return;
    }
    c.timestamps = leg.timestamps();
    c.sack = leg.sack();
    c.ecn = leg.ecn();
    c.windowScaling = leg.windowScaling();
    c.clientScale = leg.clientScale();
    c.ownScale = leg.ownScale();
    c.clientMss = leg.clientMss();
    c.sentToClient = leg.sent();
    c.clientClock = leg.clock();
    c.clientWindow = leg.clientWindow();
    c.stage = Connection.Stage.SETUP;
    tryCandidate(c, now);
  }

  /** A client that waits may have reset its connection. */
  void closeIfGone(Connection c) {
    if (tools.leg.negotiated(c.fd) == -LibC.ECONNRESET()) {
      clientGone(c);
    }
  }

  private void clientGone(Connection c) {
    tools.counters.refused(Reason.CLIENT_GONE);
    connections.close(c);
  }

  private void tryCandidate(Connection c, long now) {
    while (c.candidate < c.candidates.size()) {
      Node node = c.candidates.get(c.candidate);
      if (!nodes.mayTry(c, node)) {
        stopWaiting(c);
        stale.choose(c, now); // the directory has changed since
        return;
      }
      c.attemptEnds = now + tools.config.timeouts().syn().toNanos();
      Reason failure = attempt(c, node, now);
      if (failure == Reason.NONE) {
        stopWaiting(c);
        return;
      }
      fail(c, failure);
    }
    giveUp(c, now);
  }

  /** Notes why a candidate failed and turns to the next. */
  private void fail(Connection c, Reason reason) {
    c.failure = reason;
    nodes.failed(c.candidates.get(c.candidate), reason);
    if (!isExhausted(reason)) {
      tools.counters.refused(reason);
    }
    c.candidate++;
  }

  private void giveUp(Connection c, long now) {
    if (isExhausted(c.failure) && c.roomWaits < ROOM_WAITS) {
      waitForRoom(c, now);
      return;
    }
    stopWaiting(c);
    switch (c.failure) {
      case TARGET_SILENT ->
          answer.page(c, 504, c.failure, "the node that hosts this site does not answer", now);
      case PORTS_EXHAUSTED, FLOWS_EXHAUSTED ->
          answer.send(c, 503, c.failure, "there are too many connections", now);
      case TARGET_UNREACHABLE, TARGET_UNROUTABLE ->
          answer.page(c, 502, c.failure, "the node that hosts this site cannot be reached", now);
      default ->
          answer.page(
              c, 502, c.failure, "the node that hosts this site refused the connection", now);
    }
  }

  /**
   * A pair may be over and the event of it unread, or linger in another loop: once more, when that
   * is known and it is gone.
   */
  private void waitForRoom(Connection c, long now) {
    c.roomWaits++;
    c.candidate = 0;
    tools.eventsWanted = true;
    tools.timers.set(c, now + ROOM_WAIT);
    if (c.failure == Reason.FLOWS_EXHAUSTED && !c.wantsRoom) {
      c.wantsRoom = true;
      tools.roomWanted.wish();
      tools.neighbours.run();
    }
  }

  /** It has its place, or is over: whoever comes late with the room is not to make it. */
  private void stopWaiting(Connection c) {
    if (c.wantsRoom) {
      c.wantsRoom = false;
      boolean _ = tools.roomWanted.take();
    }
  }

  /** What is counted only when it is what the client is told: there may be room in a moment. */
  private static boolean isExhausted(Reason reason) {
    return reason == Reason.FLOWS_EXHAUSTED || reason == Reason.PORTS_EXHAUSTED;
  }

  /** Takes a port, puts the pending entry there and sends the SYN; NONE: it is on its way. */
  private Reason attempt(Connection c, Node node, long now) {
    FlowTuple t = c.tuple;
    boolean v4 = t.client.isV4();
    t.own.set(own(v4));
    t.target.set(Objects.requireNonNull(node.address(v4)));
    t.targetPort = c.parser.spoken() == Spoken.TLS ? node.tlsPort() : node.port();
    t.publicInterface = tools.path.publicLink().index();
    t.clusterInterface = tools.path.clusterLink().index();
    PortPool pool = ports.pool(t.own, t.target, t.targetPort);
    int port = ports.take(pool, t);
    if (port < 0) {
      return Reason.PORTS_EXHAUSTED;
    }
    t.ownPort = port;
    c.ports = pool;
    c.synWait = FIRST_SYN_WAIT;
    c.initialSequence = tools.clock.initialSequence(t.own, port, t.target, t.targetPort, now);
    int put = putPending(c, now);
    if (FlowTable.isFull(put) && ports.evictOldest()) {
      put = putPending(c, now);
    }
    if (put < 0) {
      pool.release(port);
      c.ports = null;
      return Reason.FLOWS_EXHAUSTED;
    }
    if (!sendSyn(c, now)) {
      forgetAttempt(c);
      return Reason.TARGET_UNROUTABLE;
    }
    return Reason.NONE;
  }

  private int putPending(Connection c, long now) {
    return tools.flows.putPending(
        c.tuple, c.slot(), c.initialSequence, now, c.attemptEnds + PENDING_GRACE);
  }

  private Ip own(boolean v4) {
    Ip[] own = tools.own(v4);
    return own[own.length == 1 ? 0 : Math.floorMod(turn++, own.length)];
  }

  /** Step 4. A full queue counts as sent: the SYN is repeated anyway. */
  private boolean sendSyn(Connection c, long now) {
    FlowTuple t = c.tuple;
    c.synTimestamp = tools.clock.timestamp(t.target, now);
    int publicMss = tools.path.publicLink().mtu() - headers(t);
    Segment syn =
        tools
            .toTarget(t)
            .sequence(c.initialSequence)
            .acknowledgment(c.sentToClient)
            .flags(Segment.SYN | (c.ecn ? Segment.ECE | Segment.CWR : 0))
            .window((int) Math.min(c.clientWindow, MAX_WINDOW))
            .urgentPointer(c.sourcePort)
            .mss(Math.max(LEAST_MSS, Math.min(c.clientMss, publicMss)))
            .windowScale(c.windowScaling ? c.clientScale : -1)
            .sackPermitted(c.sack);
    if (c.candidates.get(c.candidate).clientAddress() == ClientAddress.OPTION) {
      syn.redirect(c.source, c.windowScaling ? c.ownScale : NO_SCALE);
    }
    if (c.timestamps) {
      syn.timestamps(c.synTimestamp, c.clientClock);
    }
    int sent = tools.raw.send(syn);
    if (sent < 0 && sent != -LibC.ENOBUFS() && sent != -LibC.EAGAIN()) {
      return false;
    }
    tools.timers.set(c, Math.min(now + c.synWait, c.attemptEnds));
    c.synWait *= 2;
    return true;
  }

  /** No answer yet: the SYN once more, or the next candidate. */
  void deadline(Connection c, long now) {
    if (c.ports == null) {
      tryCandidate(c, now);
      return;
    }
    if (now < c.attemptEnds && sendSyn(c, now)) {
      return;
    }
    nextCandidate(c, Reason.TARGET_SILENT, now);
  }

  private void nextCandidate(Connection c, Reason reason, long now) {
    forgetAttempt(c);
    fail(c, reason);
    tryCandidate(c, now);
  }

  /** The target refuses. */
  void onReset(Connection c, long now) {
    nextCandidate(c, Reason.TARGET_REFUSED, now);
  }

  /** A router on the way, or the target's own firewall, says that the SYN does not arrive. */
  void onUnreachable(Connection c, long now) {
    nextCandidate(c, Reason.TARGET_UNREACHABLE, now);
  }

  /**
   * The target still knows the tuple: a RST at the number it expects ends that, and another port
   * serves meanwhile (RFC 5961 4.2). As many ports as the candidate's time allows: after a reboot
   * or a detach, which forget the clock, a busy target may know them all.
   */
  void onChallenge(Connection c, TargetEvent event, long now) {
    tools.resetTarget(c.tuple, event.acknowledgment());
    if (now >= c.attemptEnds) {
      nextCandidate(c, Reason.TARGET_CHALLENGED, now);
      return;
    }
    forgetAttempt(c);
    tools.counters.refused(Reason.TARGET_CHALLENGED);
    Reason failure = attempt(c, c.candidates.get(c.candidate), now);
    if (failure != Reason.NONE) {
      fail(c, failure);
      tryCandidate(c, now);
    }
  }

  /** Ends a set-up and its connection without an answer: the kernel tells the client. */
  void abandon(Connection c) {
    stopWaiting(c);
    // It may be in repair mode already, and would be closed without a word.
    tools.leg.leaveRepair(c.fd);
    if (c.ports != null) {
      resetTarget(c);
      forgetAttempt(c);
    }
    connections.close(c);
  }

  /** The controller ends: no answer of the target's is waited for. */
  void shutDown(Connection c, long now) {
    stopWaiting(c);
    if (c.ports != null) {
      forgetAttempt(c);
    }
    answer.send(c, 503, Reason.SHUTTING_DOWN, "this node is going down", now);
  }

  /** Takes the pending entry away and gives the port back. */
  private void forgetAttempt(Connection c) {
    tools.flows.removeToClient(c.tuple);
    Objects.requireNonNull(c.ports).release(c.tuple.ownPort);
    c.ports = null;
  }

  /**
   * Steps 5 to 7. An answer may have waited in the ring until the pending entry was over, since the
   * machine was too busy. The target's repetition of it met our kernel then, which answered by RST:
   * there may be no connection any more, and behind the go-live no way back to a page.
   */
  void onSynAck(Connection c, TargetEvent event, long now) {
    if (tools.calls.monotonic() >= c.attemptEnds + PENDING_GRACE - GOING_LIVE) {
      resetTarget(c);
      nextCandidate(c, Reason.TARGET_SILENT, now);
      return;
    }
    if (c.timestamps && !event.timestamps()) {
      resetTarget(c);
      nextCandidate(c, Reason.TARGET_NO_TIMESTAMPS, now);
      return;
    }
    if (c.ecn && !grantsEcn(event)) {
      // The client's CWR would mean nothing to it, and it would never say ECE.
      resetTarget(c);
      nextCandidate(c, Reason.TARGET_NO_ECN, now);
      return;
    }
    int result = tools.leg.snapshot(c.fd);
    if (result == -LibC.ECONNRESET()) {
      resetTarget(c);
      forgetAttempt(c);
      clientGone(c);
      return;
    }
    if (result < 0) {
      abandonBeforeLive(c, 502, Reason.SNAPSHOT_FAILED, NOT_HANDED_OVER, now);
      return;
    }
    translate(c, event);
    goLive(c, event, now);
  }

  /** An ECN-setup SYN,ACK (RFC 3168 6.1.1): one with CWR as well is none. */
  private static boolean grantsEcn(TargetEvent event) {
    return (event.flags() & (Segment.ECE | Segment.CWR)) == Segment.ECE;
  }

  /** What to add to each number: the target leg's less the client leg's. */
  private void translate(Connection c, TargetEvent event) {
    ClientLeg leg = tools.leg;
    c.targetScaled = c.windowScaling && event.windowScale() != NO_SCALE;
    c.targetScale = c.targetScaled ? Math.min(event.windowScale(), MAX_SCALE) : 0;
    c.targetTimestamp = event.tsval();
    c.sentToClient = leg.sent();
    c.clientWindow = leg.clientWindow();
    var x = c.translation;
    x.sequenceAdd = c.initialSequence + 1 + takeFront(c) - leg.base();
    x.acknowledgmentAdd = event.sequence() + 1 - leg.sent();
    x.rewritten = Front.rewrites(c);
    x.timestamps = c.timestamps;
    x.timestampAdd = leg.clock() - event.tsval();
    x.clockAdd = tools.clock.clockAdd(c.tuple.target);
    x.clientWindowShift = c.targetScaled ? 0 : c.clientScale;
    x.targetWindowShift = c.targetScale - c.ownScale;
    x.clientMtu = mtu(c, c.clientMss);
    x.targetMtu = mtu(c, targetMss(c, event));
    x.clientNext = leg.received();
    x.targetNext = event.sequence() + 1;
  }

  /**
   * Makes what the target's stream begins with.
   *
   * @return how much longer that is than what the client's began with
   */
  private static int takeFront(Connection c) {
    c.front = Front.of(c, c.candidates.get(c.candidate).clientAddress());
    c.frontLength = (int) c.front.byteSize();
    return c.frontLength - c.read;
  }

  /** Bytes of IP and TCP headers without options. */
  private static int headers(FlowTuple t) {
    return t.target.headerBytes() + Segment.TCP_HEADER;
  }

  private static int targetMss(Connection c, TargetEvent event) {
    if (event.mss() != 0) {
      return event.mss();
    }
    return c.tuple.target.isV4() ? DEFAULT_MSS : DEFAULT_MSS_V6;
  }

  /** The packet that an MSS stands for (RFC 9293 3.7.1). */
  private static int mtu(Connection c, int mss) {
    return Math.min(Math.max(LEAST_MSS, mss) + headers(c.tuple), MAX_PACKET);
  }

  /**
   * Step 7, in its order: with the entry towards the target first, a client's segment could reach a
   * target that answered with a SYN cookie before the ACK did, and be answered with RST. That
   * entry's place is taken first, for behind the ACK there is no way back to a page.
   */
  private void goLive(Connection c, TargetEvent event, long now) {
    int put = tools.flows.reserveToTarget(c.tuple, c.slot(), now);
    if (FlowTable.isFull(put) && ports.evictOldest()) {
      put = tools.flows.reserveToTarget(c.tuple, c.slot(), now);
    }
    if (put >= 0) {
      put = tools.flows.putToClient(c.tuple, c.translation, c.slot(), now);
    }
    if (put < 0) {
      tools.flows.removeToTarget(c.tuple);
      abandonBeforeLive(c, 503, Reason.FLOWS_EXHAUSTED, "there are too many connections", now);
      return;
    }
    int packet = Math.min(tools.path.clusterLink().mtu(), RawSocket.MAX_PACKET);
    int mss = Math.min(targetMss(c, event), packet - headers(c.tuple));
    c.replay.start(payload(c, mss), event.window());
    c.stage = Connection.Stage.REPLAY;
    c.replayEnds = now + tools.config.timeouts().replay().toNanos();
    replayer.acknowledge(c);
    if (tools.flows.putToTarget(c.tuple, c.translation, c.slot(), now) < 0) {
      replayer.abort(c, Reason.FLOWS_EXHAUSTED);
      return;
    }
    c.live = true;
    nodes.succeeded(c.candidates.get(c.candidate));
    tools.counters.wentLive(tools.calls.monotonic() - c.headComplete);
    replayer.drain(c, now);
  }

  /** Bytes of payload in a segment of at most {@code mtu} bytes of IP packet. */
  static int payloadWithin(Connection c, int mtu) {
    return payload(c, mtu - headers(c.tuple));
  }

  private static int payload(Connection c, int mss) {
    return Math.max(LEAST_MSS, mss) - (c.timestamps ? TIMESTAMP_BYTES : 0);
  }

  /** The snapshot has put the socket into repair mode: it leaves that to answer. */
  private void abandonBeforeLive(Connection c, int status, Reason reason, String detail, long now) {
    resetTarget(c);
    forgetAttempt(c);
    if (tools.leg.leaveRepair(c.fd) < 0) {
      // What it is closed in, it is closed without a sound: nothing else is left to do.
      tools.counters.refused(reason);
      connections.close(c);
      return;
    }
    answer.send(c, status, reason, detail, now);
  }

  private void resetTarget(Connection c) {
    tools.resetTarget(c.tuple, c.initialSequence + 1);
  }
}

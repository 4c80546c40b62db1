package dev.baton.handoff;

import dev.baton.address.Ip;
import dev.baton.config.BatonConfig;
import dev.baton.dataplane.DataPath;
import dev.baton.dataplane.FlowTable;
import dev.baton.dataplane.FlowTuple;
import dev.baton.net.ClientLeg;
import dev.baton.net.EventPoll;
import dev.baton.net.RawSocket;
import dev.baton.net.Segment;
import dev.baton.net.SystemCalls;
import dev.baton.pieces.Pieces;
import dev.baton.tls.ClientHelloParser;
import java.util.function.Consumer;

/** What one event loop works with: all of it belongs to its thread. */
final class LoopTools implements AutoCloseable {
  final BatonConfig config;
  final DataPath path;
  final Counters counters;
  final TargetClock clock;
  final SystemCalls calls = new SystemCalls();
  final EventPoll poll;
  final RawSocket raw;
  final ClientLeg leg;
  final FlowTable flows;
  final TimerWheel timers;
  final HeadBuffers buffers;

  /** What this loop wants of the others. */
  final RoomWanted roomWanted;

  /** Shared by all loops. */
  final ClientCounts clients;

  /** Tells the other loops that something is wanted of them; see {@link EventLoop#giveRoom}. */
  final Runnable neighbours;

  /** Runs something on this loop's thread; for others to call. */
  final Consumer<Runnable> post;

  /** Shared by all loops. */
  final Pieces pieces;

  final Segment segment = new Segment();
  private final Ip[] own4;
  private final Ip[] own6;

  /** The ring is to be read, although nothing in it may have woken the loop. */
  boolean eventsWanted;

  /** Made on the loop's own thread. */
  LoopTools(
      BatonConfig config,
      DataPath path,
      Counters counters,
      int instance,
      int ring,
      RoomWanted roomWanted,
      ClientCounts clients,
      Runnable neighbours,
      Consumer<Runnable> post,
      Pieces pieces) {
    this.config = config;
    this.roomWanted = roomWanted;
    this.clients = clients;
    this.neighbours = neighbours;
    this.post = post;
    this.pieces = pieces;
    this.path = path;
    this.counters = counters;
    clock = new TargetClock(path.secret());
    poll = new EventPoll(calls);
    raw = new RawSocket(calls);
    leg = new ClientLeg(calls);
    flows = new FlowTable(path.flows(), path.replays(), instance, ring);
    timers = new TimerWheel(calls.monotonic());
    buffers =
        new HeadBuffers(
            config.limits().headLimit(), config.limits().headLimit() + ClientHelloParser.LIMIT);
    own4 = config.clusterAddresses().stream().filter(Ip::isV4).toArray(Ip[]::new);
    own6 = config.clusterAddresses().stream().filter(ip -> !ip.isV4()).toArray(Ip[]::new);
  }

  /** The DMZ node's own addresses towards targets, of one family. */
  Ip[] own(boolean v4) {
    return v4 ? own4 : own6;
  }

  /** The loop's one segment, cleared, from the DMZ node to the target. */
  Segment toTarget(FlowTuple t) {
    return segment.clear().between(t.own, t.ownPort, t.target, t.targetPort);
  }

  /**
   * Ends the target leg by a RST, which must be at exactly the number that the target expects (RFC
   * 5961 3.2). One that cannot be sent is the target's own time-out to make good.
   */
  void resetTarget(FlowTuple t, int sequence) {
    if (raw.send(toTarget(t).sequence(sequence).flags(Segment.RST)) < 0) {
      counters.systemCallFailed();
    }
  }

  @Override
  public void close() {
    buffers.close();
    flows.close();
    leg.close();
    raw.close();
    poll.close();
    calls.close();
  }
}

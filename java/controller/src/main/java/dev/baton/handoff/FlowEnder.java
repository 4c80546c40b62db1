package dev.baton.handoff;

import dev.baton.dataplane.FlowMaps;
import dev.baton.dataplane.FlowTuple;
import dev.baton.dataplane.FlowView;
import dev.baton.net.RawSocket;
import dev.baton.net.Segment;
import dev.baton.net.SystemCalls;
import org.jspecify.annotations.Nullable;

/**
 * Ends flows whatever their ends want: takes the entries away and resets both ends. A running
 * controller finds by itself that their ports are free.
 */
public final class FlowEnder implements AutoCloseable {
  /** Half of all numbers away: in nobody's window. */
  private static final int FAR = 1 << 31;

  private final SystemCalls calls = new SystemCalls();
  private final RawSocket raw;
  private final Segment segment = new Segment();

  /** For the calling thread. Needs CAP_NET_RAW and CAP_NET_ADMIN. */
  public FlowEnder() {
    try {
      raw = new RawSocket(calls);
    } catch (RuntimeException e) {
      calls.close();
      throw e;
    }
  }

  /**
   * Ends one.
   *
   * <p>A RST counts only at exactly the number that its receiver expects (RFC 5961 3.2), and what
   * passed after the entry was read has moved that, or, while it was pending, nobody has written it
   * down. So a segment follows that each end must answer by an acknowledgment (RFC 9293 3.10.7.4),
   * and the kernel, which knows neither connection, resets that at its own number.
   *
   * @param toClient the entry target → client
   * @param toTarget the other; null: there is none
   */
  public void end(FlowMaps maps, FlowMaps.Entry toClient, FlowMaps.@Nullable Entry toTarget) {
    maps.remove(toClient);
    if (toTarget != null) {
      maps.remove(toTarget);
    }
    reset(toClient.view(), toTarget == null ? null : toTarget.view());
  }

  private void reset(FlowView toClient, @Nullable FlowView toTarget) {
    FlowTuple t = toClient.tuple();
    int clientExpects = toClient.sequenceNext();
    int targetExpects =
        toClient.lastSeen() != 0
            ? toClient.acknowledged()
            : toTarget == null ? 0 : toTarget.sequenceNext();
    if (!toClient.pending()) {
      raw.send(toClient(t).sequence(clientExpects).flags(Segment.RST));
      raw.send(toTarget(t).sequence(targetExpects).flags(Segment.RST));
    }
    raw.send(toClient(t).sequence(clientExpects - FAR).flags(Segment.ACK));
    raw.send(toTarget(t).sequence(targetExpects - FAR).flags(Segment.ACK));
  }

  private Segment toClient(FlowTuple t) {
    return segment.clear().between(t.listener, t.listenerPort, t.client, t.clientPort);
  }

  private Segment toTarget(FlowTuple t) {
    return segment.clear().between(t.own, t.ownPort, t.target, t.targetPort);
  }

  @Override
  public void close() {
    raw.close();
    calls.close();
  }
}

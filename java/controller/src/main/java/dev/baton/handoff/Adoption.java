package dev.baton.handoff;

import dev.baton.dataplane.DataPath;
import dev.baton.dataplane.FlowMaps;
import dev.baton.dataplane.FlowTuple;
import dev.baton.dataplane.FlowView;
import dev.baton.dataplane.OldSchema;
import dev.baton.net.RawSocket;
import dev.baton.net.Segment;
import dev.baton.net.SystemCalls;
import dev.baton.reason.Reason;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a new controller does with the flows of the one before, also of one with an earlier schema:
 * released ones go on, with their ports; those whose replay was unfinished are reset both ways,
 * since nobody has the rest of their backlog; so are pending ones, whose client may have lost its
 * socket here without a word.
 */
final class Adoption {
  /** Half of all numbers away: in nobody's window. */
  private static final int FAR = 1 << 31;

  private final DataPath path;
  private final Counters counters;
  private final List<EventLoop.Adopted> adopted = new ArrayList<>();
  private final Segment segment = new Segment();

  Adoption(DataPath path, Counters counters) {
    this.path = path;
    this.counters = counters;
  }

  /** Clears up, and lists what lives on, in the order of last use. */
  List<EventLoop.Adopted> run() {
    try (SystemCalls calls = new SystemCalls();
        RawSocket raw = new RawSocket(calls)) {
      adopt(path.flowMaps(), false, raw);
      for (OldSchema old : path.oldSchemas()) {
        adopt(old.maps(), true, raw);
      }
    }
    adopted.sort(Comparator.comparingLong(EventLoop.Adopted::lastUse));
    return adopted;
  }

  /**
   * @param old an earlier schema's: its ports are taken until its entries are gone, see {@link
   *     OldSchemaSweeper}
   */
  private void adopt(FlowMaps maps, boolean old, RawSocket raw) {
    Set<TargetLeg> orphans = new HashSet<>();
    List<FlowMaps.Entry> unfinished = maps.unfinished();
    unfinished.forEach(entry -> orphans.add(TargetLeg.of(entry.view().tuple())));
    Map<TargetLeg, FlowMaps.Entry> toTarget = new HashMap<>();
    List<FlowMaps.Entry> toClient = new ArrayList<>();
    for (FlowMaps.Entry entry : maps.entries()) {
      if (entry.view().toTarget()) {
        toTarget.put(TargetLeg.of(entry.view().tuple()), entry);
      } else {
        toClient.add(entry);
      }
    }
    for (FlowMaps.Entry entry : toClient) {
      FlowView view = entry.view();
      TargetLeg key = TargetLeg.of(view.tuple());
      FlowMaps.Entry other = toTarget.get(key);
      if (view.pending() || orphans.contains(key)) {
        maps.remove(entry);
        if (other != null) {
          maps.remove(other);
        }
        reset(raw, view, other == null ? null : other.view());
      } else {
        adopted.add(adopted(view, other == null ? null : other.view(), old));
      }
    }
    unfinished.forEach(maps::remove); // marks whose flows were gone already
  }

  private static EventLoop.Adopted adopted(
      FlowView toClient, @Nullable FlowView toTarget, boolean old) {
    boolean reset = toClient.reset() || (toTarget != null && toTarget.reset());
    long lastUse = Math.max(toClient.lastUse(), toTarget == null ? 0 : toTarget.lastUse());
    return new EventLoop.Adopted(toClient.tuple(), toClient.closed() && !old, reset, lastUse);
  }

  /**
   * Resets both ends. A RST counts only at exactly the number that its receiver expects (RFC 5961
   * 3.2), and what passed after the entry was read has moved that, or, while it was pending, nobody
   * has written it down. So a segment follows that each end must answer by an acknowledgment (RFC
   * 9293 3.10.7.4), and the kernel, which knows neither connection, resets that at its own number.
   */
  private void reset(RawSocket raw, FlowView toClient, @Nullable FlowView toTarget) {
    FlowTuple t = toClient.tuple();
    counters.refused(Reason.REPLAY_ORPHANED);
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
}

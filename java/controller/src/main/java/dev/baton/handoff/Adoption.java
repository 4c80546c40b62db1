package dev.baton.handoff;

import dev.baton.bindings.flow.baton_flow;
import dev.baton.bindings.flow.baton_replay;
import dev.baton.dataplane.DataPath;
import dev.baton.dataplane.FlowTable;
import dev.baton.dataplane.FlowTuple;
import dev.baton.dataplane.FlowView;
import dev.baton.net.RawSocket;
import dev.baton.net.Segment;
import dev.baton.net.SystemCalls;
import dev.baton.reason.Reason;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a new controller does with the flows of the one before: released ones go on, with their
 * ports; those whose replay was unfinished are reset both ways, since nobody has the rest of their
 * backlog; pending ones are taken away.
 */
final class Adoption {
  private record Key(int target, int targetPort, int own, int ownPort) {
    static Key of(FlowTuple t) {
      return new Key(t.target, t.targetPort, t.own, t.ownPort);
    }
  }

  private final DataPath path;
  private final Counters counters;
  private final int instance;

  Adoption(DataPath path, Counters counters, int instance) {
    this.path = path;
    this.counters = counters;
    this.instance = instance;
  }

  /** Clears up, and lists what lives on. */
  List<EventLoop.Adopted> run() {
    Set<Key> orphans = new HashSet<>();
    path.replays()
        .forEach((key, value) -> {
          if (baton_replay.instance(value) != instance) {
            orphans.add(Key.of(replayTuple(key)));
          }
        });
    Map<Key, FlowView> toClient = new HashMap<>();
    Map<Key, FlowView> toTarget = new HashMap<>();
    path.flows()
        .forEach((key, value) -> {
          FlowView view = FlowView.of(key, value);
          (view.toTarget() ? toTarget : toClient).put(Key.of(view.tuple()), view);
        });
    List<EventLoop.Adopted> adopted = new ArrayList<>();
    try (SystemCalls calls = new SystemCalls();
        RawSocket raw = new RawSocket(calls);
        FlowTable flows = new FlowTable(path.flows(), path.replays(), instance, 0)) {
      toClient.forEach((key, view) -> {
        if (view.pending()) {
          flows.removeToClient(view.tuple());
        } else if (orphans.contains(key)) {
          reset(raw, flows, view, toTarget.get(key));
        } else {
          adopted.add(
              new EventLoop.Adopted(view.tuple(), view.closed(), isReset(view, toTarget.get(key))));
        }
      });
    }
    return adopted;
  }

  private static boolean isReset(FlowView toClient, @Nullable FlowView toTarget) {
    return toClient.reset() || (toTarget != null && toTarget.reset());
  }

  private static FlowTuple replayTuple(MemorySegment key) {
    // An entry of zeroes has no new addresses, so only the key's side of the tuple is filled in.
    try (var arena = Arena.ofConfined()) {
      return FlowView.of(key, arena.allocate(baton_flow.layout())).tuple();
    }
  }

  private void reset(
      RawSocket raw, FlowTable flows, FlowView toClient, @Nullable FlowView toTarget) {
    FlowTuple t = toClient.tuple();
    counters.refused(Reason.REPLAY_ORPHANED);
    flows.remove(t);
    Segment segment = new Segment();
    raw.send(
        segment
            .clear()
            .between(t.listener, t.listenerPort, t.client, t.clientPort)
            .sequence(toClient.sequenceNext())
            .flags(Segment.RST));
    int targetExpects =
        toClient.lastSeen() != 0
            ? toClient.acknowledged()
            : toTarget == null ? 0 : toTarget.sequenceNext();
    raw.send(
        segment
            .clear()
            .between(t.own, t.ownPort, t.target, t.targetPort)
            .sequence(targetExpects)
            .flags(Segment.RST));
  }
}

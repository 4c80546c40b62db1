package dev.baton.handoff;

import dev.baton.dataplane.DataPath;
import dev.baton.dataplane.FlowMaps;
import dev.baton.dataplane.FlowView;
import dev.baton.dataplane.OldSchema;
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
  private final DataPath path;
  private final Counters counters;
  private final List<EventLoop.Adopted> adopted = new ArrayList<>();

  Adoption(DataPath path, Counters counters) {
    this.path = path;
    this.counters = counters;
  }

  /** Clears up, and lists what lives on, in the order of last use. */
  List<EventLoop.Adopted> run() {
    try (FlowEnder ender = new FlowEnder()) {
      adopt(path.flowMaps(), false, ender);
      for (OldSchema old : path.oldSchemas()) {
        adopt(old.maps(), true, ender);
      }
    }
    adopted.sort(Comparator.comparingLong(EventLoop.Adopted::lastUse));
    return adopted;
  }

  /**
   * @param old an earlier schema's: its ports are taken until its entries are gone, see {@link
   *     OldSchemaSweeper}
   */
  private void adopt(FlowMaps maps, boolean old, FlowEnder ender) {
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
        counters.refused(Reason.REPLAY_ORPHANED);
        ender.end(maps, entry, other);
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
}

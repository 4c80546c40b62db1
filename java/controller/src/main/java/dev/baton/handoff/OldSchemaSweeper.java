package dev.baton.handoff;

import dev.baton.config.Timeouts;
import dev.baton.dataplane.DataPath;
import dev.baton.dataplane.FlowMaps;
import dev.baton.dataplane.FlowTuple;
import dev.baton.dataplane.FlowView;
import dev.baton.dataplane.OldSchema;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Empties the maps of earlier schemas as their flows end, gives their ports back, and removes what
 * is empty. Their programs go on with the flows that live.
 */
final class OldSchemaSweeper {
  private static final Logger LOG = LoggerFactory.getLogger(OldSchemaSweeper.class);

  private final DataPath path;
  private final Timeouts timeouts;
  private final List<EventLoop> loops;

  OldSchemaSweeper(DataPath path, Timeouts timeouts, List<EventLoop> loops) {
    this.path = path;
    this.timeouts = timeouts;
    this.loops = loops;
  }

  /** One walk through each. */
  void sweep(long now) {
    for (OldSchema old : path.oldSchemas()) {
      List<FlowMaps.Entry> entries = old.maps().entries();
      Collection<List<FlowMaps.Entry>> ended = ended(entries, FlowMaps.Entry::view, timeouts, now);
      ended.forEach(flow -> flow.forEach(old.maps()::remove));
      List<FlowTuple> gone = ended.stream().map(flow -> flow.getFirst().view().tuple()).toList();
      if (!gone.isEmpty()) {
        loops.forEach(loop -> loop.post(() -> loop.release(gone)));
      }
      if (ended.stream().mapToInt(List::size).sum() == entries.size()) {
        path.retire(old);
        LOG.info("event=schema-retired schema={}", old.number());
      }
    }
  }

  /**
   * The entries of flows that are over, by flow. A flow's go together, so that its port is given
   * back once: the second time it might be another flow's.
   */
  static <E> Collection<List<E>> ended(
      List<E> entries, Function<E, FlowView> view, Timeouts timeouts, long now) {
    Map<TargetLeg, List<E>> flows = new HashMap<>();
    for (E entry : entries) {
      TargetLeg leg = TargetLeg.of(view.apply(entry).tuple());
      flows.computeIfAbsent(leg, any -> new ArrayList<>(2)).add(entry);
    }
    flows
        .values()
        .removeIf(flow -> !flow.stream().allMatch(e -> isOver(view.apply(e), timeouts, now)));
    return flows.values();
  }

  private static boolean isOver(FlowView view, Timeouts timeouts, long now) {
    long quiet = now - view.lastUse();
    if (view.pending()) {
      return now - view.expires() > 0;
    }
    if (view.closed()) {
      return quiet > (view.reset() ? timeouts.lingerReset() : timeouts.linger()).toNanos();
    }
    return quiet > (view.halfOpen() ? timeouts.halfOpen() : timeouts.idle()).toNanos();
  }
}

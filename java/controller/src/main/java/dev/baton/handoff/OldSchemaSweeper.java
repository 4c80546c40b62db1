package dev.baton.handoff;

import dev.baton.config.Timeouts;
import dev.baton.dataplane.DataPath;
import dev.baton.dataplane.FlowMaps;
import dev.baton.dataplane.FlowTuple;
import dev.baton.dataplane.FlowView;
import dev.baton.dataplane.OldSchema;
import java.util.ArrayList;
import java.util.List;
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
      List<FlowTuple> gone = new ArrayList<>();
      boolean living = false;
      for (FlowMaps.Entry entry : old.maps().entries()) {
        if (isOver(entry.view(), now)) {
          old.maps().remove(entry);
          gone.add(entry.view().tuple());
        } else {
          living = true;
        }
      }
      if (!gone.isEmpty()) {
        loops.forEach(loop -> loop.post(() -> loop.release(gone)));
      }
      if (!living) {
        path.retire(old);
        LOG.info("event=schema-retired schema={}", old.number());
      }
    }
  }

  private boolean isOver(FlowView view, long now) {
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

package dev.baton.handoff;

import dev.baton.bpf.BpfMap;
import dev.baton.config.Timeouts;
import dev.baton.dataplane.FlowView;
import dev.baton.net.SystemCalls;
import java.util.List;

/**
 * Walks the flow map now and then, off the hot path, and tells the loops of what they may have
 * missed: closed pairs whose event was lost, and flows idle for too long.
 */
final class Sweeper {
  private final BpfMap flows;
  private final List<EventLoop> loops;
  private final long idle;
  private final long halfOpen;

  Sweeper(BpfMap flows, List<EventLoop> loops, Timeouts timeouts) {
    this.flows = flows;
    this.loops = loops;
    idle = timeouts.idle().toNanos();
    halfOpen = timeouts.halfOpen().toNanos();
  }

  /** One walk. */
  void sweep() {
    try (SystemCalls calls = new SystemCalls()) {
      long now = calls.monotonic();
      flows.forEach((key, value) -> {
        FlowView view = FlowView.of(key, value);
        // A pair has two entries, and eBPF marks both: one of them is enough to judge it. But a
        // client's RST at an unsure number is marked on its own alone.
        boolean unsure = view.toTarget() && view.reset() && !view.closed();
        if (!view.pending() && (!view.toTarget() || unsure)) {
          judge(view, now);
        }
      });
    }
  }

  private void judge(FlowView view, long now) {
    long quiet = now - view.lastUse();
    boolean tooQuiet = quiet > (view.halfOpen() ? halfOpen : idle);
    if (view.closed() || tooQuiet) {
      for (EventLoop loop : loops) {
        loop.post(() -> loop.judge(view.tuple(), view.closed(), view.reset(), tooQuiet));
      }
    }
  }
}

package dev.baton.handoff;

import dev.baton.config.BatonConfig;
import dev.baton.config.PortRange;
import dev.baton.dataplane.DataPath;
import dev.baton.dataplane.FlowTable;
import dev.baton.dataplane.FlowTuple;
import dev.baton.dataplane.FlowView;
import dev.baton.net.SystemCalls;
import java.util.ArrayList;
import java.util.List;

/**
 * Walks the flow map now and then, off the hot path. It tells the loops of what they may have
 * missed: closed pairs whose event was lost, and flows idle for too long. What no loop owns it
 * removes itself: flows on ports that the configuration no longer has, and halves of a pair.
 */
final class Sweeper {
  /** An entry whose pair its loop is to judge; see {@link Steps#judge}. */
  record Finding(FlowView view, boolean idle) {}

  private final DataPath path;
  private final OldSchemaSweeper oldSchemas;
  private final List<EventLoop> loops;
  private final PortRange ports;
  private final long idle;
  private final long halfOpen;
  private final long linger;

  Sweeper(BatonConfig config, DataPath path, List<EventLoop> loops) {
    this.path = path;
    this.loops = loops;
    oldSchemas = new OldSchemaSweeper(path, config.timeouts(), loops);
    ports = config.sourcePorts();
    idle = config.timeouts().idle().toNanos();
    halfOpen = config.timeouts().halfOpen().toNanos();
    linger = config.timeouts().linger().toNanos();
  }

  /** One walk. */
  void sweep() {
    List<Finding> findings = new ArrayList<>();
    List<FlowTuple> strays = new ArrayList<>();
    List<FlowTuple> halves = new ArrayList<>();
    try (SystemCalls calls = new SystemCalls();
        FlowTable flows = new FlowTable(path.flows(), path.replays(), 0, 0)) {
      long now = calls.monotonic();
      path.flows()
          .forEach((key, value) -> look(FlowView.of(key, value), now, findings, strays, halves));
      strays.forEach(flows::remove);
      for (FlowTuple half : halves) {
        removeIfAlone(flows, half);
      }
      oldSchemas.sweep(now);
    }
    if (!findings.isEmpty()) {
      loops.forEach(loop -> loop.post(() -> loop.judge(findings)));
    }
  }

  private void look(
      FlowView view,
      long now,
      List<Finding> findings,
      List<FlowTuple> strays,
      List<FlowTuple> halves) {
    if (view.pending()) {
      return;
    }
    FlowTuple t = view.tuple();
    long quiet = now - view.lastUse();
    boolean tooQuiet = quiet > (view.halfOpen() ? halfOpen : idle);
    boolean ours = t.ownPort >= ports.first() && t.ownPort <= ports.last();
    if (!ours && (tooQuiet || (view.closed() && quiet > linger))) {
      strays.add(t);
    }
    if (view.toTarget() && quiet > linger) {
      halves.add(t);
    }
    // A pair has two entries, and eBPF marks both: one of them is enough to judge it. But a
    // client's RST at an unsure number is marked on its own alone.
    boolean unsure = view.toTarget() && view.reset() && !view.closed();
    if (ours && (!view.toTarget() || unsure) && (view.closed() || tooQuiet)) {
      findings.add(new Finding(view, tooQuiet));
    }
  }

  /** Without the other direction it would carry a client's segments into nowhere. */
  private static void removeIfAlone(FlowTable flows, FlowTuple half) {
    FlowTuple pair = new FlowTuple();
    pair.own.set(half.own);
    pair.ownPort = half.ownPort;
    pair.target.set(half.target);
    pair.targetPort = half.targetPort;
    boolean complete =
        flows.findByPort(pair)
            && pair.client.equals(half.client)
            && pair.clientPort == half.clientPort
            && pair.listener.equals(half.listener)
            && pair.listenerPort == half.listenerPort;
    if (!complete) {
      flows.removeToTarget(half);
    }
  }
}

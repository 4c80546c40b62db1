package dev.baton.deploy;

import dev.baton.address.Ip;
import dev.baton.config.BatonConfig;
import dev.baton.dataplane.FlowMaps;
import dev.baton.dataplane.FlowView;
import dev.baton.directory.Node;
import dev.baton.handoff.FlowEnder;
import dev.baton.handoff.TargetLeg;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The flows of one dataset, or of all, on one node, living or being set up, in the kernel's table.
 */
public final class SiteFlows {
  /** Every dataset, and flows of none that is known. */
  public static final int ALL = 0;

  private final BatonConfig config;
  private final int dataset;
  private final Set<Ip> addresses;

  /**
   * @param dataset its number in the directory, or {@link #ALL}
   * @param node where the flows go
   */
  public SiteFlows(BatonConfig config, int dataset, Node node) {
    this.config = config;
    this.dataset = dataset;
    addresses = new HashSet<>(node.addresses());
  }

  /** How many there are; 0 when there is no table. */
  public int count() {
    try (FlowMaps maps = FlowMaps.open(config).orElse(null)) {
      return maps == null ? 0 : (int) maps.entries().stream().filter(this::isOne).count();
    }
  }

  /**
   * Ends all that live: both ends are reset. Those that are still being set up belong to the
   * controller, which ends or releases them; they count until then.
   *
   * @return how many it has ended
   */
  public int end() {
    try (FlowMaps maps = FlowMaps.open(config).orElse(null)) {
      return maps == null ? 0 : end(maps);
    }
  }

  private int end(FlowMaps maps) {
    Set<TargetLeg> unfinished = new HashSet<>();
    maps.unfinished().forEach(entry -> unfinished.add(TargetLeg.of(entry.view().tuple())));
    List<FlowMaps.Entry> entries = maps.entries();
    Map<TargetLeg, FlowMaps.Entry> toTarget = new HashMap<>();
    for (FlowMaps.Entry entry : entries) {
      if (entry.view().toTarget()) {
        toTarget.put(TargetLeg.of(entry.view().tuple()), entry);
      }
    }
    int ended = 0;
    try (FlowEnder ender = new FlowEnder()) {
      for (FlowMaps.Entry entry : entries) {
        TargetLeg leg = TargetLeg.of(entry.view().tuple());
        if (isOne(entry) && !entry.view().pending() && !unfinished.contains(leg)) {
          ender.end(maps, entry, toTarget.get(leg));
          ended++;
        }
      }
    }
    return ended;
  }

  /** Each flow has one entry target → client, from its first moment on. */
  private boolean isOne(FlowMaps.Entry entry) {
    FlowView view = entry.view();
    return (dataset == ALL || view.dataset() == dataset)
        && !view.toTarget()
        && !view.closed()
        && addresses.contains(view.tuple().target);
  }
}

package dev.baton.dataplane;

import dev.baton.bindings.flow.Baton;
import dev.baton.bindings.flow.baton_host;
import dev.baton.bpf.BpfMap;
import dev.baton.bpf.Direction;
import dev.baton.bpf.TcHook;
import dev.baton.config.BatonConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Removes what controllers left in the kernel, and only that; flows that live break. */
public final class Detach {
  private Detach() {}

  /**
   * Removes filters, the clsact qdiscs that Baton made, pins, the nft table and the port
   * reservation. What is not there is no error: it can be repeated.
   */
  public static void run(BatonConfig config) {
    Path pins = DataPath.pins(config);
    boolean[] made = clsactMade(pins);
    detach(config.interfaces().publicName(), made[0]);
    if (!config.interfaces().clusterName().equals(config.interfaces().publicName())) {
      detach(config.interfaces().clusterName(), made[1]);
    }
    for (String map : DataPath.MAPS) {
      BpfMap.unpin(pins.resolve(map));
    }
    removeEmpty(pins);
    removeEmpty(config.pinPath());
    Firewall.remove();
    PortReservation.remove(config.sourcePorts());
  }

  private static void detach(String name, boolean clsactIsOurs) {
    Link link;
    try {
      link = Link.find(name);
    } catch (IllegalStateException e) {
      return; // and with the interface its filters are gone
    }
    for (Direction direction : Direction.values()) {
      TcHook.detach(link.index(), direction, Baton.BATON_TC_PRIORITY(), Baton.BATON_TC_HANDLE());
    }
    if (clsactIsOurs
        && !Commands.output("tc", "filter", "show", "dev", name, "ingress").contains("filter")
        && !Commands.output("tc", "filter", "show", "dev", name, "egress").contains("filter")) {
      TcHook.destroyClsact(link.index());
    }
  }

  private static boolean[] clsactMade(Path pins) {
    Optional<BpfMap> pinned =
        BpfMap.tryOpenPinned(pins.resolve(Baton.BATON_MAP_HOST().getString(0)));
    if (pinned.isEmpty()) {
      return new boolean[2];
    }
    try (BpfMap map = pinned.get();
        Arena arena = Arena.ofConfined()) {
      MemorySegment host = arena.allocate(baton_host.layout());
      map.lookup(arena.allocate(ValueLayout.JAVA_INT), host);
      return new boolean[] {
        baton_host.clsact_public(host) != 0, baton_host.clsact_cluster(host) != 0
      };
    }
  }

  private static void removeEmpty(Path folder) {
    try {
      Files.deleteIfExists(folder);
    } catch (java.nio.file.DirectoryNotEmptyException e) {
      // Another schema's pins, or a stranger's: not ours to remove.
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

package dev.baton.dataplane;

import dev.baton.bindings.flow.Baton;
import dev.baton.bindings.flow.baton_host;
import dev.baton.bpf.BpfFs;
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
import java.util.List;
import java.util.Optional;

/** Removes what controllers left in the kernel, and only that; flows that live break. */
public final class Detach {
  private Detach() {}

  /**
   * Removes the XDP program, filters, the clsact qdiscs that Baton made, pins, the nft table and
   * the port reservation, of all schemas that this version knows. What is not there is no error: it
   * can be repeated.
   *
   * @throws IllegalStateException when a newer schema is there: only its own version knows what it
   *     attached
   */
  public static void run(BatonConfig config) {
    OldSchema.refuseNewer(config);
    PortReservation.remove(config);
    removeXdp(config);
    for (int number = 1; number <= Baton.BATON_SCHEMA(); number++) {
      schema(config, number);
    }
    removeEmpty(config.pinPath());
    Firewall.remove();
  }

  /** Removes the filters and pins of this version's schema only. */
  public static void thisSchema(BatonConfig config) {
    removeXdp(config);
    schema(config, Baton.BATON_SCHEMA());
  }

  private static void removeXdp(BatonConfig config) {
    for (String name :
        List.of(config.interfaces().publicName(), config.interfaces().clusterName())) {
      Link.tryFind(name).ifPresent(XdpPlane::remove);
    }
  }

  /**
   * Removes one schema's filters and pins, and clsact qdiscs that it made and nobody uses. Not the
   * XDP program: an interface has one, and it is the newest schema's.
   */
  static void schema(BatonConfig config, int number) {
    Path pins = DataPath.pins(config, number);
    boolean[] made = clsactMade(pins);
    detach(config.interfaces().publicName(), DataPath.priority(number), made[0]);
    if (!config.interfaces().clusterName().equals(config.interfaces().publicName())) {
      detach(config.interfaces().clusterName(), DataPath.priority(number), made[1]);
    }
    for (String map : DataPath.MAPS) {
      BpfMap.unpin(pins.resolve(map));
    }
    removeEmpty(pins);
  }

  private static void detach(String name, int priority, boolean clsactIsOurs) {
    Optional<Link> link = Link.tryFind(name);
    if (link.isEmpty()) {
      return; // and with the interface its filters are gone
    }
    int index = link.get().index();
    for (Direction direction : Direction.values()) {
      TcHook.detach(index, direction, priority, Baton.BATON_TC_HANDLE());
    }
    if (clsactIsOurs
        && !Commands.output("tc", "filter", "show", "dev", name, "ingress").contains("filter")
        && !Commands.output("tc", "filter", "show", "dev", name, "egress").contains("filter")) {
      TcHook.destroyClsact(index);
    }
  }

  private static boolean[] clsactMade(Path pins) {
    Optional<BpfMap> pinned = BpfMap.tryOpenPinned(pins.resolve(DataPath.HOST));
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

  /** Whoever mounted a file system there, and that may have been the administrator, unmounts it. */
  private static void removeEmpty(Path folder) {
    Path parent = folder.getParent();
    if (BpfFs.isBpfFs(folder) && (parent == null || !BpfFs.isBpfFs(parent))) {
      return;
    }
    try {
      Files.deleteIfExists(folder);
    } catch (java.nio.file.DirectoryNotEmptyException e) {
      // Another schema's pins, or a stranger's: not ours to remove.
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

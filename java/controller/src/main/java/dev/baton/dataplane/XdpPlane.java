package dev.baton.dataplane;

import dev.baton.bindings.flow.Baton;
import dev.baton.bindings.flow.baton_link;
import dev.baton.bindings.libbpf.LibBpf;
import dev.baton.bpf.BpfException;
import dev.baton.bpf.BpfMap;
import dev.baton.bpf.BpfObject;
import dev.baton.bpf.BpfProgram;
import dev.baton.bpf.Xdp;
import dev.baton.config.DataPlane;
import dev.baton.net.NetworkDevice;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The XDP program in front of the tc programs, where the configuration wants it and the interfaces
 * can do it. It shares their maps, takes only the plain segments of established flows and leaves
 * the rest to them, so it comes and goes without a flow's noticing.
 */
final class XdpPlane implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(XdpPlane.class);
  private static final String OBJECT = "/dev/baton/bpf/baton_xdp.bpf.o";
  private static final String PROGRAM = Baton.BATON_PROGRAM_XDP().getString(0);
  private static final String AS_CONFIGURED = "as configured";
  private static final String VETH = "veth";

  /** A driver cannot. */
  private static final class Refused extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    Refused(String message, BpfException cause) {
      super(message, cause);
    }
  }

  private final BpfMap tcLinks;

  /** Where the program runs; null: nowhere. */
  private final Xdp.@Nullable Mode mode;

  private final String reason;
  private final @Nullable BpfObject object;

  private XdpPlane(
      BpfObject tc, Xdp.@Nullable Mode mode, String reason, @Nullable BpfObject object) {
    tcLinks = tc.map(Baton.BATON_MAP_LINKS().getString(0));
    this.mode = mode;
    this.reason = reason;
    this.object = object;
  }

  /**
   * Decides, loads and attaches. What an earlier controller left attached and is not wanted any
   * more is taken away.
   *
   * @param tc the loaded object whose maps are shared
   * @param links public and cluster; the one if they are the same
   * @throws IllegalStateException when the configuration demands what an interface cannot do
   */
  static XdpPlane start(DataPlane wanted, BpfObject tc, List<Link> links) {
    XdpPlane plane =
        switch (wanted) {
          case TC -> without(tc, links, AS_CONFIGURED);
          case XDP -> with(Xdp.Mode.NATIVE, tc, links);
          case XDP_GENERIC -> with(Xdp.Mode.GENERIC, tc, links);
          case AUTO -> best(tc, links);
        };
    plane.publish(links);
    LOG.info("event=data-plane choice={} reason=\"{}\"", plane.choice(), plane.reason);
    return plane;
  }

  private static XdpPlane best(BpfObject tc, List<Link> links) {
    for (Link link : links) {
      if (VETH.equals(NetworkDevice.driver(link.name()).orElse(""))) {
        String veth = " is a veth, and nothing tells whether its far end takes redirected frames";
        return without(tc, links, link.name() + veth);
      }
    }
    try {
      return with(Xdp.Mode.NATIVE, tc, links);
    } catch (Refused e) {
      return without(tc, links, String.valueOf(e.getMessage()));
    }
  }

  private static XdpPlane without(BpfObject tc, List<Link> links, String reason) {
    links.forEach(XdpPlane::remove);
    return new XdpPlane(tc, null, reason, null);
  }

  private static XdpPlane with(Xdp.Mode mode, BpfObject tc, List<Link> links) {
    BpfObject object = load(tc);
    for (Link link : links) {
      try {
        remove(link, mode == Xdp.Mode.NATIVE ? Xdp.Mode.GENERIC : Xdp.Mode.NATIVE);
        Xdp.attach(link.index(), program(object), mode);
      } catch (BpfException e) {
        links.forEach(XdpPlane::remove);
        object.close();
        throw new Refused(
            "%s does not take XDP in %s mode: %s"
                .formatted(link.name(), mode.name().toLowerCase(Locale.ROOT), e.getMessage()),
            e);
      }
    }
    return new XdpPlane(tc, mode, AS_CONFIGURED, object);
  }

  private static BpfObject load(BpfObject tc) {
    BpfObject object = BpfObject.open(DataPath.read(OBJECT), "baton_xdp");
    try {
      DataPath.MAPS.forEach(map -> object.reuse(map, tc.map(map)));
      object.load();
      return object;
    } catch (RuntimeException e) {
      object.close();
      throw e;
    }
  }

  private static BpfProgram program(BpfObject object) {
    return object.program(PROGRAM);
  }

  /** Attaches whatever is not, or no longer, attached; true: something was missing. */
  boolean renew(List<Link> links) {
    publish(links);
    BpfObject mine = object;
    Xdp.Mode where = mode;
    if (mine == null || where == null) {
      return false;
    }
    boolean missing = false;
    for (Link link : links) {
      if (!link.isThere()) {
        continue;
      }
      Optional<Integer> attached = Xdp.query(link.index(), where);
      if (attached.isEmpty() || attached.get() != program(mine).id()) {
        Xdp.attach(link.index(), program(mine), where);
        missing = true;
      }
    }
    return missing;
  }

  /**
   * Tells the programs the interface that each direction leaves by, with its MAC. While XDP is not
   * in use they are told none, and learn no next hops.
   */
  private void publish(List<Link> links) {
    publish(Baton.BATON_TO_CLIENT(), links.getFirst());
    publish(Baton.BATON_TO_TARGET(), links.getLast());
  }

  private void publish(int direction, Link link) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment key = arena.allocate(ValueLayout.JAVA_INT);
      key.set(ValueLayout.JAVA_INT, 0, direction);
      MemorySegment value = arena.allocate(baton_link.layout());
      if (mode != null) {
        baton_link.index(value, link.index());
        baton_link.mac(value, link.mac());
      }
      tcLinks.update(key, value, LibBpf.BPF_ANY());
    }
  }

  /** Takes our program off an interface, in whatever mode it runs there; others' stay. */
  static void remove(Link link) {
    for (Xdp.Mode each : Xdp.Mode.values()) {
      remove(link, each);
    }
  }

  private static void remove(Link link, Xdp.Mode from) {
    Optional<Integer> id = Xdp.query(link.index(), from);
    if (id.isPresent()) {
      try (BpfProgram program = BpfProgram.openById(id.get())) {
        if (program.name().equals(PROGRAM)) {
          Xdp.detach(link.index(), program, from);
        }
      }
    }
  }

  /** What runs: {@code tc}, {@code xdp} or {@code xdp-generic}. */
  String choice() {
    return mode == null ? "tc" : mode == Xdp.Mode.NATIVE ? "xdp" : "xdp-generic";
  }

  /** Why it is that. */
  String reason() {
    return reason;
  }

  /** Lets go of the program; where it is attached, it stays. */
  @Override
  public void close() {
    if (object != null) {
      object.close();
    }
  }
}

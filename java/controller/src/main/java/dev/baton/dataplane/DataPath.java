package dev.baton.dataplane;

import dev.baton.bindings.flow.Baton;
import dev.baton.bindings.flow.baton_host;
import dev.baton.bindings.libbpf.LibBpf;
import dev.baton.bpf.BpfFs;
import dev.baton.bpf.BpfMap;
import dev.baton.bpf.BpfObject;
import dev.baton.bpf.BpfProgram;
import dev.baton.bpf.Direction;
import dev.baton.bpf.TcHook;
import dev.baton.config.BatonConfig;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The programs and maps of a running controller. Maps are pinned and found again, so a new
 * controller goes on with the flows of the old one; programs are replaced in place. Closing it
 * leaves all of that in the kernel, so that living flows go on: {@link Detach} removes it.
 */
public final class DataPath implements AutoCloseable {
  /** The names of the pinned maps. */
  static final List<String> MAPS =
      List.of(
          Baton.BATON_MAP_FLOWS().getString(0),
          Baton.BATON_MAP_REPLAYS().getString(0),
          Baton.BATON_MAP_RINGS().getString(0),
          Baton.BATON_MAP_COUNTERS().getString(0),
          Baton.BATON_MAP_HOST().getString(0));

  private static final Logger LOG = LoggerFactory.getLogger(DataPath.class);
  private static final String OBJECT = "/dev/baton/bpf/baton_tc.bpf.o";
  private static final int RING_BYTES = 1 << 20;
  private static final int SECRET_BYTES = 16;

  private final BpfObject object;
  private final List<BpfMap> rings = new ArrayList<>();
  private final Link publicLink;
  private final Link clusterLink;
  private final LocalAddresses localAddresses = new LocalAddresses();
  private final byte[] secret = new byte[SECRET_BYTES];
  private boolean closed;

  private DataPath(BpfObject object, Link publicLink, Link clusterLink) {
    this.object = object;
    this.publicLink = publicLink;
    this.clusterLink = clusterLink;
  }

  /**
   * Loads, pins and attaches; what was half made is undone where it failed.
   *
   * @throws dev.baton.bpf.BpfException when the kernel refuses, with its reason
   * @throws IllegalStateException when an interface is not there
   */
  public static DataPath start(BatonConfig config) {
    Link publicLink = Link.find(config.interfaces().publicName());
    Link clusterLink = Link.find(config.interfaces().clusterName());
    Path pins = pins(config);
    BpfFs.ensure(pins);
    BpfObject object = BpfObject.open(read(OBJECT), "baton_tc");
    DataPath path = new DataPath(object, publicLink, clusterLink);
    try {
      path.prepareMaps(pins, config.limits().maxFlows());
      object.load();
      for (int i = 0; i < config.eventLoops(); i++) {
        path.addRing(i);
      }
      path.initializeHost(config.eventLoops());
      path.attach();
      return path;
    } catch (RuntimeException e) {
      path.close();
      throw e;
    }
  }

  /** Where a configuration's maps are pinned: the schema is part of the path. */
  public static Path pins(BatonConfig config) {
    return config.pinPath().resolve("v" + Baton.BATON_SCHEMA());
  }

  /** Whether an earlier controller's maps are there. */
  public static boolean isPinned(BatonConfig config) {
    return BpfMap.isPinned(pins(config).resolve(MAPS.getFirst()));
  }

  private void prepareMaps(Path pins, int maxFlows) {
    for (String map : MAPS) {
      object.setPinPath(map, pins.resolve(map));
    }
    String flows = MAPS.getFirst();
    Optional<BpfMap> living = BpfMap.tryOpenPinned(pins.resolve(flows));
    int entries = maxFlows;
    if (living.isPresent()) {
      try (BpfMap map = living.get()) {
        entries = map.maxEntries();
      }
      if (entries != maxFlows) {
        LOG.warn(
            "event=max-flows-kept configured={} in-use={} remedy=\"baton detach\"",
            maxFlows,
            entries);
      }
    }
    object.setMaxEntries(flows, entries);
  }

  private void addRing(int index) {
    BpfMap ring = BpfMap.create(LibBpf.BPF_MAP_TYPE_RINGBUF(), "baton_ring", 0, 0, RING_BYTES, 0);
    rings.add(ring);
    object.map(Baton.BATON_MAP_RINGS().getString(0)).update(index, ring);
  }

  private void initializeHost(int loops) {
    updateHost(host -> {
      if (baton_host.schema(host) == 0) {
        new SecureRandom().nextBytes(secret);
        MemorySegment.copy(secret, 0, host, ValueLayout.JAVA_BYTE, 0, SECRET_BYTES);
        baton_host.schema(host, Baton.BATON_SCHEMA());
      }
      MemorySegment.copy(host, ValueLayout.JAVA_BYTE, 0, secret, 0, SECRET_BYTES);
      baton_host.loops(host, loops);
    });
  }

  private void attach() {
    boolean publicMade = TcHook.createClsact(publicLink.index());
    boolean clusterMade = sameLink() ? publicMade : TcHook.createClsact(clusterLink.index());
    rememberClsact(publicMade, clusterMade);
    renew();
  }

  private void rememberClsact(boolean publicMade, boolean clusterMade) {
    updateHost(host -> {
      if (publicMade) {
        baton_host.clsact_public(host, 1);
      }
      if (clusterMade) {
        baton_host.clsact_cluster(host, 1);
      }
    });
  }

  /** Changes what outlives controllers; only a controller writes it, and there is one. */
  private void updateHost(Consumer<MemorySegment> change) {
    BpfMap map = object.map(Baton.BATON_MAP_HOST().getString(0));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment key = arena.allocate(ValueLayout.JAVA_INT);
      MemorySegment host = arena.allocate(baton_host.layout());
      map.lookup(key, host);
      change.accept(host);
      map.update(key, host, LibBpf.BPF_ANY());
    }
  }

  private boolean sameLink() {
    return publicLink.index() == clusterLink.index();
  }

  /** Attaches whatever is not, or no longer, attached; true: something was missing. */
  public boolean renew() {
    boolean missing = renew(publicLink);
    return (!sameLink() && renew(clusterLink)) || missing;
  }

  private boolean renew(Link link) {
    boolean ingress = renew(link, Direction.INGRESS, program(Baton.BATON_PROGRAM_INGRESS()));
    return renew(link, Direction.EGRESS, program(Baton.BATON_PROGRAM_GUARD())) || ingress;
  }

  private static boolean renew(Link link, Direction direction, BpfProgram program) {
    Optional<Integer> attached =
        TcHook.query(link.index(), direction, Baton.BATON_TC_PRIORITY(), Baton.BATON_TC_HANDLE());
    if (attached.isPresent() && attached.get() == program.id()) {
      return false;
    }
    TcHook.createClsact(link.index());
    TcHook.attach(
        link.index(), direction, program, Baton.BATON_TC_PRIORITY(), Baton.BATON_TC_HANDLE());
    return true;
  }

  private BpfProgram program(MemorySegment name) {
    return object.program(name.getString(0));
  }

  /** The flow entries. */
  public BpfMap flows() {
    return object.map(Baton.BATON_MAP_FLOWS().getString(0));
  }

  /** The flows whose replay is unfinished. */
  public BpfMap replays() {
    return object.map(Baton.BATON_MAP_REPLAYS().getString(0));
  }

  /** The data plane's counters, by reason. */
  public BpfMap counters() {
    return object.map(Baton.BATON_MAP_COUNTERS().getString(0));
  }

  /** The ring of an event loop. */
  public BpfMap ring(int index) {
    return rings.get(index);
  }

  /** 16 bytes that outlive controllers. */
  public byte[] secret() {
    return secret.clone();
  }

  /** The interface towards clients. */
  public Link publicLink() {
    return publicLink;
  }

  /** This host's own addresses. */
  public LocalAddresses localAddresses() {
    return localAddresses;
  }

  /** The interface towards targets. */
  public Link clusterLink() {
    return clusterLink;
  }

  private static byte[] read(String resource) {
    try (InputStream in = DataPath.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException(
            "the eBPF object " + resource + " is not on the class path");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Lets go of maps and programs; what is pinned and attached stays. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      rings.reversed().forEach(BpfMap::close);
      object.close();
    }
  }
}

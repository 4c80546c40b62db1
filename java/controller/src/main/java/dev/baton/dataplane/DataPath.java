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
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The programs and maps of a running controller. Maps are pinned and found again, so a new
 * controller goes on with the flows of the old one; programs are replaced in place. Closing it
 * leaves all of that in the kernel, so that living flows go on: {@link Detach} removes it.
 */
public final class DataPath implements AutoCloseable {
  static final String FLOWS = Baton.BATON_MAP_FLOWS().getString(0);
  static final String REPLAYS = Baton.BATON_MAP_REPLAYS().getString(0);
  static final String RINGS = Baton.BATON_MAP_RINGS().getString(0);
  static final String COUNTERS = Baton.BATON_MAP_COUNTERS().getString(0);
  static final String HOST = Baton.BATON_MAP_HOST().getString(0);
  static final String LINKS = Baton.BATON_MAP_LINKS().getString(0);

  /** The names of the pinned maps, those of earlier schemas among them. */
  static final List<String> MAPS = List.of(FLOWS, REPLAYS, RINGS, COUNTERS, HOST, LINKS);

  private static final Logger LOG = LoggerFactory.getLogger(DataPath.class);
  private static final String OBJECT = "/dev/baton/bpf/baton_tc.bpf.o";
  private static final int RING_BYTES = 1 << 20;
  private static final int SECRET_BYTES = 16;
  private static final int PRIORITY_STEP = 0x10;

  private final BpfObject object;
  private final BatonConfig config;
  private final List<BpfMap> rings = new ArrayList<>();
  private final List<OldSchema> oldSchemas = new ArrayList<>();
  private volatile Link publicLink;
  private volatile Link clusterLink;
  private final LocalAddresses localAddresses = new LocalAddresses();
  private final byte[] secret = new byte[SECRET_BYTES];
  private @Nullable XdpPlane xdp;
  private @Nullable SourceLists lists;
  private boolean closed;

  private DataPath(BpfObject object, BatonConfig config, Link publicLink, Link clusterLink) {
    this.object = object;
    this.config = config;
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
    if (!BpfFs.isBpfFs(pins)) {
      BpfFs.ensure(config.pinPath()); // all schemas' maps in one file system
    }
    BpfFs.ensure(pins);
    BpfObject object = BpfObject.open(read(OBJECT), "baton_tc");
    DataPath path = new DataPath(object, config, publicLink, clusterLink);
    try {
      path.oldSchemas.addAll(OldSchema.find(config));
      path.prepareMaps(pins, config.limits().maxFlows());
      object.load();
      for (int i = 0; i < config.eventLoops(); i++) {
        path.addRing(i);
      }
      removeRings(object.map(RINGS), config.eventLoops());
      path.oldSchemas.forEach(OldSchema::removeRings);
      path.initializeHost();
      path.lists = SourceLists.start(object, config.lists().orElse(null), config.listen());
      path.attach();
      path.xdp = XdpPlane.start(config.dataPlane(), object, path.links());
      return path;
    } catch (RuntimeException e) {
      path.close();
      throw e;
    }
  }

  /** Where a configuration's maps are pinned: the schema is part of the path. */
  public static Path pins(BatonConfig config) {
    return pins(config, Baton.BATON_SCHEMA());
  }

  static Path pins(BatonConfig config, int schema) {
    return config.pinPath().resolve("v" + schema);
  }

  /** Whether an earlier controller's maps are there, of this schema. */
  public static boolean isPinned(BatonConfig config) {
    return BpfMap.isPinned(pins(config).resolve(FLOWS));
  }

  /** Whether an earlier controller's maps are there, of whatever schema. */
  public static boolean isAnythingPinned(BatonConfig config) {
    return !OldSchema.pinned(config.pinPath()).isEmpty();
  }

  /** A schema's place among the filters; see BATON_TC_PRIORITY. */
  static int priority(int schema) {
    return Baton.BATON_TC_PRIORITY() + PRIORITY_STEP * (Baton.BATON_SCHEMA() - schema);
  }

  private void prepareMaps(Path pins, int maxFlows) {
    for (String map : MAPS) {
      object.setPinPath(map, pins.resolve(map));
    }
    Optional<BpfMap> living = BpfMap.tryOpenPinned(pins.resolve(FLOWS));
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
    object.setMaxEntries(FLOWS, entries);
  }

  private void addRing(int index) {
    BpfMap ring = BpfMap.create(LibBpf.BPF_MAP_TYPE_RINGBUF(), "baton_ring", 0, 0, RING_BYTES, 0);
    rings.add(ring);
    object.map(RINGS).update(index, ring);
  }

  /**
   * The rings from {@code first} on: a controller that had more loops left them. Only those that
   * are there, for the kernel waits for its programs after each.
   */
  static void removeRings(BpfMap rings, int first) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment key = arena.allocate(ValueLayout.JAVA_INT);
      MemorySegment id = arena.allocate(ValueLayout.JAVA_INT);
      for (int i = first; i < rings.maxEntries(); i++) {
        key.set(ValueLayout.JAVA_INT, 0, i);
        if (rings.lookup(key, id)) {
          rings.delete(key);
        }
      }
    }
  }

  private void initializeHost() {
    updateHost(host -> {
      if (baton_host.schema(host) == 0) {
        new SecureRandom().nextBytes(secret);
        MemorySegment.copy(secret, 0, host, ValueLayout.JAVA_BYTE, 0, SECRET_BYTES);
        if (!oldSchemas.isEmpty()) {
          oldSchemas.getFirst().inheritHost(host);
        }
        baton_host.schema(host, Baton.BATON_SCHEMA());
      }
      MemorySegment.copy(host, ValueLayout.JAVA_BYTE, 0, secret, 0, SECRET_BYTES);
    });
  }

  private void attach() {
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
    BpfMap map = object.map(HOST);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment key = arena.allocate(ValueLayout.JAVA_INT);
      MemorySegment host = arena.allocate(baton_host.layout());
      map.lookup(key, host);
      change.accept(host);
      map.update(key, host, LibBpf.BPF_ANY());
    }
  }

  /**
   * Looks at both interfaces: follows their index, MTU and MAC, and attaches whatever is not, or no
   * longer, attached. One that is gone is waited for; entries that name its old index end.
   *
   * @return what had changed, for the log; empty: nothing
   */
  public List<String> watch() {
    List<String> changes = new ArrayList<>();
    publicLink = look(publicLink, changes);
    clusterLink = sameName() ? publicLink : look(clusterLink, changes);
    if (renew()) {
      changes.add("a program of ours was missing");
    }
    return changes;
  }

  private boolean sameName() {
    return publicLink.name().equals(clusterLink.name());
  }

  private static Link look(Link before, List<String> changes) {
    Link now = Link.tryFind(before.name()).orElse(before.gone());
    if (!now.equals(before)) {
      changes.add(before + " is now " + now);
    }
    return now;
  }

  /** Attaches whatever is not, or no longer, attached; true: something was missing. */
  public boolean renew() {
    boolean missing = xdp != null && xdp.renew(links());
    missing |= renew(publicLink, true);
    return (!sameName() && renew(clusterLink, false)) || missing;
  }

  private List<Link> links() {
    return sameName() ? List.of(publicLink) : List.of(publicLink, clusterLink);
  }

  /** What runs: {@code tc}, {@code xdp} or {@code xdp-generic}. */
  public String choice() {
    return Objects.requireNonNull(xdp).choice();
  }

  /** Why it is that. */
  public String choiceReason() {
    return Objects.requireNonNull(xdp).reason();
  }

  private boolean renew(Link link, boolean isPublic) {
    if (!link.isThere()) {
      return false;
    }
    boolean ingress =
        renew(link, isPublic, Direction.INGRESS, program(Baton.BATON_PROGRAM_INGRESS()));
    return renew(link, isPublic, Direction.EGRESS, program(Baton.BATON_PROGRAM_GUARD())) || ingress;
  }

  private boolean renew(Link link, boolean isPublic, Direction direction, BpfProgram program) {
    Optional<Integer> attached =
        TcHook.query(link.index(), direction, Baton.BATON_TC_PRIORITY(), Baton.BATON_TC_HANDLE());
    if (attached.isPresent() && attached.get() == program.id()) {
      return false;
    }
    if (TcHook.createClsact(link.index())) {
      rememberClsact(isPublic || sameName(), !isPublic || sameName());
    }
    TcHook.attach(
        link.index(), direction, program, Baton.BATON_TC_PRIORITY(), Baton.BATON_TC_HANDLE());
    return true;
  }

  /** Earlier schemas whose flows still live. */
  public List<OldSchema> oldSchemas() {
    return List.copyOf(oldSchemas);
  }

  /** An earlier schema has no flows any more: its filters and maps go. For one thread. */
  public void retire(OldSchema old) {
    oldSchemas.remove(old);
    old.close();
    Detach.schema(config, old.number());
  }

  private BpfProgram program(MemorySegment name) {
    return object.program(name.getString(0));
  }

  /** This schema's flows, for those who clear up. */
  public FlowMaps flowMaps() {
    return FlowMaps.ofThisSchema(flows(), replays());
  }

  /** The flow entries. */
  public BpfMap flows() {
    return object.map(FLOWS);
  }

  /** The flows whose replay is unfinished. */
  public BpfMap replays() {
    return object.map(REPLAYS);
  }

  /** The data plane's counters, by reason. */
  public BpfMap counters() {
    return object.map(COUNTERS);
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

  /** Whose connections are taken. */
  public SourceLists lists() {
    return Objects.requireNonNull(lists);
  }

  /** The interface towards targets. */
  public Link clusterLink() {
    return clusterLink;
  }

  static byte[] read(String resource) {
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
      oldSchemas.forEach(OldSchema::close);
      rings.reversed().forEach(BpfMap::close);
      if (xdp != null) {
        xdp.close();
      }
      if (lists != null) {
        lists.close();
      }
      object.close();
    }
  }
}

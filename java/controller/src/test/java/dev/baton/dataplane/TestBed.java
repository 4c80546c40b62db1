package dev.baton.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.address.Ip;
import dev.baton.bindings.flow.Baton;
import dev.baton.bindings.flow.baton_event;
import dev.baton.bindings.flow.baton_flow;
import dev.baton.bindings.flow.baton_flow_state;
import dev.baton.bindings.flow.baton_link;
import dev.baton.bindings.flow.baton_replay;
import dev.baton.bindings.libbpf.LibBpf;
import dev.baton.bindings.libbpf.bpf_test_run_opts;
import dev.baton.bpf.BpfMap;
import dev.baton.bpf.BpfObject;
import dev.baton.bpf.BpfProgram;
import dev.baton.bpf.RingBuffer;
import dev.baton.bpf.SkbContext;
import dev.baton.bpf.TestRun;
import dev.baton.config.Listen;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The built programs, loaded with maps of their own that nothing pins, and run packet by packet
 * (BPF_PROG_TEST_RUN). A redirect is decided but not carried out.
 */
final class TestBed implements AutoCloseable {
  static final int UNSPEC = -1;
  static final int DROP = 2;
  static final int REDIRECT = 7;

  private static final int RING_BYTES = 1 << 20;
  private static final int TEST_CHECKSUM_COMPLETE = 1 << 2; // BPF_F_TEST_SKB_CHECKSUM_COMPLETE

  private final BpfObject object = BpfObject.open(objectFile("baton_tc"), "baton_tc");
  private final BpfObject xdpObject = BpfObject.open(objectFile("baton_xdp"), "baton_xdp");
  private final BpfMap ringMap;
  private final RingBuffer ring;
  private final BpfProgram ingress;
  private final BpfProgram guard;
  private final BpfProgram xdp;
  private final BpfMap links;
  private final BpfMap flows;
  private final BpfMap replays;
  private final BpfMap counters;
  private final List<Event> events = new ArrayList<>();
  private Family family = Family.V4;
  private final MemorySegment newest = Arena.ofAuto().allocate(baton_event.layout());

  /**
   * What came of a packet.
   *
   * @param counted by reason, only what this packet changed
   * @param mark that it left with
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Outcome(
      int verdict, byte[] frame, int mark, Map<Integer, Long> counted, List<Event> events) {}

  TestBed() {
    object.setMaxEntries(Baton.BATON_MAP_FLOWS().getString(0), 64);
    object.load();
    flows = object.map(Baton.BATON_MAP_FLOWS().getString(0));
    replays = object.map(Baton.BATON_MAP_REPLAYS().getString(0));
    counters = object.map(Baton.BATON_MAP_COUNTERS().getString(0));
    ingress = object.program(Baton.BATON_PROGRAM_INGRESS().getString(0));
    guard = object.program(Baton.BATON_PROGRAM_GUARD().getString(0));
    links = object.map(Baton.BATON_MAP_LINKS().getString(0));
    for (MemorySegment name : sharedMaps()) {
      xdpObject.reuse(name.getString(0), object.map(name.getString(0)));
    }
    xdpObject.load();
    xdp = xdpObject.program(Baton.BATON_PROGRAM_XDP().getString(0));
    ringMap = BpfMap.create(LibBpf.BPF_MAP_TYPE_RINGBUF(), "test_ring", 0, 0, RING_BYTES, 0);
    object.map(Baton.BATON_MAP_RINGS().getString(0)).update(0, ringMap);
    ring = new RingBuffer(ringMap, this::keep);
  }

  private static List<MemorySegment> sharedMaps() {
    return List.of(
        Baton.BATON_MAP_FLOWS(),
        Baton.BATON_MAP_REPLAYS(),
        Baton.BATON_MAP_RINGS(),
        Baton.BATON_MAP_COUNTERS(),
        Baton.BATON_MAP_HOST(),
        Baton.BATON_MAP_LINKS());
  }

  /** What packets and entries speak from now on. */
  void family(Family spoken) {
    family = spoken;
  }

  Family family() {
    return family;
  }

  private void keep(MemorySegment data) {
    newest.copyFrom(data);
    events.add(Event.of(data));
  }

  /** The object file of the programs under tc as the build made it. */
  static byte[] objectFile() {
    return objectFile("baton_tc");
  }

  private static byte[] objectFile(String name) {
    return resource("/dev/baton/bpf/" + name + ".bpf.o");
  }

  /** An object file as the build made it. */
  static byte[] resource(String resource) {
    try (InputStream in = TestBed.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new AssertionError(resource + " is missing: did the build compile it?");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  BpfMap flows() {
    return flows;
  }

  BpfMap replays() {
    return replays;
  }

  /** Empties the maps, but for the counters, which are only ever compared. */
  void clear() {
    empty(flows);
    empty(replays);
    empty(object.map("baton_doors"));
    link(Baton.BATON_TO_TARGET(), 0, 0);
    link(Baton.BATON_TO_CLIENT(), 0, 0);
    ring.consume();
    events.clear();
  }

  private static void empty(BpfMap map) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment key = arena.allocate(map.keySize(), 8);
      while (map.nextKey(null, key)) {
        assertThat(map.delete(key)).isTrue();
      }
    }
  }

  void put(Entry... entries) {
    for (Entry entry : entries) {
      assertThat(flows.update(entry.in(family).key, entry.value, LibBpf.BPF_ANY())).isZero();
    }
  }

  /** Marks the flow's replay as unfinished. */
  void putReplay(Entry toClient) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment replay = arena.allocate(baton_replay.layout());
      assertThat(replays.update(toClient.in(family).key, replay, LibBpf.BPF_ANY())).isZero();
    }
  }

  void endReplay(Entry toClient) {
    assertThat(replays.delete(toClient.in(family).key)).isTrue();
  }

  /** What the entry holds now; what user space wrote must be as it was. */
  Optional<State> find(Entry entry) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(baton_flow.layout());
      if (!flows.lookup(entry.in(family).key, value)) {
        return Optional.empty();
      }
      assertThat(Entry.written(value)).isEqualTo(Entry.written(entry.value));
      return Optional.of(State.of(baton_flow.state(value)));
    }
  }

  /** The next hop as the entry has it now. */
  long hop(Entry entry) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(baton_flow.layout());
      assertThat(flows.lookup(entry.in(family).key, value)).isTrue();
      return baton_flow_state.hop(baton_flow.state(value));
    }
  }

  State state(Entry entry) {
    return find(entry).orElseThrow();
  }

  /** An address of the family that is spoken, as text. */
  String address(int number) {
    try {
      return Ip.of(InetAddress.getByAddress(family.address(number))).toString();
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  /** The lists as the controller fills them in; what was there before goes. */
  SourceLists lists(Path file, List<Listen> listeners) {
    empty(object.map("baton_doors"));
    return SourceLists.start(object, file, listeners);
  }

  /** Something arrives. */
  Outcome arrives(Packet packet) {
    return run(ingress, packet.frame(family), new SkbContext());
  }

  /** An ICMP error arrives. */
  Outcome arrives(IcmpError error) {
    return run(ingress, error.frame(family), new SkbContext());
  }

  /** A frame arrives as it is. */
  Outcome arrives(byte[] frame) {
    return run(ingress, frame, new SkbContext());
  }

  /** Something arrives at an interface with XDP; there is no mark yet. */
  Outcome arrivesAtXdp(Packet packet) {
    return run(xdp, packet.frame(family), null);
  }

  /** Something arrives through another program, which hands it on to the one on ingress. */
  Outcome arrivesThrough(BpfProgram first, BpfMap next, Packet packet, SkbContext context) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment index = arena.allocateFrom(ValueLayout.JAVA_INT, 0);
      MemorySegment fd = arena.allocateFrom(ValueLayout.JAVA_INT, ingress.fd());
      assertThat(next.update(index, fd, LibBpf.BPF_ANY())).isZero();
    }
    return run(first, packet.frame(family), context);
  }

  /** XDP is in use where a direction's packets leave. */
  void link(int direction, int index, long mac) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment key = arena.allocateFrom(ValueLayout.JAVA_INT, direction);
      MemorySegment link = arena.allocate(baton_link.layout());
      baton_link.index(link, index);
      baton_link.mac(link, mac);
      assertThat(links.update(key, link, LibBpf.BPF_ANY())).isZero();
    }
  }

  /** A super-packet arrives, of so many segments. */
  Outcome arrives(Packet packet, int segmentSize, int segments) {
    return run(ingress, packet.frame(family), new SkbContext().gso(segmentSize, segments));
  }

  /** A packet that is certainly translated, with nothing else looked at: for long loops. */
  byte[] forward(Packet packet) {
    TestRun run = ingress.testRun(packet.frame(family));
    assertThat(run.returnValue()).isEqualTo(REDIRECT);
    return run.data();
  }

  /**
   * A packet arrives from a network card that has summed all of it (CHECKSUM_COMPLETE), and is
   * translated; the kernel compares its own sum with what the program left of the card's.
   *
   * @return 0; −EBADMSG when the sum is wrong afterwards; −EINVAL before Linux 6.11
   */
  int arrivesSummed(Packet packet) {
    return arrivesSummed(packet.frame(family));
  }

  /** Likewise. */
  int arrivesSummed(byte[] frame) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment opts = bpf_test_run_opts.allocate(arena);
      bpf_test_run_opts.sz(opts, opts.byteSize());
      bpf_test_run_opts.data_in(opts, arena.allocateFrom(ValueLayout.JAVA_BYTE, frame));
      bpf_test_run_opts.data_size_in(opts, frame.length);
      bpf_test_run_opts.repeat(opts, 1);
      bpf_test_run_opts.flags(opts, TEST_CHECKSUM_COMPLETE);
      int result = LibBpf.bpf_prog_test_run_opts(ingress.fd(), opts);
      assertThat(result < 0 || bpf_test_run_opts.retval(opts) == REDIRECT).isTrue();
      return result;
    }
  }

  /** The same packet arrives so often; the events stay in the ring. */
  void arrivesOften(Packet packet, int times) {
    assertThat(ingress.testRun(packet.frame(family), new byte[0], times).returnValue())
        .isEqualTo(DROP);
  }

  /** Something is about to leave, with a mark. */
  Outcome leaves(Packet packet, int mark) {
    return run(guard, packet.frame(family), new SkbContext().mark(mark));
  }

  private Outcome run(BpfProgram program, byte[] frame, @Nullable SkbContext context) {
    long[] before = count();
    TestRun run = program.testRun(frame, context == null ? new byte[0] : context.toBytes());
    long[] after = count();
    Map<Integer, Long> counted = new TreeMap<>();
    for (int reason = 0; reason < after.length; reason++) {
      if (after[reason] != before[reason]) {
        counted.put(reason, after[reason] - before[reason]);
      }
    }
    return new Outcome(
        run.returnValue(), run.data(), SkbContext.of(run.context()).mark(), counted, events());
  }

  /** What stands in the ring; read once. */
  List<Event> events() {
    ring.consume();
    List<Event> got = List.copyOf(events);
    events.clear();
    return got;
  }

  /** The last event as it lay in the ring. */
  MemorySegment newestEvent() {
    return newest;
  }

  /** A counter's value. */
  long counter(int reason) {
    return counters.sumPerCpuLong(reason);
  }

  private long[] count() {
    long[] all = new long[Baton.BATON_REASON_KERNEL_MAX()];
    for (int reason = 0; reason < all.length; reason++) {
      all[reason] = counter(reason);
    }
    return all;
  }

  @Override
  public void close() {
    ring.close();
    ringMap.close();
    xdpObject.close();
    object.close();
  }
}

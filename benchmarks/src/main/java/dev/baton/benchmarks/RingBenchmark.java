package dev.baton.benchmarks;

import dev.baton.address.Ip;
import dev.baton.bindings.flow.Baton;
import dev.baton.bindings.libbpf.LibBpf;
import dev.baton.bpf.BpfMap;
import dev.baton.bpf.BpfObject;
import dev.baton.bpf.BpfProgram;
import dev.baton.bpf.RingBuffer;
import dev.baton.dataplane.FlowTable;
import dev.baton.dataplane.FlowTuple;
import dev.baton.dataplane.TargetEvent;
import dev.baton.net.Segment;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * From the data plane to Java: SYN,ACKs of targets run through {@code baton_ingress}
 * (BPF_PROG_TEST_RUN), which puts an event into the ring for each, and Java reads them. Needs
 * CAP_BPF and CAP_NET_ADMIN.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@State(Scope.Thread)
@SuppressWarnings("NullAway.Init") // set up before it is measured
public class RingBenchmark {
  private static final int EVENTS = 1000;
  private static final int RING_BYTES = 1 << 20;
  private static final int ETHERNET_HEADER = 14;
  private static final byte[] NOTHING = new byte[0];

  private final TargetEvent event = new TargetEvent();
  private BpfObject object;
  private BpfMap ringMap;
  private RingBuffer ring;
  private BpfProgram ingress;
  private FlowTable table;
  private byte[] frame;
  private int sum;

  /** Loads the programs; an entry waits for the SYN,ACK. */
  @Setup(Level.Trial)
  public void load() throws IOException {
    try (InputStream in =
        RingBenchmark.class.getResourceAsStream("/dev/baton/bpf/baton_tc.bpf.o")) {
      object = BpfObject.open(Objects.requireNonNull(in, "baton_tc").readAllBytes(), "baton_tc");
    }
    object.setMaxEntries(Baton.BATON_MAP_FLOWS().getString(0), 64);
    object.load();
    ringMap = BpfMap.create(LibBpf.BPF_MAP_TYPE_RINGBUF(), "bench_ring", 0, 0, RING_BYTES, 0);
    object.map(Baton.BATON_MAP_RINGS().getString(0)).update(0, ringMap);
    ring =
        new RingBuffer(
            ringMap, (RingBuffer.Handler) data -> sum += event.over(data).acknowledgment());
    ingress = object.program(Baton.BATON_PROGRAM_INGRESS().getString(0));
    FlowTuple tuple = tuple();
    table =
        new FlowTable(
            object.map(Baton.BATON_MAP_FLOWS().getString(0)),
            object.map(Baton.BATON_MAP_REPLAYS().getString(0)),
            1,
            0);
    if (table.putPending(tuple, 1, 1000, 1, Long.MAX_VALUE) < 0) {
      throw new IllegalStateException("the map refuses an entry");
    }
    frame = synAck(tuple);
  }

  private static FlowTuple tuple() {
    FlowTuple tuple = new FlowTuple();
    tuple.client.setV4(0x0a000102);
    tuple.clientPort = 40_000;
    tuple.listener.setV4(0x0a000101);
    tuple.listenerPort = 80;
    tuple.own.setV4(0x0a000201);
    tuple.ownPort = 10_000;
    tuple.target.setV4(0x0a00020b);
    tuple.targetPort = 80;
    tuple.publicInterface = 1; // where test runs come from
    tuple.clusterInterface = 1;
    return tuple;
  }

  private static byte[] synAck(FlowTuple tuple) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment packet = arena.allocate(256, 8);
      Segment segment = new Segment();
      segment
          .clear()
          .between(new Ip().set(tuple.target), tuple.targetPort, tuple.own, tuple.ownPort)
          .sequence(5000)
          .acknowledgment(1001)
          .flags(Segment.SYN | Segment.ACK)
          .window(64_240)
          .mss(1460)
          .windowScale(7)
          .sackPermitted(true)
          .timestamps(1, 2);
      int length = segment.write(packet, MemorySegment.NULL, 0, 0);
      byte[] frame = new byte[ETHERNET_HEADER + length];
      frame[12] = 8; // IPv4
      MemorySegment.copy(packet, ValueLayout.JAVA_BYTE, 0, frame, ETHERNET_HEADER, length);
      return frame;
    }
  }

  /** Unloads them. */
  @TearDown(Level.Trial)
  public void close() {
    table.close();
    ring.close();
    ringMap.close();
    object.close();
  }

  /** The program, the event, and Java's reading of it, all but the kernel's own way of packets. */
  @Benchmark
  @OperationsPerInvocation(EVENTS)
  public int eventToJava() {
    ingress.testRun(frame, NOTHING, EVENTS);
    int got = ring.consume();
    if (got != EVENTS) {
      throw new IllegalStateException(got + " events of " + EVENTS);
    }
    return sum;
  }
}

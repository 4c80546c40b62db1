package dev.baton.benchmarks;

import dev.baton.address.Ip;
import dev.baton.bindings.flow.baton_flow;
import dev.baton.bindings.flow.baton_flow_key;
import dev.baton.bindings.flow.baton_replay;
import dev.baton.bindings.libbpf.LibBpf;
import dev.baton.bpf.BpfMap;
import dev.baton.dataplane.FlowTable;
import dev.baton.dataplane.FlowTuple;
import dev.baton.dataplane.Translation;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Puts pairs of entries into the kernel's flow map, as a handoff does, and reads them, beside so
 * many others that are there. Needs CAP_BPF. The entries are made up: no connection is behind them.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@State(Scope.Thread)
@SuppressWarnings("NullAway.Init") // set up before it is measured
public class FlowMapBenchmark {
  private static final int FIRST_PORT = 1024;
  private static final int PORTS = 32_768;
  private static final int CLIENTS = 0x0a100000;

  /** Entries that are in the map already; a flow has two. */
  @Param({"0", "1000000"})
  public int entries;

  private final FlowTuple tuple = new FlowTuple();
  private final Translation translation = new Translation();
  private final Arena arena = Arena.ofShared();
  private final MemorySegment keys = arena.allocate(baton_flow_key.layout(), 2);
  private final MemorySegment values = arena.allocate(baton_flow.layout(), 2);
  private BpfMap flows;
  private BpfMap replays;
  private FlowTable table;
  private int next;

  /** Makes the maps, with the sizes and the kind of the controller's. */
  @Setup(Level.Trial)
  public void fill() {
    flows =
        BpfMap.create(
            LibBpf.BPF_MAP_TYPE_HASH(),
            "bench_flows",
            (int) baton_flow_key.layout().byteSize(),
            (int) baton_flow.layout().byteSize(),
            2_097_152,
            BpfMap.NO_PREALLOC);
    replays =
        BpfMap.create(
            LibBpf.BPF_MAP_TYPE_HASH(),
            "bench_replays",
            (int) baton_flow_key.layout().byteSize(),
            (int) baton_replay.layout().byteSize(),
            65_536,
            BpfMap.NO_PREALLOC);
    table = new FlowTable(flows, replays, 1, 0);
    for (int i = 0; i < entries / 2; i++) {
      address(i);
      check(table.putToClient(tuple, translation, i, i));
      table.endReplay(tuple);
      check(table.putToTarget(tuple, translation, i, i));
    }
    next = entries / 2;
  }

  /** Gives them back. */
  @TearDown(Level.Trial)
  public void close() {
    table.close();
    replays.close();
    flows.close();
    arena.close();
  }

  /** A client of its own for each number, and a port of one of many targets. */
  private void address(int number) {
    tuple.client.setV4(CLIENTS + number / PORTS);
    tuple.clientPort = FIRST_PORT + number % PORTS;
    tuple.listener.setV4(0x0a000101);
    tuple.listenerPort = 80;
    tuple.own.setV4(0x0a000201);
    tuple.ownPort = FIRST_PORT + number % PORTS;
    tuple.target.setV4(0x0a010000 + number / PORTS);
    tuple.targetPort = 80;
  }

  private static void check(int result) {
    if (result < 0) {
      throw new IllegalStateException("the map refuses an entry: " + result);
    }
  }

  /** Both entries and the replay's mark, then all three taken away: six system calls. */
  @Benchmark
  public int putAndRemovePair() {
    address(next);
    int result = table.putToClient(tuple, translation, 1, 1);
    result |= table.putToTarget(tuple, translation, 1, 1);
    table.endReplay(tuple);
    table.remove(tuple);
    return result;
  }

  /** Two entries by one system call each way: what batches would save. */
  @Benchmark
  public int putAndRemoveBatch() {
    key(0, CLIENTS + next, 80);
    key(1, CLIENTS + next, 81);
    int result = flows.updateBatch(keys, values, 2, BpfMap.ANY);
    return result + flows.deleteBatch(keys, 2);
  }

  private void key(int index, int address, int port) {
    MemorySegment key = baton_flow_key.asSlice(keys, index);
    baton_flow_key.sport(key, (short) port);
    Ip ip = tuple.client.setV4(address);
    ip.write(key, baton_flow_key.saddr$offset());
  }

  /** One entry read, of those that are there, in no order. */
  @Benchmark
  public boolean find() {
    next = next * 1_103_515_245 + 12_345;
    address(Integer.remainderUnsigned(next >>> 8, Math.max(entries / 2, 1)));
    return table.readToTarget(tuple);
  }
}

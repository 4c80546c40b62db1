package dev.baton.benchmarks;

import dev.baton.address.Ip;
import dev.baton.net.Segment;
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
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Builds what a handoff sends, checksums included: the SYN, and a full segment of backlog. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@State(Scope.Thread)
public class SegmentBenchmark {
  private static final Ip CLIENT = new Ip().setV4(0x0a000102);
  private static final Ip OWN = new Ip().setV4(0x0a000201);
  private static final Ip TARGET = new Ip().setV4(0x0a00020b);
  private static final int PAYLOAD = 1448;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment packet = arena.allocate(2048, 8);
  private final MemorySegment payload = arena.allocate(PAYLOAD, 8);
  private final Segment segment = new Segment();
  private int sequence;

  /** Frees the packet. */
  @TearDown(Level.Trial)
  public void free() {
    arena.close();
  }

  /** The SYN with the REDIRECT option. */
  @Benchmark
  public int redirectSyn() {
    segment
        .clear()
        .between(OWN, 10_000, TARGET, 80)
        .sequence(sequence++)
        .acknowledgment(1)
        .flags(Segment.SYN)
        .window(64_240)
        .urgentPointer(40_000)
        .mss(1460)
        .windowScale(10)
        .sackPermitted(true)
        .timestamps(1, 2)
        .redirect(CLIENT, 10);
    return segment.write(packet, MemorySegment.NULL, 0, 0);
  }

  /** 1448 bytes of backlog. */
  @Benchmark
  public int replaySegment() {
    segment
        .clear()
        .between(OWN, 10_000, TARGET, 80)
        .sequence(sequence++)
        .acknowledgment(1)
        .flags(Segment.ACK | Segment.PSH)
        .window(64_240)
        .timestamps(1, 2);
    return segment.write(packet, payload, 0, PAYLOAD);
  }
}

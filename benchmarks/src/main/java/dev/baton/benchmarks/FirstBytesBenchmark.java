package dev.baton.benchmarks;

import dev.baton.config.Protocol;
import dev.baton.front.FirstBytes;
import dev.baton.head.HeadParser;
import dev.baton.http.HostCache;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
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
 * Reads a connection's first bytes as an event loop does at a listener that takes every protocol:
 * which one it is, its whole head, its host.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@State(Scope.Thread)
public class FirstBytesBenchmark {
  private static final int LIMIT = 16_384;

  /** What has come: a browser's request of about 500 bytes, two captured ClientHellos. */
  @Param({"http-500", "curl-7.88-openssl-3.0", "chromium-156"})
  String sample = "http-500";

  /** In how many pieces it arrives. */
  @Param({"1", "2"})
  int pieces = 1;

  private final Arena arena = Arena.ofShared();
  private final FirstBytes parser = new FirstBytes(LIMIT, new HostCache());
  private MemorySegment buffer = MemorySegment.NULL;
  private int length;

  /** The bytes, in native memory as on an event loop. */
  @Setup(Level.Trial)
  public void fill() throws IOException {
    byte[] bytes = sample.startsWith("http") ? RequestHeadBenchmark.head() : captured(sample);
    length = bytes.length;
    buffer = arena.allocate(LIMIT);
    MemorySegment.copy(bytes, 0, buffer, ValueLayout.JAVA_BYTE, 0, length);
  }

  private static byte[] captured(String name) throws IOException {
    String path = "/clienthello/" + name + ".bin";
    try (InputStream in = FirstBytesBenchmark.class.getResourceAsStream(path)) {
      if (in == null) {
        throw new IOException("no " + path);
      }
      return in.readAllBytes();
    }
  }

  /** Frees it. */
  @TearDown(Level.Trial)
  public void free() {
    arena.close();
  }

  /** One connection. */
  @Benchmark
  public Object read() {
    parser.reset();
    parser.expect(Protocol.AUTO, false);
    for (int piece = 1; piece < pieces; piece++) {
      parser.parse(buffer, (long) length * piece / pieces);
    }
    if (parser.parse(buffer, length) != HeadParser.Result.COMPLETE) {
      throw new AssertionError("it is refused: " + parser.reason());
    }
    String host = parser.host();
    return host == null ? "" : host;
  }
}

package dev.baton.benchmarks;

import dev.baton.http.HostCache;
import dev.baton.http.RequestHeadParser;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
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

/** Parses a browser's request head of about 500 bytes, whole and in two pieces. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@State(Scope.Thread)
public class RequestHeadBenchmark {
  private static final String HEAD =
      """
      GET /articles/2026/how-connections-move?ref=front HTTP/1.1
      Host: www.example.com
      User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36
      Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8
      Accept-Language: en-GB,en;q=0.9
      Accept-Encoding: gzip, deflate, br, zstd
      Cache-Control: max-age=0
      Upgrade-Insecure-Requests: 1
      Connection: keep-alive

      """
          .replace("\n", "\r\n");

  private static final int LIMIT = 16_384;

  /** In how many pieces the head arrives. */
  @Param({"1", "2"})
  int pieces = 1;

  private final Arena arena = Arena.ofShared();
  private final RequestHeadParser parser = new RequestHeadParser(LIMIT, new HostCache());
  private MemorySegment buffer = MemorySegment.NULL;
  private int length;

  /** A browser's request head of about 500 bytes. */
  static byte[] head() {
    return HEAD.getBytes(StandardCharsets.US_ASCII);
  }

  /** The head, in native memory as on an event loop. */
  @Setup(Level.Trial)
  public void fill() {
    byte[] bytes = head();
    length = bytes.length;
    buffer = arena.allocate(LIMIT);
    MemorySegment.copy(bytes, 0, buffer, ValueLayout.JAVA_BYTE, 0, length);
  }

  /** Frees it. */
  @TearDown(Level.Trial)
  public void free() {
    arena.close();
  }

  /** One head. */
  @Benchmark
  public Object parse() {
    parser.reset();
    for (int piece = 1; piece < pieces; piece++) {
      parser.parse(buffer, (long) length * piece / pieces);
    }
    if (parser.parse(buffer, length) != RequestHeadParser.Result.COMPLETE) {
      throw new AssertionError("the head is " + parser.problem());
    }
    String host = parser.host();
    return host == null ? "" : host;
  }
}

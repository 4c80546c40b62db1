package dev.baton.compare;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.baton.lab.InNamespace;
import dev.baton.lab.Lab;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
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
 * What a client sees, over real namespaces with the real controller and nginx: a connection that is
 * handed off from its first packet to its last, and how fast bytes come through one that has been.
 * Needs root, nginx and what else a lab needs.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 10, time = 2)
@Fork(1)
@State(Scope.Thread)
@SuppressWarnings("NullAway.Init") // set up before it is measured
public class HandedOffBenchmark {
  private static final long MEBIBYTE = 1 << 20;
  private static final int BUFFER = 1 << 18;

  /** Whether Baton is in the middle, or the kernel forwards. */
  @Param({"baton", "forwarding"})
  public String way;

  private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
  private Lab store;
  private Way open;
  private SocketChannel kept;

  /** Opens the way, and one connection over it. */
  @Setup(Level.Trial)
  public void open() throws IOException {
    store = Lab.openDirect();
    Site site = new Site(store.folder().resolve("www"), MEBIBYTE);
    site.write();
    open = new Ways(site).open(way.equals("baton") ? Kind.BATON : Kind.FORWARDING);
    InNamespace.enter(open.client());
    kept = connect();
  }

  /** Takes all away. */
  @TearDown(Level.Trial)
  public void close() throws IOException {
    kept.close();
    open.close();
    store.close();
  }

  private SocketChannel connect() throws IOException {
    return SocketChannel.open(new InetSocketAddress(open.address(), Site.HTTP));
  }

  /** A connection, a request, 1 kB back, and the connection's end. */
  @Benchmark
  public long wholeConnection() throws IOException {
    try (SocketChannel channel = connect()) {
      ask(channel, "1k", "close");
      long bytes = 0;
      for (int got = read(channel); got >= 0; got = read(channel)) {
        bytes += got;
      }
      return checkLonger(bytes, 1_000);
    }
  }

  /** 64 MB over a connection that was handed off long ago. */
  @Benchmark
  public long sixtyFourMegabytes() throws IOException {
    ask(kept, "64m", "keep-alive");
    long wanted = 64_000_000;
    // The head, of some hundred bytes, comes first; the rest of the answer is the file alone.
    long bytes = 0;
    int head = -1;
    while (head < 0 || bytes < head + wanted) {
      int got = read(kept);
      if (got < 0) {
        throw new IOException("the connection ended after " + bytes + " bytes");
      }
      if (head < 0) {
        head = endOfHead(got);
      }
      bytes += got;
    }
    return checkLonger(bytes, wanted);
  }

  private int endOfHead(int length) throws IOException {
    for (int i = 0; i + 4 <= length; i++) {
      if (buffer.getInt(i) == 0x0d0a0d0a) {
        return i + 4;
      }
    }
    throw new IOException("the head did not come in one piece");
  }

  private void ask(SocketChannel channel, String object, String connection) throws IOException {
    byte[] request =
        "GET /%s HTTP/1.1\r\nHost: %s\r\nConnection: %s\r\n\r\n"
            .formatted(object, Site.NAME, connection)
            .getBytes(US_ASCII);
    channel.write(ByteBuffer.wrap(request));
  }

  private int read(SocketChannel channel) throws IOException {
    buffer.clear();
    return channel.read(buffer);
  }

  private static long checkLonger(long bytes, long least) throws IOException {
    if (bytes < least) {
      throw new IOException("only " + bytes + " bytes");
    }
    return bytes;
  }
}

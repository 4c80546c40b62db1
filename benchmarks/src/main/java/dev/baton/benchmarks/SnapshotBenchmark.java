package dev.baton.benchmarks;

import dev.baton.address.Ip;
import dev.baton.net.ClientLeg;
import dev.baton.net.Listener;
import dev.baton.net.SystemCalls;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Reads what the kernel knows of a client's connection, a real one over loopback. Needs
 * CAP_NET_ADMIN.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@State(Scope.Thread)
@SuppressWarnings("NullAway.Init") // set up before it is measured
public class SnapshotBenchmark {
  private SystemCalls calls;
  private Listener listener;
  private ClientLeg leg;
  private Socket client;
  private int fd;

  /** Connects. */
  @Setup(Level.Trial)
  public void connect() throws IOException {
    InetAddress loopback = InetAddress.ofLiteral("127.0.0.1");
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, loopback)) {
      port = free.getLocalPort();
    }
    calls = new SystemCalls();
    listener = new Listener(calls, Ip.of(loopback), port, false, 0, 16);
    leg = new ClientLeg(calls);
    client = new Socket();
    client.connect(new InetSocketAddress(loopback, port));
    client.getOutputStream().write(new byte[500]);
    do {
      fd = calls.accept(listener.fd());
    } while (fd < 0);
  }

  /** Hangs up. */
  @TearDown(Level.Trial)
  public void close() throws IOException {
    calls.close(fd);
    client.close();
    leg.close();
    listener.close();
    calls.close();
  }

  /** What a SYN to a target needs: the first of the two visits to the socket. */
  @Benchmark
  public int negotiated() {
    return check(leg.negotiated(fd));
  }

  /** Where both streams stand, the last visit before going live; and out of repair again. */
  @Benchmark
  public int snapshot() {
    check(leg.snapshot(fd));
    return check(leg.leaveRepair(fd));
  }

  private static int check(int result) {
    if (result < 0) {
      throw new IllegalStateException("the socket refuses: " + result);
    }
    return result;
  }
}

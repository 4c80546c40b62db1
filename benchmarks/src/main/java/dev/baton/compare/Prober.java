package dev.baton.compare;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.baton.lab.InNamespace;
import dev.baton.lab.LabException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;

/**
 * The time from before a connection is made to the first byte of its answer, as one client among
 * many sees it. Probes come at random times, whatever became of earlier ones, so they see what
 * there is on average; each of the threads waits for its own only.
 */
final class Prober {
  private static final int THREADS = 16;
  private static final double NANOS = 1e9;

  private Prober() {}

  /** Times to the first byte. */
  static final class Times {
    private final double[] sorted;

    private Times(double[] sorted) {
      this.sorted = sorted;
    }

    /**
     * One of them, in microseconds.
     *
     * @param part of all that are not longer; 0.5 for the median
     */
    double percentile(double part) {
      int index = (int) Math.ceil(part * sorted.length) - 1;
      return sorted[Math.clamp(index, 0, sorted.length - 1)];
    }
  }

  /**
   * Probes a way.
   *
   * @param object a small file
   * @param rate probes a second
   * @param seconds for how long
   * @throws LabException if a probe got no answer
   */
  static Times probe(Way way, String object, double rate, double seconds) {
    List<FutureTask<double[]>> all = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      all.add(
          InNamespace.start(
              way.client(), () -> series(way.address(), object, rate / THREADS, seconds)));
    }
    return new Times(
        all.stream().map(InNamespace::result).flatMapToDouble(Arrays::stream).sorted().toArray());
  }

  private static double[] series(String address, String object, double rate, double seconds)
      throws IOException {
    var server = new InetSocketAddress(address, Site.HTTP);
    byte[] request =
        "GET /%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"
            .formatted(object, Site.NAME)
            .getBytes(US_ASCII);
    ByteBuffer answer = ByteBuffer.allocateDirect(1 << 14);
    List<Double> times = new ArrayList<>();
    long end = System.nanoTime() + (long) (seconds * NANOS);
    long next = System.nanoTime() + pause(rate);
    while (next < end) {
      for (long left = next - System.nanoTime(); left > 0; left = next - System.nanoTime()) {
        LockSupport.parkNanos(left);
      }
      times.add(once(server, request, answer) / 1e3);
      // From now on, not from when it should have been: what is slow is not asked more often.
      next = System.nanoTime() + pause(rate);
    }
    return times.stream().mapToDouble(Double::doubleValue).toArray();
  }

  private static long pause(double rate) {
    return (long) (-Math.log(1 - ThreadLocalRandom.current().nextDouble()) / rate * NANOS);
  }

  private static long once(InetSocketAddress server, byte[] request, ByteBuffer answer)
      throws IOException {
    long start = System.nanoTime();
    try (SocketChannel channel = SocketChannel.open(server)) {
      channel.write(ByteBuffer.wrap(request));
      answer.clear();
      int first = channel.read(answer);
      long time = System.nanoTime() - start;
      if (first <= 0 || answer.get(0) != 'H') {
        throw new IOException("no answer from " + server);
      }
      do {
        answer.clear();
      } while (channel.read(answer) >= 0);
      return time;
    }
  }
}

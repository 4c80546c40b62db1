package dev.baton.demo;

import dev.baton.lab.Curl;
import dev.baton.lab.Forwarding;
import dev.baton.lab.Lab;
import dev.baton.lab.LabException;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Compares one handed-off connection with one over plain IP forwarding, on the same path, in turn.
 */
final class Throughput {
  static final int ROUNDS = 9;
  private static final Path NOWHERE = Path.of("/dev/null");

  private final Lab lab;
  private final Curl curl;
  private final String host;
  private final long bytes;

  /**
   * @param host a site on the lab's first target, which has a file {@code /bulk}
   * @param bytes its length
   */
  Throughput(Lab lab, Curl curl, String host, long bytes) {
    this.lab = lab;
    this.curl = curl;
    this.host = host;
    this.bytes = bytes;
  }

  /**
   * Gbit/s of both, and the median of the rounds' own ratios: what disturbs the machine for a while
   * disturbs both downloads of a round.
   */
  record Medians(double handedOff, double forwarded, double ratio) {}

  /**
   * Measures.
   *
   * @throws LabException if a download fails
   */
  Medians measure() {
    double[] handedOff = new double[ROUNDS];
    double[] forwarded = new double[ROUNDS];
    double[] ratios = new double[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
      try (Forwarding _ = lab.forward()) {
        forwarded[i] =
            gigabits("plain forwarding", curl.getDirect(lab.target(1), "/bulk", NOWHERE));
      }
      handedOff[i] = gigabits("handed off", curl.get(host, "/bulk", NOWHERE));
      ratios[i] = handedOff[i] / forwarded[i];
    }
    return new Medians(median(handedOff), median(forwarded), median(ratios));
  }

  private double gigabits(String what, Curl.Reply reply) {
    if (reply.exit() != 0 || reply.status() != 200 || reply.bytes() != bytes) {
      throw new LabException("%s: %s".formatted(what, reply));
    }
    return reply.gigabits();
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}

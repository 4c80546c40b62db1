package dev.baton.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.lab.Content;
import dev.baton.lab.Controller;
import dev.baton.lab.Curl;
import dev.baton.lab.Lab;
import dev.baton.lab.Nginx;
import dev.baton.lab.Target;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Transfers of one file in pairs: one handed off, one over a direct connection through the same
 * hosts, by turns. Each arrives whole, or the test fails. How many, and how many at a time, are the
 * properties {@code baton.loss.transfers} and {@code baton.loss.at-a-time}; with fewer than 100 the
 * times are too few to be compared closely, with fewer than 8 to be compared.
 */
final class Transfers {
  /** How many pairs. */
  static final int COUNT = Integer.getInteger("baton.loss.transfers", 8);

  private static final int AT_A_TIME = Integer.getInteger("baton.loss.at-a-time", 8);
  private static final int COMPARABLE = 100;
  private static final int FEW = 8;
  private static final double RATIO = 1.15;

  /** Medians of eight pairs have been seen at 0.7 and at 3.9, those of two hundred at 1.0. */
  private static final double FEW_RATIO = 4;

  private static final Duration LIMIT = Duration.ofMinutes(3);

  private final Controller controller;
  private final Curl curl;
  private final Target target;
  private final Path folder;
  private final String hash;

  /** Both connections' times of one transfer, seconds. */
  private record Pair(double handedOff, double direct) {}

  /** One transfer; gives its time in seconds, and fails if it did not arrive whole. */
  interface Transfer {
    double run(int number, boolean direct) throws Exception;
  }

  /**
   * Prepares a lab with one target: server, file, controller.
   *
   * @param size bytes of the file
   */
  Transfers(Combination combination, Lab lab, int size) throws Exception {
    target = lab.target(1);
    // Each connection for itself: nothing learned from those before it.
    lab.client().sysctl("net.ipv4.tcp_no_metrics_save", "1");
    target.namespace().sysctl("net.ipv4.tcp_no_metrics_save", "1");
    Nginx.start(lab, target, 80);
    Path file = target.files().resolve("file");
    Content.write(file, size, 11);
    controller = combination.start(lab);
    folder = Files.createDirectories(lab.folder().resolve("www").resolve("down"));
    curl = new Curl(lab, LIMIT, combination.family());
    hash = Content.sha256(file);
  }

  /** Of one download. */
  double download(int number, boolean direct) throws Exception {
    Path copy = folder.resolve(number + (direct ? "-direct" : ""));
    Curl.Reply reply =
        direct ? curl.getDirect(target, "/file", copy) : curl.get(Scene.SITE, "/file", copy);
    assertThat(reply.exit()).as(() -> said("download", number, reply)).isZero();
    assertThat(reply.status()).isEqualTo(200);
    return whole(copy, reply);
  }

  /** Of one upload. */
  double upload(int number, boolean direct) throws Exception {
    String file = target.files().resolve("file").toString();
    String path = "/up/" + number + (direct ? "-direct" : "");
    Curl.Reply reply =
        direct
            ? curl.getDirect(target, path, Scene.NOWHERE, "-T", file)
            : curl.get(Scene.SITE, path, Scene.NOWHERE, "-T", file);
    assertThat(reply.exit()).as(() -> said("upload", number, reply)).isZero();
    // Created; 204 when a retried request finds the file there.
    assertThat(reply.status()).isIn(201, 204);
    return whole(target.files().resolve(path.substring(1)), reply);
  }

  private String said(String what, int number, Curl.Reply reply) {
    String log = String.join("\n", controller.output());
    return "%s %d: %s; reasons %s; the controller's log: %s"
        .formatted(what, number, reply, new Told(controller).part("reasons"), log);
  }

  private double whole(Path copy, Curl.Reply reply) throws Exception {
    assertThat(Content.sha256(copy)).as("%s: %s", copy, reply).isEqualTo(hash);
    Files.delete(copy);
    return reply.seconds();
  }

  /** Runs all pairs, says how they went, and judges their times. */
  static void runAll(String what, Transfer transfer) throws Exception {
    List<Pair> pairs = pairs(transfer);
    double handedOff = median(pairs.stream().map(Pair::handedOff).toList());
    double direct = median(pairs.stream().map(Pair::direct).toList());
    System.out.printf(
        "%s: %d of %d whole; median %.3f s, direct %.3f s, ratio %.3f%n",
        what, pairs.size(), COUNT, handedOff, direct, handedOff / direct);
    assertThat(pairs).hasSize(COUNT);
    if (COUNT >= FEW) {
      assertThat(handedOff / direct)
          .as("median time against a direct connection's")
          .isLessThanOrEqualTo(areComparable() ? RATIO : FEW_RATIO);
    }
  }

  /** Whether there are enough for close comparisons. */
  static boolean areComparable() {
    return COUNT >= COMPARABLE;
  }

  private static List<Pair> pairs(Transfer transfer) throws Exception {
    try (ExecutorService workers = Executors.newFixedThreadPool(AT_A_TIME)) {
      List<Callable<Pair>> tasks = new ArrayList<>();
      for (int i = 0; i < COUNT; i++) {
        int number = i;
        tasks.add(() -> {
          // By turns, so that neither is always the first of a pair.
          if (number % 2 == 0) {
            double handedOff = transfer.run(number, false);
            return new Pair(handedOff, transfer.run(number, true));
          }
          double direct = transfer.run(number, true);
          return new Pair(transfer.run(number, false), direct);
        });
      }
      List<Pair> pairs = new ArrayList<>();
      for (Future<Pair> result : workers.invokeAll(tasks)) {
        pairs.add(result.get());
      }
      return pairs;
    }
  }

  private static double median(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    return sorted.get(sorted.size() / 2);
  }
}

package dev.baton.demo;

import dev.baton.lab.Child;
import dev.baton.lab.Controller;
import dev.baton.lab.Curl;
import dev.baton.lab.Lab;
import dev.baton.lab.LabException;
import dev.baton.lab.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Checks that nothing of a released flow passes through user space: by strace, by ss, and by the
 * controller's word.
 */
final class UserSpace {
  /** Of {@code baton status --json}: payload the controller sent between go-live and release. */
  static final String STATUS_FIELD = "bytes_replayed";

  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int POLL_MILLIS = 20;
  private static final long MEBIBYTE = 1 << 20;
  private static final long SECONDS = 3;

  private final Lab lab;
  private final Curl curl;
  private final Controller controller;
  private final Report report;

  UserSpace(Lab lab, Curl curl, Controller controller, Report report) {
    this.lab = lab;
    this.curl = curl;
    this.controller = controller;
    this.report = report;
  }

  /**
   * Runs the checks while a download passes.
   *
   * @param host a site on the lab's first target, which has the files {@code /bulk} and {@code
   *     /small}
   * @param bytes the length of {@code /bulk}
   */
  void check(String host, long bytes) {
    report.title("User space after the handoff");
    Path copy = lab.folder().resolve("watched");
    String rate = Long.toString(Math.max(1, bytes / SECONDS));
    try (Child slow =
        lab.client()
            .start("curl-watched", curl.command(host, "/bulk", copy, "--limit-rate", rate))) {
      awaitUntil("a slow download to begin", () -> !slow.isAlive() || size(copy) > MEBIBYTE);
      try (SocketWatch watch = SocketWatch.start(lab, controller.pid())) {
        long already = size(copy);
        String sockets =
            lab.dmz()
                .sh("ss -Htan state connected '( dport = :80 or sport = :80 )' | wc -l")
                .strip();
        slow.awaitEnd(LIMIT);
        long seen = watch.bytes();
        report.check(
            seen == 0 && size(copy) == bytes,
            "%,d bytes through the controller's sockets (strace) while %,d MiB passed"
                .formatted(seen, (size(copy) - already) / MEBIBYTE));
        report.check(
            sockets.equals("0"),
            "%s sockets of the flow on the DMZ node while it lived (ss)".formatted(sockets));
        nextRequest(watch, host, seen);
      }
    }
    status();
  }

  /** Shows that strace would have seen what it did not see. */
  private void nextRequest(SocketWatch watch, String host, long before) {
    curl.get(host, "/small", Path.of("/dev/null"));
    awaitUntil("strace to see the next request", () -> watch.bytes() > before);
    report.check(
        true,
        "%,d bytes for the next request: its head, its SYN, its replay (so strace does see)"
            .formatted(watch.bytes() - before));
  }

  private void status() {
    Result status = controller.command("status", "--json");
    Matcher field =
        Pattern.compile("\"" + STATUS_FIELD + "\"\\s*:\\s*(\\d+)").matcher(status.out());
    boolean found = status.exit() == 0 && field.find();
    report.check(
        found,
        "%s bytes replayed between go-live and release, of all connections so far (baton status)"
            .formatted(found ? field.group(1) : "unknown"));
  }

  private static long size(Path file) {
    try {
      return Files.exists(file) ? Files.size(file) : 0;
    } catch (IOException e) {
      return 0;
    }
  }

  private static void awaitUntil(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new LabException("waited in vain for " + what);
      }
      try {
        Thread.sleep(POLL_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new LabException("interrupted while waiting for " + what, e);
      }
    }
  }
}

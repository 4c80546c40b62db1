package dev.baton.compare;

import dev.baton.lab.Commands;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** This machine: what it is, and how long its processors have worked. */
final class Machine {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  /** USER_HZ, which {@code /proc/stat} counts in on every architecture that Linux has. */
  private static final double TICKS = 100;

  /** Columns of {@code /proc/stat}: user, nice, system; irq, softirq. Not: idle, iowait, steal. */
  private static final int[] BUSY = {1, 2, 3, 6, 7};

  private Machine() {}

  /**
   * Seconds that all processors together have worked since the machine started (proc_stat(5)), in
   * steps of 10 ms.
   */
  static double busySeconds() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/stat"))) {
      String[] columns = lines.findFirst().orElseThrow().split(" +", -1);
      double sum = 0;
      for (int column : BUSY) {
        sum += Long.parseLong(columns[column]);
      }
      return sum / TICKS;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read /proc/stat", e);
    }
  }

  /** How many files a process may open here, at most (getrlimit(2)). */
  static long openFiles() {
    String limit = first("ulimit -Hn");
    return limit.equals("unlimited") ? Long.MAX_VALUE : Long.parseLong(limit);
  }

  /** What a table must name to mean something. */
  static Map<String, String> description() {
    Map<String, String> all = new LinkedHashMap<>();
    all.put("kernel", first("uname -srm"));
    all.put("processor", first("sed -n 's/^model name[^:]*: //p' /proc/cpuinfo"));
    all.put("processors", Integer.toString(Runtime.getRuntime().availableProcessors()));
    all.put("memory", first("sed -n 's/^MemTotal: *//p' /proc/meminfo"));
    all.put("java", System.getProperty("java.vm.version", "?"));
    all.put("nginx", first("nginx -v 2>&1 | sed 's/.*: //'"));
    all.put("haproxy", first("haproxy -v | sed 's/ - .*//'"));
    all.put("wrk", first("wrk -v | sed 's/ Copyright.*//'"));
    all.put("curl", first("curl -V | cut -d' ' -f1,2"));
    return all;
  }

  private static String first(String script) {
    return run(script).lines().findFirst().orElse("?").strip();
  }

  private static String run(String script) {
    return Commands.run(LIMIT, List.of("sh", "-c", script)).out();
  }

  static boolean succeeds(String script) {
    return Commands.run(LIMIT, List.of("sh", "-c", script)).exit() == 0;
  }
}

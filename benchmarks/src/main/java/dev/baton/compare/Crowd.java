package dev.baton.compare;

import dev.baton.lab.LabException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.FutureTask;

/** Very many connections at a time, each with traffic, and what the middle needs for them. */
final class Crowd implements Load {
  private static final Measure REQUESTS = new Measure("requests", "/s", true);
  private static final Measure CPU = new Measure("processor time", "ms per 1,000", false);
  private static final Measure MEMORY = new Measure("memory of programs", "MiB", false);
  private static final Measure ERRORS = new Measure("errors", "", false);
  private static final double MEBIBYTE = 1 << 20;
  private static final int MORE_FILES = 500;

  private final Wrk wrk;
  private final int connections;
  private final int seconds;

  Crowd(Wrk wrk, int connections, int seconds) {
    this.wrk = wrk;
    this.connections = connections;
    this.seconds = seconds;
  }

  @Override
  public String name() {
    return "crowd-" + connections / 1000 + "k";
  }

  @Override
  public String description() {
    return "1 kB, %,d connections at a time, kept alive, with requests on all"
        .formatted(connections);
  }

  @Override
  public List<Measure> measures() {
    return List.of(REQUESTS, CPU, MEMORY, ERRORS);
  }

  /** HAProxy is one process with two sockets for each. */
  @Override
  public Optional<String> obstacle(Kind kind) {
    int each = kind == Kind.HAPROXY_TCP || kind == Kind.HAPROXY_HTTP ? 2 : 1;
    long needed = (long) each * connections + MORE_FILES;
    long most = Machine.openFiles();
    return needed <= most
        ? Optional.empty()
        : Optional.of("%,d open files needed, a process may have %,d here".formatted(needed, most));
  }

  @Override
  public Map<Measure, Double> run(Way way) {
    double busy = Machine.busySeconds();
    var running = new FutureTask<>(() -> wrk.run(way, Wrk.Task.kept("1k", connections, seconds)));
    Thread.ofPlatform().daemon().name("crowd").start(running);
    double memory;
    Wrk.Outcome outcome;
    try {
      Thread.sleep(seconds * 800L);
      memory = way.residentBytes() / MEBIBYTE;
      outcome = running.get();
    } catch (Exception e) {
      throw new LabException("%s over %s: %s".formatted(name(), way.kind(), e), e);
    }
    busy = Machine.busySeconds() - busy;
    return Map.of(
        REQUESTS,
        outcome.perSecond(),
        CPU,
        busy / outcome.requests() * 1e6,
        MEMORY,
        memory,
        ERRORS,
        (double) outcome.errors());
  }
}

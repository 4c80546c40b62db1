package dev.baton.compare;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** As many requests as the way takes, by wrk. */
final class Requests implements Load {
  private static final Measure REQUESTS = new Measure("requests", "/s", true);
  private static final Measure CPU = new Measure("processor time", "ms per 1,000", false);
  private static final Measure ERRORS = new Measure("errors", "", false);

  private final Wrk wrk;
  private final String name;
  private final Wrk.Task task;

  Requests(Wrk wrk, String name, Wrk.Task task) {
    this.wrk = wrk;
    this.name = name;
    this.task = task;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String description() {
    return "%s, %,d connections at a time, %s%s"
        .formatted(
            task.object(),
            task.connections(),
            task.fresh() ? "a new one for each request" : "kept alive",
            task.tls() ? ", TLS by server name" : "");
  }

  @Override
  public List<Measure> measures() {
    return List.of(REQUESTS, CPU, ERRORS);
  }

  @Override
  public Optional<String> obstacle(Kind kind) {
    return task.tls() && !kind.hasTls()
        ? Optional.of("it would need the site's key")
        : Optional.empty();
  }

  @Override
  public Map<Measure, Double> run(Way way) {
    double busy = Machine.busySeconds();
    Wrk.Outcome outcome = wrk.run(way, task);
    busy = Machine.busySeconds() - busy;
    return Map.of(
        REQUESTS,
        outcome.perSecond(),
        CPU,
        busy / outcome.requests() * 1e6,
        ERRORS,
        (double) outcome.errors());
  }
}

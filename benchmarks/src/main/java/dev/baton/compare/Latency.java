package dev.baton.compare;

import dev.baton.lab.LabException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.function.Supplier;

/**
 * The time to the first byte of a small answer on a new connection, while so many others come a
 * second as is a part of what the machine can do with plain forwarding.
 */
final class Latency implements Load {
  private static final Measure MEDIAN = new Measure("p50", "µs", false);
  private static final Measure P90 = new Measure("p90", "µs", false);
  private static final Measure P99 = new Measure("p99", "µs", false);
  private static final Measure P999 = new Measure("p99.9", "µs", false);
  private static final Measure OTHERS = new Measure("others", "/s", true);
  private static final String OBJECT = "1k";
  private static final int CONNECTIONS = 128;
  private static final double PROBES = 300;
  private static final double LEAD = 0.5;

  private final Wrk wrk;
  private final Capacity capacity;
  private final int percent;
  private final int seconds;

  /** What plain forwarding can do, asked for once. */
  static final class Capacity {
    private final Wrk wrk;
    private final Supplier<Way> forwarding;
    private final int seconds;
    private double perSecond;

    Capacity(Wrk wrk, Supplier<Way> forwarding, int seconds) {
      this.wrk = wrk;
      this.forwarding = forwarding;
      this.seconds = seconds;
    }

    double perSecond() {
      if (perSecond == 0) {
        perSecond =
            wrk.run(forwarding.get(), Wrk.Task.fresh(OBJECT, CONNECTIONS, seconds)).perSecond();
      }
      return perSecond;
    }
  }

  /**
   * @param percent of the capacity
   */
  Latency(Wrk wrk, Capacity capacity, int percent, int seconds) {
    this.wrk = wrk;
    this.capacity = capacity;
    this.percent = percent;
    this.seconds = seconds;
  }

  @Override
  public String name() {
    return "latency-" + percent;
  }

  @Override
  public String description() {
    return "from the SYN to the first byte of 1 kB, with %d %% of the new connections that plain forwarding can do (%,.0f/s)"
        .formatted(percent, capacity.perSecond());
  }

  @Override
  public List<Measure> measures() {
    return List.of(MEDIAN, P90, P99, P999, OTHERS);
  }

  @Override
  public Map<Measure, Double> run(Way way) {
    double rate = capacity.perSecond() * percent / 100;
    double pause = 1000 * CONNECTIONS / rate;
    Wrk.Task task = Wrk.Task.fresh(OBJECT, CONNECTIONS, seconds).withPause(pause);
    var others = new FutureTask<>(() -> wrk.run(way, task));
    Thread.ofPlatform().daemon().name("others").start(others);
    Prober.Times times;
    Wrk.Outcome outcome;
    try {
      Thread.sleep((long) (LEAD * 1000));
      times = Prober.probe(way, OBJECT, PROBES, seconds - 2 * LEAD);
      outcome = others.get();
    } catch (Exception e) {
      throw new LabException("%s over %s: %s".formatted(name(), way.kind(), e), e);
    }
    return Map.of(
        MEDIAN,
        times.percentile(0.5),
        P90,
        times.percentile(0.9),
        P99,
        times.percentile(0.99),
        P999,
        times.percentile(0.999),
        OTHERS,
        outcome.perSecond());
  }
}

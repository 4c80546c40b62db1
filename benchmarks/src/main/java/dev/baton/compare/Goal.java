package dev.baton.compare;

import dev.baton.compare.Load.Measure;
import java.util.List;
import java.util.OptionalDouble;

/**
 * A figure that Baton must reach in a comparison.
 *
 * @param what it says
 * @param load the load's name
 * @param measure the index of its measure
 * @param against the way that Baton is held against
 * @param isAdded whether the difference counts, not the ratio
 * @param bound the smallest if more is better, else the largest
 */
record Goal(String what, String load, int measure, Kind against, boolean isAdded, double bound) {
  /** All of them. */
  static final List<Goal> ALL =
      List.of(
          ratio("bulk, one connection ÷ plain forwarding", "bulk-1", 0, Kind.FORWARDING, 0.95),
          ratio("bulk ÷ HAProxy tcp with splice", "bulk-1", 0, Kind.HAPROXY_TCP, 2.0),
          ratio("processor time per GB ÷ plain forwarding", "bulk-1", 1, Kind.FORWARDING, 1.10),
          ratio("keep-alive requests ÷ direct", "kept-32", 0, Kind.DIRECT, 0.93),
          ratio("new connections ÷ direct", "fresh-32", 0, Kind.DIRECT, 0.85),
          ratio("new connections ÷ HAProxy tcp", "fresh-32", 0, Kind.HAPROXY_TCP, 1.2),
          ratio("new connections ÷ nginx proxy_pass", "fresh-32", 0, Kind.NGINX_HTTP, 1.0),
          added("first byte at half load, p50, added to direct, µs", "latency-50", 0, 300),
          added("first byte at half load, p99, added to direct, µs", "latency-50", 2, 2000));

  private static Goal ratio(String what, String load, int measure, Kind against, double bound) {
    return new Goal(what, load, measure, against, false, bound);
  }

  private static Goal added(String what, String load, int measure, double bound) {
    return new Goal(what, load, measure, Kind.DIRECT, true, bound);
  }

  /**
   * What was measured.
   *
   * @return empty if something it needs was not
   */
  OptionalDouble measured(Results results) {
    return results
        .load(load)
        .map(found ->
            isAdded
                ? results.difference(found, Kind.BATON, against, measure(found))
                : results.ratio(found, Kind.BATON, against, measure(found)))
        .orElse(OptionalDouble.empty());
  }

  /** Whether a measured value is good enough. */
  boolean isReached(Results results, double value) {
    Load found = results.load(load).orElseThrow();
    return measure(found).isMoreBetter() ? value >= bound : value <= bound;
  }

  private Measure measure(Load found) {
    return found.measures().get(measure);
  }
}

package dev.baton.compare;

import dev.baton.compare.Latency.Capacity;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;

/** Opens the ways and runs the loads on them, round by round, in turn. */
final class Comparison {
  private static final int WARM_UP_SECONDS = 10;
  private static final int CROWD_SECONDS = 5;
  private static final int LARGE_CROWD_SECONDS = 15;

  private final Site site;
  private final Wrk wrk;
  private final Consumer<String> said;
  private final Map<Kind, Way> open = new EnumMap<>(Kind.class);
  private final List<Load> loads = new ArrayList<>();

  /**
   * @param site without files, yet
   * @param seconds for how long requests are sent each time
   * @param said told of what goes on, line by line
   */
  Comparison(Site site, Wrk wrk, int seconds, Consumer<String> said) {
    this.site = site;
    this.wrk = wrk;
    this.said = said;
    loads.add(new Bulk(site, 1, false));
    loads.add(new Bulk(site, 8, false));
    loads.add(new Bulk(site, 1, true));
    loads.add(new Requests(wrk, "fresh-32", Wrk.Task.fresh("1k", 32, seconds)));
    loads.add(new Requests(wrk, "fresh-256", Wrk.Task.fresh("1k", 256, seconds)));
    loads.add(new Requests(wrk, "kept-32", Wrk.Task.kept("1k", 32, seconds)));
    loads.add(new Requests(wrk, "tls-32", Wrk.Task.fresh("1k", 32, seconds).overTls()));
    for (Site.Sized object : Site.OBJECTS) {
      loads.add(
          new Requests(wrk, "size-" + object.name(), Wrk.Task.fresh(object.name(), 16, seconds)));
    }
    Capacity capacity =
        new Capacity(wrk, () -> Objects.requireNonNull(open.get(Kind.FORWARDING)), seconds);
    for (int percent : new int[] {20, 50, 80}) {
      loads.add(new Latency(wrk, capacity, percent, seconds));
    }
    loads.add(new Crowd(wrk, 10_000, Math.max(seconds, CROWD_SECONDS)));
    loads.add(new Crowd(wrk, 50_000, Math.max(seconds, LARGE_CROWD_SECONDS)));
  }

  /**
   * Leaves the loads whose names begin in one of these ways.
   *
   * @throws IllegalArgumentException if there is none for one of them; the message names all
   */
  void choose(List<String> prefixes) {
    for (String prefix : prefixes) {
      if (loads.stream().noneMatch(load -> load.name().startsWith(prefix))) {
        throw new IllegalArgumentException(
            "expected beginnings of %s, not '%s'"
                .formatted(loads.stream().map(Load::name).toList(), prefix));
      }
    }
    loads.removeIf(load -> prefixes.stream().noneMatch(load.name()::startsWith));
  }

  /**
   * Measures.
   *
   * @param kinds in their order; plain forwarding is one of them
   * @throws dev.baton.lab.LabException if a way does not open, or a transfer fails
   */
  Results run(List<Kind> kinds, int rounds) {
    Results results = new Results();
    Ways ways = new Ways(site);
    site.write();
    try {
      for (Kind kind : kinds) {
        Way way = ways.open(kind);
        open.put(kind, way);
        said.accept("%s: %s".formatted(kind, kind.description()));
        if (!way.processes()
            .isEmpty()) { // Java compiles what is used much; the others need it less
          wrk.run(way, Wrk.Task.fresh("1k", 32, WARM_UP_SECONDS));
        }
      }
      for (Load load : loads) {
        said.accept("%s: %s".formatted(load.name(), load.description()));
        measure(load, rounds, results);
        say(load, results);
      }
      return results;
    } finally {
      open.values().forEach(Way::close);
    }
  }

  private void measure(Load load, int rounds, Results results) {
    List<Way> able = new ArrayList<>();
    open.forEach((kind, way) ->
        load.obstacle(kind)
            .ifPresentOrElse(why -> results.addObstacle(load, kind, why), () -> able.add(way)));
    for (int round = 0; round < rounds; round++) {
      for (Way way : able) {
        results.add(load, way.kind(), load.run(way));
      }
      Collections.rotate(able, 1); // whoever comes first is another one each time
    }
  }

  private void say(Load load, Results results) {
    for (Kind kind : results.kinds(load)) {
      Load.Measure first = load.measures().getFirst();
      String median = Report.number(results.median(load, kind, first));
      said.accept("  %-14s %s %s".formatted(kind, median, first.unit()));
    }
    results
        .obstacles(load)
        .forEach((kind, why) -> said.accept("  %-14s not measured: %s".formatted(kind, why)));
  }
}

package dev.baton.compare;

import dev.baton.compare.Load.Measure;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/** What was measured: for each load, way and measure a value from each round. */
final class Results {
  private final Map<Load, Map<Kind, Map<Measure, List<Double>>>> values = new LinkedHashMap<>();
  private final Map<Load, Map<Kind, String>> obstacles = new LinkedHashMap<>();

  /** Adds what a round brought. */
  void add(Load load, Kind kind, Map<Measure, Double> round) {
    Map<Measure, List<Double>> all =
        values
            .computeIfAbsent(load, _ -> new EnumMap<>(Kind.class))
            .computeIfAbsent(kind, _ -> new LinkedHashMap<>());
    for (Measure measure : load.measures()) {
      Double value = round.get(measure);
      if (value == null) {
        throw new IllegalArgumentException(load.name() + " has no " + measure);
      }
      all.computeIfAbsent(measure, _ -> new ArrayList<>()).add(value);
    }
  }

  /** Notes that a load could not be measured on a way. */
  void addObstacle(Load load, Kind kind, String why) {
    values.computeIfAbsent(load, _ -> new EnumMap<>(Kind.class));
    obstacles.computeIfAbsent(load, _ -> new EnumMap<>(Kind.class)).put(kind, why);
  }

  /** Ways that a load could not be measured on, and why. */
  Map<Kind, String> obstacles(Load load) {
    return obstacles.getOrDefault(load, Map.of());
  }

  /** What was measured, in the order in which it was. */
  Set<Load> loads() {
    return values.keySet();
  }

  /** A load by its name, if it was measured. */
  Optional<Load> load(String name) {
    return values.keySet().stream().filter(load -> load.name().equals(name)).findFirst();
  }

  /** The ways that a load was measured on. */
  Set<Kind> kinds(Load load) {
    return values.getOrDefault(load, Map.of()).keySet();
  }

  /** The rounds' values, in their order. */
  double[] rounds(Load load, Kind kind, Measure measure) {
    return values
        .getOrDefault(load, Map.of())
        .getOrDefault(kind, Map.of())
        .getOrDefault(measure, List.of())
        .stream()
        .mapToDouble(Double::doubleValue)
        .toArray();
  }

  /** The median of the rounds' values. */
  double median(Load load, Kind kind, Measure measure) {
    return median(rounds(load, kind, measure)).orElseThrow();
  }

  /**
   * The median of the rounds' own ratios: what disturbs the machine for a while disturbs both ways
   * of a round.
   *
   * @return empty if one of them was not measured
   */
  OptionalDouble ratio(Load load, Kind kind, Kind other, Measure measure) {
    return median(paired(load, kind, other, measure, (a, b) -> a / b));
  }

  /** The median of the rounds' own differences, likewise. */
  OptionalDouble difference(Load load, Kind kind, Kind other, Measure measure) {
    return median(paired(load, kind, other, measure, (a, b) -> a - b));
  }

  private interface Pairing {
    double of(double one, double other);
  }

  private double[] paired(Load load, Kind kind, Kind other, Measure measure, Pairing pairing) {
    double[] ours = rounds(load, kind, measure);
    double[] theirs = rounds(load, other, measure);
    double[] all = new double[Math.min(ours.length, theirs.length)];
    for (int i = 0; i < all.length; i++) {
      all[i] = pairing.of(ours[i], theirs[i]);
    }
    return all;
  }

  /** The peer with the best median of a load's first measure. */
  Optional<Kind> bestPeer(Load load) {
    Measure measure = load.measures().getFirst();
    Comparator<Kind> byMedian = Comparator.comparingDouble(kind -> median(load, kind, measure));
    return kinds(load).stream()
        .filter(Kind::isPeer)
        .max(measure.isMoreBetter() ? byMedian : byMedian.reversed());
  }

  private static OptionalDouble median(double[] values) {
    if (values.length == 0) {
      return OptionalDouble.empty();
    }
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return OptionalDouble.of(
        sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2);
  }
}

package dev.baton.compare;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.baton.compare.Load.Measure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;

/** Writes what was measured: a table for people, JSON for programs. */
final class Report {
  private static final double MANY = 100;
  private static final double SOME = 10;

  private final Results results;
  private final Map<String, String> about;
  private final Map<Kind, String> absent;

  /**
   * @param about the machine and the run
   * @param absent ways that could not be had, and why
   */
  Report(Results results, Map<String, String> about, Map<Kind, String> absent) {
    this.results = results;
    this.about = about;
    this.absent = absent;
  }

  /** Writes {@code table.md} and {@code results.json}. */
  void write(Path folder) throws IOException {
    Files.writeString(folder.resolve("table.md"), markdown());
    Files.writeString(
        folder.resolve("results.json"),
        JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asString(tree()) + "\n");
  }

  /** The table, as Markdown. */
  String markdown() {
    StringBuilder text = new StringBuilder("# Baton beside others\n\n");
    about.forEach(
        (key, value) -> text.append("* ").append(key).append(": ").append(value).append('\n'));
    absent.forEach((kind, why) ->
        text.append("* not measured: ").append(kind).append(" (").append(why).append(")\n"));
    text.append(
        """

        Each way has a network of its own, of the same kind; all were measured in turn, round by round. Values are medians of the rounds, with the smallest and
        the largest; ratios are medians of the rounds' own ratios. Processor time is the whole machine's: client, target and all between.

        ## What must be reached

        | measure | must | measured | |
        | --- | ---: | ---: | --- |
        """);
    Goal.ALL.forEach(goal -> text.append(line(goal)));
    for (Load load : results.loads()) {
      text.append("\n## ").append(load.name()).append("\n\n").append(load.description());
      text.append("\n\n");
      if (!results.kinds(load).isEmpty()) {
        text.append(table(load));
      }
      results
          .obstacles(load)
          .forEach((kind, why) ->
              text.append("\nNot measured: ").append(kind).append(" (").append(why).append(").\n"));
    }
    return text.toString();
  }

  private String line(Goal goal) {
    OptionalDouble value = goal.measured(results);
    String bound = number(goal.bound());
    if (value.isEmpty()) {
      return "| %s | %s | not measured | |\n".formatted(goal.what(), bound);
    }
    boolean reached = goal.isReached(results, value.getAsDouble());
    return "| %s | %s | %s | %s |\n"
        .formatted(
            goal.what(), bound, number(value.getAsDouble()), reached ? "reached" : "**missed**");
  }

  private String table(Load load) {
    Measure first = load.measures().getFirst();
    List<Measure> others = load.measures().subList(1, load.measures().size());
    StringBuilder text = new StringBuilder("| way | " + first + " | ÷ forwarding | ÷ best peer |");
    others.forEach(measure -> text.append(' ').append(title(measure)).append(" |"));
    text.append("\n| --- | ---: | ---: | ---: |").append(" ---: |".repeat(others.size()));
    for (Kind kind : results.kinds(load)) {
      text.append("\n| ").append(kind).append(" | ").append(spread(load, kind, first));
      text.append(" | ").append(number(results.ratio(load, kind, Kind.FORWARDING, first)));
      text.append(" | ");
      text.append(
          results
              .bestPeer(load)
              .map(best -> number(results.ratio(load, kind, best, first)))
              .orElse(""));
      text.append(" |");
      for (Measure measure : others) {
        text.append(' ').append(number(results.median(load, kind, measure))).append(" |");
      }
    }
    return text.append('\n').toString();
  }

  private static String title(Measure measure) {
    return measure.unit().isEmpty() ? measure.name() : measure.toString();
  }

  private String spread(Load load, Kind kind, Measure measure) {
    double[] rounds = results.rounds(load, kind, measure);
    return "%s (%s–%s)"
        .formatted(
            number(results.median(load, kind, measure)),
            number(Arrays.stream(rounds).min().orElseThrow()),
            number(Arrays.stream(rounds).max().orElseThrow()));
  }

  private static String number(OptionalDouble value) {
    return value.isEmpty() ? "" : number(value.getAsDouble());
  }

  /** Three digits that count, or all before the point. */
  static String number(double value) {
    double size = Math.abs(value);
    String format =
        size >= MANY || (value == Math.rint(value) && size >= SOME)
            ? "%,.0f"
            : size >= SOME ? "%.1f" : "%.2f";
    return String.format(Locale.ROOT, format, value);
  }

  private Map<String, Object> tree() {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("about", about);
    Map<String, String> without = new LinkedHashMap<>();
    absent.forEach((kind, why) -> without.put(kind.label(), why));
    all.put("not_measured", without);
    List<Object> loads = new ArrayList<>();
    for (Load load : results.loads()) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("name", load.name());
      one.put("description", load.description());
      Map<String, Object> ways = new LinkedHashMap<>();
      for (Kind kind : results.kinds(load)) {
        Map<String, Object> measures = new LinkedHashMap<>();
        for (Measure measure : load.measures()) {
          measures.put(title(measure), results.rounds(load, kind, measure));
        }
        ways.put(kind.label(), measures);
      }
      one.put("ways", ways);
      Map<String, String> obstacles = new LinkedHashMap<>();
      results.obstacles(load).forEach((kind, why) -> obstacles.put(kind.label(), why));
      one.put("not_measured", obstacles);
      loads.add(one);
    }
    all.put("loads", loads);
    List<Object> goals = new ArrayList<>();
    for (Goal goal : Goal.ALL) {
      OptionalDouble value = goal.measured(results);
      if (value.isPresent()) {
        Map<String, Object> one = new LinkedHashMap<>();
        one.put("what", goal.what());
        one.put("must", goal.bound());
        one.put("measured", value.getAsDouble());
        one.put("reached", goal.isReached(results, value.getAsDouble()));
        goals.add(one);
      }
    }
    all.put("goals", goals);
    return all;
  }
}

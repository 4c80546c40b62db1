package dev.baton.compare;

import dev.baton.lab.Lab;
import dev.baton.lab.LabException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code benchmarks/compare}. */
@Command(
    name = "compare",
    description = {
      "Measures Baton side by side with other ways to a target, in network namespaces on this machine: round by round, in turn.",
      "Needs root. Exit code 0: measured, and nothing that must be reached was missed; 1: something was; 2: something is missing on this machine."
    },
    mixinStandardHelpOptions = true)
public final class CompareCommand implements Callable<Integer> {
  private static final int MISSED = 1;
  private static final long MEGABYTE = 1_000_000;
  private static final int LARGEST_BULK = 8_000;

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it before the call
  private CommandSpec spec;

  @Option(
      names = "--rounds",
      defaultValue = "5",
      description = "How often each is measured, 1 to 99 (default: ${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--seconds",
      defaultValue = "3",
      description = "How long requests are sent each time, 2 to 600 (default: ${DEFAULT-VALUE}).")
  private int seconds;

  @Option(
      names = "--bulk",
      paramLabel = "MB",
      defaultValue = "1000",
      description = "Size of the large file, 1 to 8000 MB (default: ${DEFAULT-VALUE}).")
  private int bulk;

  @Option(
      names = "--loads",
      paramLabel = "PREFIX",
      split = ",",
      description = "Only loads whose names begin so, such as bulk,fresh-32.")
  private @Nullable List<String> loads;

  @Option(
      names = "--ways",
      paramLabel = "WAY",
      split = ",",
      description =
          "Only these ways, such as baton,haproxy-tcp; forwarding is always there, as what all is held against.")
  private @Nullable List<String> ways;

  @Option(
      names = "--output",
      paramLabel = "FOLDER",
      required = true,
      description = "Where table.md, results.json and the charts go.")
  @SuppressWarnings("NullAway.Init") // required
  private Path output;

  private final PrintStream out = System.out;

  /** Runs the command and ends the process with its exit code. */
  public static void main(String[] args) {
    System.exit(commandLine().execute(args));
  }

  /** The command line, for {@link #main} and for tests. */
  static CommandLine commandLine() {
    return new CommandLine(new CompareCommand())
        .setExecutionExceptionHandler((e, command, parsed) -> {
          command.getErr().println("compare: " + e.getMessage());
          return e instanceof LabException ? CommandLine.ExitCode.USAGE : MISSED;
        });
  }

  @Override
  public Integer call() throws IOException {
    check("--rounds", rounds, 1, 99);
    check("--seconds", seconds, 2, 600);
    check("--bulk", bulk, 1, LARGEST_BULK);
    List<Kind> wanted = wantedKinds();
    Map<Kind, String> absent = new EnumMap<>(Kind.class);
    for (Kind kind : List.copyOf(wanted)) {
      Ways.missing(kind)
          .ifPresent(why -> {
            absent.put(kind, why);
            wanted.remove(kind);
          });
    }
    Files.createDirectories(output);
    Map<String, String> about = new LinkedHashMap<>();
    about.put("measured", Instant.now().truncatedTo(ChronoUnit.MINUTES).toString());
    about.putAll(Machine.description());
    about.put("rounds", "%d, requests for %d s each".formatted(rounds, seconds));
    Results results;
    try (Lab store = Lab.openDirect()) {
      Site site = new Site(store.folder().resolve("www"), bulk * MEGABYTE);
      Comparison comparison = new Comparison(site, new Wrk(store.folder()), seconds, out::println);
      try {
        comparison.choose(loads == null ? List.of("") : loads);
      } catch (IllegalArgumentException e) {
        throw wrong("--loads: " + e.getMessage());
      }
      results = comparison.run(wanted, rounds);
    }
    Report report = new Report(results, about, absent);
    report.write(output);
    new Charts(results, output).draw();
    out.println();
    out.println(report.markdown());
    out.println("In " + output + ": table.md, results.json, charts");
    return Goal.ALL.stream()
            .allMatch(goal ->
                goal.measured(results).isEmpty()
                    || goal.isReached(results, goal.measured(results).getAsDouble()))
        ? 0
        : MISSED;
  }

  private void check(String option, int value, int least, int most) {
    if (value < least || value > most) {
      throw wrong("%s: expected %d to %d, not %d".formatted(option, least, most, value));
    }
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private List<Kind> wantedKinds() {
    List<Kind> wanted = new ArrayList<>();
    if (ways == null) {
      Collections.addAll(wanted, Kind.values());
      return wanted;
    }
    wanted.add(Kind.FORWARDING);
    for (String label : ways) {
      Kind kind =
          List.of(Kind.values()).stream()
              .filter(each -> each.label().equals(label))
              .findFirst()
              .orElseThrow(() ->
                  wrong(
                      "--ways: expected some of %s, not '%s'"
                          .formatted(List.of(Kind.values()), label)));
      if (!wanted.contains(kind)) {
        wanted.add(kind);
      }
    }
    Collections.sort(wanted);
    return wanted;
  }
}

package dev.baton.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.lab.Probe;
import java.util.Collection;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Each benchmark starts, runs and measures something; the figures of so short a run mean nothing.
 */
class BenchmarksRunTest {
  @Test
  @Tag("namespace")
  void everyBenchmarkRuns() throws RunnerException {
    List<String> missing = Probe.missingForDataPlane("nginx", "openssl");
    assumeTrue(missing.isEmpty(), () -> "missing: " + missing);
    Collection<RunResult> results =
        new Runner(
                new OptionsBuilder()
                    .include("dev.baton.benchmarks.*|HandedOff.*")
                    .forks(0)
                    .warmupIterations(0)
                    .measurementIterations(1)
                    .measurementTime(TimeValue.milliseconds(50))
                    .param("sites", "1000")
                    .param("entries", "1000")
                    .shouldFailOnError(true)
                    .verbosity(VerboseMode.SILENT)
                    .build())
            .run();
    assertThat(results).hasSize(22);
    assertThat(results)
        .allSatisfy(result -> assertThat(result.getPrimaryResult().getScore()).isPositive());
  }
}

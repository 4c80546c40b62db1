package dev.baton.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.baton.compare.Load.Measure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of values that were measured. */
class ResultsTest {
  private static final Measure SPEED = new Measure("speed", "Gbit/s", true);
  private static final Measure TIME = new Measure("time", "s/GB", false);

  /** Without anything behind it. */
  private record Dry(String name, List<Measure> measures) implements Load {
    @Override
    public String description() {
      return "nothing";
    }

    @Override
    public Map<Measure, Double> run(Way way) {
      throw new UnsupportedOperationException();
    }
  }

  private final Load bulk = new Dry("bulk-1", List.of(SPEED, TIME));
  private final Results results = new Results();

  private void add(Kind kind, double... speeds) {
    for (double speed : speeds) {
      results.add(bulk, kind, Map.of(SPEED, speed, TIME, 1 / speed));
    }
  }

  @Test
  void aRatioIsTheMedianOfTheRoundsOwn() {
    // The machine was half as fast in the second round: for both.
    add(Kind.BATON, 10, 5, 10);
    add(Kind.FORWARDING, 10, 5, 20);
    assertThat(results.ratio(bulk, Kind.BATON, Kind.FORWARDING, SPEED)).hasValue(1);
    assertThat(results.difference(bulk, Kind.BATON, Kind.FORWARDING, SPEED)).hasValue(0);
    assertThat(results.median(bulk, Kind.FORWARDING, SPEED)).isEqualTo(10);
  }

  @Test
  void theMedianOfAnEvenNumberIsBetweenTheTwoInTheMiddle() {
    add(Kind.BATON, 1, 9, 3, 4);
    assertThat(results.median(bulk, Kind.BATON, SPEED)).isCloseTo(3.5, within(1e-9));
  }

  @Test
  void whatWasNotMeasuredHasNoRatio() {
    add(Kind.BATON, 1);
    assertThat(results.ratio(bulk, Kind.BATON, Kind.IPVS, SPEED)).isEmpty();
    assertThat(results.bestPeer(bulk)).isEmpty();
    assertThat(Goal.ALL.getFirst().measured(results)).isEmpty();
  }

  @Test
  void theBestPeerIsByTheFirstMeasureAndNeverOneOfUs() {
    add(Kind.DIRECT, 9);
    add(Kind.BATON, 8);
    add(Kind.HAPROXY_TCP, 4);
    add(Kind.NGINX_HTTP, 5);
    assertThat(results.bestPeer(bulk)).contains(Kind.NGINX_HTTP);
    Load latency = new Dry("latency-50", List.of(TIME));
    results.add(latency, Kind.HAPROXY_TCP, Map.of(TIME, 2.0));
    results.add(latency, Kind.NGINX_HTTP, Map.of(TIME, 3.0));
    assertThat(results.bestPeer(latency)).contains(Kind.HAPROXY_TCP);
  }

  @Test
  void goalsKnowWhichWayIsBetter() {
    add(Kind.BATON, 9, 9, 9);
    add(Kind.FORWARDING, 10, 10, 10);
    Goal speed = Goal.ALL.get(0);
    Goal cpu = Goal.ALL.get(2);
    assertThat(speed.measured(results).orElseThrow()).isCloseTo(0.9, within(1e-9));
    assertThat(speed.isReached(results, 0.9)).isFalse();
    assertThat(speed.isReached(results, 0.96)).isTrue();
    assertThat(cpu.measured(results).orElseThrow()).isCloseTo(10 / 9.0, within(1e-9));
    assertThat(cpu.isReached(results, 1.11)).isFalse();
    assertThat(cpu.isReached(results, 1.09)).isTrue();
  }

  @Test
  void aReportNamesWhatWasMissedAndWhatCouldNotBeMeasured(@TempDir Path folder) throws IOException {
    add(Kind.BATON, 9, 8, 9);
    add(Kind.FORWARDING, 10, 10, 10);
    results.addObstacle(bulk, Kind.HAPROXY_HTTP, "no key");
    Report report = new Report(results, Map.of("kernel", "some"), Map.of(Kind.IPVS, "no module"));
    report.write(folder);
    assertThat(folder.resolve("table.md"))
        .content()
        .contains("| bulk, one connection ÷ plain forwarding | 0.95 | 0.90 | **missed** |")
        .contains("| baton | 9.00 (8.00–9.00) | 0.90 |")
        .contains("Not measured: haproxy-http (no key).")
        .contains("* not measured: ipvs (no module)")
        .contains("| new connections ÷ direct | 0.85 | not measured | |");
    Map<String, Object> tree = JSON.std.mapFrom(Files.readString(folder.resolve("results.json")));
    assertThat(tree).containsKeys("about", "loads", "goals", "not_measured");
    assertThat(tree.toString()).contains("baton={speed, Gbit/s=[9.0, 8.0, 9.0]");
  }

  @Test
  void numbersHaveThreeDigitsThatCount() {
    assertThat(Report.number(0.954)).isEqualTo("0.95");
    assertThat(Report.number(12.34)).isEqualTo("12.3");
    assertThat(Report.number(1234.5)).isEqualTo("1,235");
    assertThat(Report.number(300)).isEqualTo("300");
  }
}

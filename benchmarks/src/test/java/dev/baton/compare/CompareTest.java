package dev.baton.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.baton.lab.Probe;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The comparison itself, with figures that mean nothing: too little of everything. */
class CompareTest {
  @TempDir Path folder;

  private final StringWriter err = new StringWriter();

  private int compare(String... options) {
    List<String> all = new ArrayList<>(List.of(options));
    all.add("--output=" + folder);
    return CompareCommand.commandLine()
        .setErr(new PrintWriter(err, true))
        .execute(all.toArray(String[]::new));
  }

  @Test
  @Tag("namespace")
  void aShortOneMeasuresEveryKindOfLoad() throws IOException {
    List<String> missing = Probe.missingForDataPlane("nginx", "curl", "wrk", "openssl", "gnuplot");
    assumeTrue(missing.isEmpty(), () -> "missing: " + missing);
    String peer = Ways.missing(Kind.HAPROXY_TCP).isEmpty() ? ",haproxy-tcp" : "";
    int exit =
        compare(
            "--rounds=1",
            "--seconds=2",
            "--bulk=2",
            "--loads=bulk-1,upload,kept-32,tls,size-1k,size-8k,latency-50",
            "--ways=direct,baton" + peer);
    assertThat(exit).as(err::toString).isBetween(0, 1);
    assertThat(err.toString()).isEmpty();
    Map<String, Object> tree = JSON.std.mapFrom(Files.readString(folder.resolve("results.json")));
    List<?> loads = (List<?>) Objects.requireNonNull(tree.get("loads"));
    assertThat(loads).hasSize(7);
    assertThat(loads).allSatisfy(load -> assertMeasured((Map<?, ?>) load));
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .contains("table.md", "overview.svg", "sizes.svg", "latency.svg");
    }
  }

  /** On each way one value or more for each measure; of the first something. */
  private static void assertMeasured(Map<?, ?> load) {
    Map<?, ?> ways = (Map<?, ?>) Objects.requireNonNull(load.get("ways"));
    assertThat(ways.keySet().toString()).contains("direct", "forwarding", "baton");
    for (Object measures : ways.values()) {
      Object rounds = ((Map<?, ?>) measures).values().iterator().next();
      assertThat((Double) ((List<?>) rounds).getFirst()).as("%s", load).isPositive();
    }
  }

  @Test
  @Tag("namespace")
  void aLoadThatThereIsNotGetsOneLine() {
    List<String> missing = Probe.missing();
    assumeTrue(missing.isEmpty(), () -> "missing: " + missing);
    assertThat(compare("--loads=bulk,x")).isEqualTo(2);
    assertThat(err.toString().lines().findFirst().orElseThrow())
        .startsWith("--loads: expected beginnings of [bulk-1, ")
        .endsWith(", not 'x'");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --rounds=0     | --rounds: expected 1 to 99, not 0
          --seconds=1    | --seconds: expected 2 to 600, not 1
          --bulk=9000    | --bulk: expected 1 to 8000, not 9000
          --ways=haproxy | --ways: expected some of [direct, forwarding, ipvs, baton, haproxy-tcp, haproxy-http, nginx-stream, nginx-http], not 'haproxy'
          """)
  void badOptionsGetOneLine(String option, String message) {
    assertThat(compare(option)).isEqualTo(2);
    assertThat(err.toString().lines().findFirst()).contains(message);
  }
}

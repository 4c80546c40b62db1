package dev.baton.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.bindings.flow.Baton;
import dev.baton.reason.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Each verdict of the programs is expected by some packet table; what is not is named here. */
class CoverageTest {
  private static final Path TESTS = Path.of("src/test/java/dev/baton/dataplane");

  /** Given when the kernel has no memory to make a packet writable, which no test can arrange. */
  private static final Set<Reason> UNREACHABLE = Set.of(Reason.DROP_REWRITE);

  @Test
  void noVerdictIsWithoutATest() throws IOException {
    String tables;
    try (Stream<Path> files = Files.list(TESTS)) {
      List<String> texts = files.map(CoverageTest::read).toList();
      tables = String.join("\n", texts);
    }
    List<Reason> missing =
        Arrays.stream(Reason.values())
            .filter(reason -> reason != Reason.NONE)
            .filter(reason -> reason.code() < Baton.BATON_REASON_USER())
            .filter(reason -> !tables.contains("Baton.BATON_" + reason + "()"))
            .toList();
    assertThat(missing).containsExactlyInAnyOrderElementsOf(UNREACHABLE);
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new AssertionError(file.toAbsolutePath().toString(), e);
    }
  }
}

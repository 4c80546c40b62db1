package dev.baton.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.lab.Commands;
import dev.baton.lab.Result;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The oldest promised kernel that can be had, under QEMU: it takes the programs, and they hand a
 * connection off. All of it is {@code test-vm/matrix}; this is what every run of the suite can
 * afford. Skipped where QEMU or the kernel cannot be had.
 */
@Tag("namespace")
class GuestTest {
  private static final Path RUN = Path.of("../../test-vm/run");
  private static final Duration LIMIT = Duration.ofMinutes(6);
  private static final int COULD_NOT_START = 2;

  @Test
  void linux61HandsAConnectionOff() {
    Result result =
        Commands.run(
            LIMIT.plusMinutes(6), // packages come first, and are waited for
            List.of(
                RUN.toString(),
                "-t",
                String.valueOf(LIMIT.toSeconds()),
                "6.1",
                "test-vm/tests",
                "e2e.SmokeTest"));
    assumeTrue(result.exit() != COULD_NOT_START, () -> "no guest: " + result.err());
    assertThat(result.exit()).as(result::toString).isZero();
    assertThat(result.out()).contains("0 tests failed").doesNotContain("0 tests successful");
  }
}

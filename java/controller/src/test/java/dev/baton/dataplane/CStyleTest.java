package dev.baton.dataplane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The C sources stand as .clang-format has them: by one version, since others break some lines
 * elsewhere. Warnings are the compiler's: -Werror.
 */
class CStyleTest {
  private static final Path SOURCES = Path.of("../../bpf");

  @Test
  void theProgramsAreFormatted() throws IOException {
    Commands.Result version = Commands.run("", "clang-format", "--version");
    assumeTrue(version.text().contains("version 14."), "needs clang-format 14, Debian 12's");
    List<String> command = new ArrayList<>(List.of("clang-format", "--dry-run", "-Werror"));
    for (Path folder : List.of(SOURCES, SOURCES.resolve("include"))) {
      try (Stream<Path> files = Files.list(folder)) {
        files.map(Path::toString).filter(name -> name.matches(".*\\.[ch]")).forEach(command::add);
      }
    }
    assertThat(command).hasSizeGreaterThan(8);
    Commands.Result result = Commands.run("", command.toArray(String[]::new));
    assertThat(result.status()).as(result.text()).isZero();
  }
}

package dev.baton.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** In a JVM of its own, for only there can be seen what is loaded and printed. */
class StartUpTest {
  @Test
  void versionLoadsNothingThatIsDear() throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-verbose:class",
                "-cp",
                System.getProperty("java.class.path"),
                "dev.baton.cli.Main",
                "version")
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).isZero();
    assertThat(output).contains("baton 0", "picocli.CommandLine ");
    assertThat(output.lines())
        .noneMatch(line -> line.contains("] org.sqlite"))
        .noneMatch(line -> line.contains("] ch.qos.logback"))
        .noneMatch(line -> line.contains("] org.slf4j"))
        .noneMatch(line -> line.contains("] org.snakeyaml"))
        .noneMatch(line -> line.contains("] java.lang.foreign.Linker "))
        .noneMatch(line -> line.contains("] dev.baton.net"))
        .noneMatch(line -> line.startsWith("WARNING"));
  }
}

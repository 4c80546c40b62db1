package dev.baton.cli;

import dev.baton.config.BatonConfig;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The option that all commands but {@code version} share; use as a {@code @Mixin}. */
final class ConfigOption {
  @Option(
      names = {"-c", "--config"},
      paramLabel = "baton.yaml",
      required = true,
      description = "The configuration of this DMZ node.")
  private Path file = Path.of("baton.yaml");

  /**
   * Reads the file.
   *
   * @throws dev.baton.config.ConfigException which the command line turns into exit code 2
   */
  BatonConfig load() {
    return BatonConfig.load(file);
  }
}

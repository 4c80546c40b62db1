package dev.baton.cli;

import dev.baton.dataplane.Detach;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;

/** {@code baton detach}. */
@Command(
    name = "detach",
    mixinStandardHelpOptions = true,
    description = {
      "Removes programs, maps, pins, the nft table and the port reservation.",
      "Flows that live break. Stop \"baton run\" first."
    })
final class DetachCommand implements Callable<Integer> {
  @Mixin private ConfigOption config = new ConfigOption();

  @Override
  public Integer call() {
    Detach.run(config.load());
    return ExitCode.OK;
  }
}

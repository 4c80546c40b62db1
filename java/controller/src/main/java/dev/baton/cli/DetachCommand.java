package dev.baton.cli;

import dev.baton.config.BatonConfig;
import dev.baton.dataplane.Detach;
import dev.baton.dataplane.InstanceLock;
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
      "Flows that live break. Refused while \"baton run\" runs."
    })
final class DetachCommand implements Callable<Integer> {
  @Mixin private ConfigOption config = new ConfigOption();

  @Override
  public Integer call() {
    BatonConfig baton = config.load();
    try (InstanceLock lock = InstanceLock.take(baton.pinPath())) {
      Detach.run(baton);
      lock.delete();
    }
    return ExitCode.OK;
  }
}

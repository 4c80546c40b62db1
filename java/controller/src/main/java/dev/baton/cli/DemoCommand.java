package dev.baton.cli;

import dev.baton.demo.Demo;
import java.io.Console;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code baton demo}. */
@Command(
    name = "demo",
    description = {
      "Hands off real connections between network namespaces on this machine, shows the packets, measures, and removes "
          + "everything again.",
      "Needs root. Exit code 0: every check held; 1: one did not; 2: something is missing on this machine."
    },
    mixinStandardHelpOptions = true)
public final class DemoCommand implements Callable<Integer> {
  private static final int SMALLEST = 64;
  private static final int LARGEST = 8192;

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it before the call
  private CommandSpec spec;

  @Option(
      names = "--size",
      paramLabel = "MIB",
      defaultValue = "1024",
      description =
          "Size of the file that throughput is measured with, 64 to 8192 (default: ${DEFAULT-VALUE}).")
  private int size;

  @Option(
      names = "--stay",
      description =
          "Leaves it all running afterwards, for trying things, until Ctrl-C; prints the status when that has changed.")
  private boolean stay;

  @Override
  public Integer call() {
    if (size < SMALLEST || size > LARGEST) {
      throw new ParameterException(
          spec.commandLine(),
          "--size: expected %d to %d MiB, not %d".formatted(SMALLEST, LARGEST, size));
    }
    boolean terminal = Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false);
    return new Demo(System.out, terminal && System.getenv("NO_COLOR") == null, size, stay).run();
  }
}

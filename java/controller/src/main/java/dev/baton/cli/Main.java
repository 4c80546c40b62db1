package dev.baton.cli;

import dev.baton.config.ConfigException;
import java.io.PrintWriter;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The {@code baton} command.
 *
 * <p>Exits with 0 when all went well, 1 when it failed, 2 when the command line or a file is wrong.
 * Picocli loads the class of every command at each start, so these hold no field of a class that is
 * dear to load.
 */
@Command(
    name = "baton",
    description = "Hands a live connection to the node that hosts its site.",
    versionProvider = Version.class,
    mixinStandardHelpOptions = true,
    subcommands = {
      // in the order of help
      RunCommand.class,
      ApplyCommand.class,
      ExportCommand.class,
      SiteCommand.class,
      PartCommand.class,
      GroupCommand.class,
      NodeCommand.class,
      DeployCommand.class,
      LookupCommand.class,
      StatusCommand.class,
      FlowsCommand.class,
      DnsCommand.class,
      DetachCommand.class,
      DemoCommand.class,
      VersionCommand.class,
      HelpCommand.class,
    })
public final class Main implements Runnable {
  @Spec private @Nullable CommandSpec spec;

  /** Runs one command and ends the process with its exit code. */
  public static void main(String[] args) {
    System.exit(commandLine().execute(args));
  }

  /** The whole command line, for {@link #main} and for tests. */
  public static CommandLine commandLine() {
    return new CommandLine(new Main())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionExceptionHandler((e, command, parsed) -> explain(e, command.getErr()));
  }

  @Override
  public void run() {
    if (spec != null) {
      throw new ParameterException(spec.commandLine(), "Missing command");
    }
  }

  private static int explain(Exception e, PrintWriter err) {
    if (e instanceof ConfigException config) {
      config.problems().forEach(err::println);
      return ExitCode.USAGE;
    }
    String message = e.getMessage();
    err.println("baton: " + (message == null ? e.toString() : message));
    if ("debug".equalsIgnoreCase(System.getenv("BATON_LOG"))) {
      e.printStackTrace(err);
    }
    return ExitCode.SOFTWARE;
  }
}

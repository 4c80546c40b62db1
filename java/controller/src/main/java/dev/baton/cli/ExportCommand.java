package dev.baton.cli;

import dev.baton.directory.ClusterFileWriter;
import dev.baton.directory.SqliteDirectory;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code baton export}. */
@Command(
    name = "export",
    mixinStandardHelpOptions = true,
    description = {
      "Writes the directory as a file that apply accepts, to standard output.",
      "Versions, and how far copies have come, are not in it."
    })
final class ExportCommand implements Callable<Integer> {
  @Mixin private ConfigOption config = new ConfigOption();
  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() {
    String text = ClusterFileWriter.text(Editing.read(config, SqliteDirectory::cluster));
    Objects.requireNonNull(spec).commandLine().getOut().print(text);
    spec.commandLine().getOut().flush();
    return ExitCode.OK;
  }
}

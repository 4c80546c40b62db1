package dev.baton.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code baton version}. */
@Command(name = "version", description = "Tells which version this is, and what it runs on.")
final class VersionCommand implements Runnable {
  @Spec private @Nullable CommandSpec spec;

  @Override
  public void run() {
    if (spec != null) {
      for (String line : new Version().getVersion()) {
        spec.commandLine().getOut().println(line);
      }
    }
  }
}

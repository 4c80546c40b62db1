package dev.baton.cli;

import dev.baton.directory.Deployments.Deployment;
import dev.baton.directory.Deployments.Standing;
import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code baton deploy begin}. */
@Command(
    name = "begin",
    mixinStandardHelpOptions = true,
    description = "Begins a new version; the old one serves until enough copies are complete.")
final class DeployBegin implements Callable<Integer> {
  @Mixin private SiteArgument site = new SiteArgument();

  @Option(
      names = "--version",
      paramLabel = "V",
      description = "The new version's name; default: the number after the current one.")
  private @Nullable String version;

  @Option(
      names = "--copies",
      paramLabel = "N",
      description = {
        "So many copies of each part must be complete before the new version serves;",
        "default: half of them."
      })
  private int copies;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws IOException, InterruptedException {
    Standing now =
        site.change(site.config(), (deployments, host) -> deployments.begin(host, version, copies));
    Deployment begun = Objects.requireNonNull(now.deployment());
    Objects.requireNonNull(spec)
        .commandLine()
        .getOut()
        .printf(
            "%s: version %s begun; %s serves until %d of each part's copies are complete%n",
            now.name(), begun.version(), begun.previous(), begun.copiesNeeded());
    return ExitCode.OK;
  }
}

package dev.baton.cli;

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

/** {@code baton deploy finish}. */
@Command(
    name = "finish",
    mixinStandardHelpOptions = true,
    description = "Ends a deployment whose copies are all complete.")
final class DeployFinish implements Callable<Integer> {
  @Mixin private SiteArgument site = new SiteArgument();

  @Option(
      names = "--force",
      description = "Although some copies are not complete; those go on serving nobody.")
  private boolean force;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws IOException, InterruptedException {
    Standing now =
        site.change(site.config(), (deployments, host) -> deployments.finish(host, force));
    Objects.requireNonNull(spec)
        .commandLine()
        .getOut()
        .printf("%s: version %s is deployed%n", now.name(), now.version());
    return ExitCode.OK;
  }
}

package dev.baton.cli;

import dev.baton.directory.Deployments;
import dev.baton.directory.Deployments.Standing;
import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code baton deploy rollback}. */
@Command(
    name = "rollback",
    mixinStandardHelpOptions = true,
    description = "Lets the version before serve again, from the copies of it that are left.")
final class DeployRollback implements Callable<Integer> {
  @Mixin private SiteArgument site = new SiteArgument();
  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws IOException, InterruptedException {
    Standing now = site.change(site.config(), Deployments::rollback);
    Objects.requireNonNull(spec)
        .commandLine()
        .getOut()
        .printf("%s: version %s serves%n", now.name(), now.version());
    return ExitCode.OK;
  }
}

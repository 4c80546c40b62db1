package dev.baton.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code baton deploy}. */
@Command(
    name = "deploy",
    mixinStandardHelpOptions = true,
    description = {
      "Brings a site from one version to the next, node by node, without losing a request.",
      "A copy serves only while it is complete at the site's version (docs/deploy.md)."
    },
    subcommands = {
      DeployBegin.class,
      DeployNode.class,
      DeployFinish.class,
      DeployRollback.class,
      DeployStatus.class
    })
final class DeployCommand implements Runnable {
  @Spec private @Nullable CommandSpec spec;

  @Override
  public void run() {
    if (spec != null) {
      throw new ParameterException(spec.commandLine(), "Missing command");
    }
  }
}

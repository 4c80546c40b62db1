package dev.baton.cli;

import dev.baton.config.BatonConfig;
import dev.baton.config.ConfigException;
import dev.baton.directory.Changes;
import dev.baton.directory.ClusterFile;
import dev.baton.directory.SqliteDirectory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code baton apply}. */
@Command(
    name = "apply",
    mixinStandardHelpOptions = true,
    description = {
      "Makes the directory say what the file says, all or nothing, and tells what changed.",
      "What the file does not name stays, and is listed; --prune removes it.",
      "A running controller follows within a second."
    })
final class ApplyCommand implements Callable<Integer> {
  @Mixin private ConfigOption config = new ConfigOption();

  @Option(
      names = {"-f", "--file"},
      paramLabel = "cluster.yaml",
      required = true,
      description = "Nodes, groups and sites.")
  private Path file = Path.of("cluster.yaml");

  @Option(names = "--dry-run", description = "Only tell what would change.")
  private boolean dryRun;

  @Option(names = "--prune", description = "Remove what the file does not name.")
  private boolean prune;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() {
    List<String> problems = new ArrayList<>();
    BatonConfig baton = collect(problems, config::load);
    boolean tls = baton != null && baton.takesTls();
    ClusterFile cluster = collect(problems, () -> ClusterFile.load(file, tls));
    if (baton == null || cluster == null) {
      throw new ConfigException(problems);
    }
    Changes changes = apply(baton.directory(), cluster);
    if (spec != null) {
      changes.lines().forEach(spec.commandLine().getOut()::println);
    }
    return ExitCode.OK;
  }

  private Changes apply(String uri, ClusterFile cluster) {
    if (dryRun && !Files.exists(SqliteDirectory.path(uri))) {
      return Changes.between(ClusterFile.EMPTY, cluster, prune);
    }
    try (SqliteDirectory directory = SqliteDirectory.open(uri)) {
      return dryRun
          ? Changes.between(directory.cluster(), cluster, prune)
          : directory.apply(cluster, prune);
    }
  }

  private interface Load<T> {
    T load();
  }

  /** So that what is wrong with both files is told at once. */
  private static <T> @Nullable T collect(List<String> problems, Load<T> load) {
    try {
      return load.load();
    } catch (ConfigException e) {
      problems.addAll(e.problems());
      return null;
    }
  }
}

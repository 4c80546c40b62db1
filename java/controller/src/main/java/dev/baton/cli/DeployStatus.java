package dev.baton.cli;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.baton.config.ConfigException;
import dev.baton.directory.Deployments;
import dev.baton.directory.Deployments.Deployment;
import dev.baton.directory.Deployments.PartCopy;
import dev.baton.directory.Deployments.Standing;
import dev.baton.directory.SqliteDirectory;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code baton deploy status}. */
@Command(
    name = "status",
    mixinStandardHelpOptions = true,
    description = "Shows where a site's deployment stands, or all that there are.")
final class DeployStatus implements Callable<Integer> {
  @Mixin private ConfigOption config = new ConfigOption();

  @Parameters(index = "0", arity = "0..1", paramLabel = "SITE", description = "One site alone.")
  private @Nullable String site;

  @Option(names = "--json", description = "As JSON: an array with an object for each site.")
  private boolean json;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
    List<Standing> all = standings();
    if (json) {
      out.println(JSON.std.asString(all.stream().map(DeployStatus::describe).toList()));
      return ExitCode.OK;
    }
    for (Standing standing : all) {
      Deployment deployment = standing.deployment();
      out.printf(
          "%s: version %s serves%s%n",
          standing.name(),
          standing.version(),
          deployment == null
              ? ""
              : ", %s %s (before: %s)"
                  .formatted(
                      deployment.version(), deployment.phase().text(), deployment.previous()));
      for (PartCopy copy : standing.copies()) {
        out.printf(
            "  %-24s %-24s %-10s %s%s%n",
            copy.node(),
            copy.slice(),
            copy.version(),
            copy.state().text(),
            copy.serves(standing.version()) ? "" : " (serves nobody)");
      }
    }
    return ExitCode.OK;
  }

  private List<Standing> standings() {
    try (SqliteDirectory directory = SqliteDirectory.open(config.load().directory())) {
      Deployments deployments = new Deployments(directory);
      return site == null
          ? deployments.status()
          : List.of(deployments.status(SiteArgument.normalized(site)));
    } catch (IllegalArgumentException e) {
      throw new ConfigException(List.of("deploy: expected " + e.getMessage()));
    }
  }

  private static Map<String, Object> describe(Standing standing) {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("site", standing.name());
    all.put("version", standing.version());
    Deployment deployment = standing.deployment();
    if (deployment != null) {
      Map<String, Object> part = new LinkedHashMap<>();
      part.put("version", deployment.version());
      part.put("previous", deployment.previous());
      part.put("copies_needed", deployment.copiesNeeded());
      part.put("state", deployment.phase().text());
      part.put("began", deployment.began().toString());
      all.put("deployment", part);
    }
    all.put("copies", standing.copies().stream().map(c -> copy(standing, c)).toList());
    return all;
  }

  private static Map<String, Object> copy(Standing standing, PartCopy copy) {
    Map<String, Object> part = new LinkedHashMap<>();
    part.put("node", copy.node());
    part.put("part", copy.slice());
    part.put("version", copy.version());
    part.put("state", copy.state().text());
    part.put("serves", copy.serves(standing.version()));
    return part;
  }
}

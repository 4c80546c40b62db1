package dev.baton.cli;

import dev.baton.config.BatonConfig;
import dev.baton.config.ConfigException;
import dev.baton.deploy.CopyCheck;
import dev.baton.deploy.SiteFlows;
import dev.baton.directory.Copy;
import dev.baton.directory.Deployments;
import dev.baton.directory.Deployments.Standing;
import dev.baton.directory.Node;
import dev.baton.directory.RefusedException;
import dev.baton.directory.Snapshot;
import dev.baton.directory.SqliteDirectory;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code baton deploy node}. */
@Command(
    name = "node",
    mixinStandardHelpOptions = true,
    description = {
      "Says what a node's copy of a site is.",
      "updating: it gets no new connection; returns when its flows of this site are gone.",
      "complete: it is looked at, and serves if that is the site's version.",
      "failed: it serves nobody."
    })
final class DeployNode implements Callable<Integer> {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  @Mixin private SiteArgument site = new SiteArgument();

  @Parameters(index = "1", paramLabel = "NODE", description = "One that holds part of the site.")
  private String node = "";

  @Parameters(
      index = "2",
      paramLabel = "STATE",
      converter = StateConverter.class,
      description = "complete, updating or failed.")
  private Copy.State state = Copy.State.FAILED;

  @Option(
      names = "--deadline",
      paramLabel = "DURATION",
      converter = Leaving.DurationConverter.class,
      description = "updating: flows that are left after so long are reset; default: never.")
  private @Nullable Duration deadline;

  @Option(
      names = "--force",
      description = "updating: even if nothing else serves part of the site.")
  private boolean force;

  @Option(names = "--no-verify", description = "complete: take it on trust.")
  private boolean noVerify;

  @Option(
      names = "--check",
      paramLabel = "PATH",
      description = "complete: this file must be as on the other nodes, too; may be repeated.")
  private List<String> check = new ArrayList<>();

  @Option(
      names = "--host",
      paramLabel = "HOST",
      description = "complete: asked for under this host; default: the site's.")
  private @Nullable String asked;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws IOException, InterruptedException {
    BatonConfig baton = site.config();
    if (check.stream().anyMatch(path -> !path.startsWith("/"))) {
      throw new ConfigException(
          List.of("deploy: --check: expected a path that begins with a slash"));
    }
    return switch (state) {
      case COMPLETE -> complete(baton);
      case UPDATING -> updating(baton);
      case FAILED -> {
        Standing now = site.change(baton, (deployments, host) -> deployments.failed(host, node));
        say("%s: %s has no copy that serves".formatted(now.name(), node));
        yield ExitCode.OK;
      }
    };
  }

  private int complete(BatonConfig baton) throws IOException, InterruptedException {
    if (!noVerify) {
      Standing before = site.in(baton, Deployments::status);
      Node known = nodes(baton).get(node);
      if (known != null && !before.on(node).isEmpty()) {
        List<String> problems =
            new CopyCheck(before, nodes(baton), host(before), TIMEOUT).of(node, check);
        if (!problems.isEmpty()) {
          throw new RefusedException(String.join("\n", problems));
        }
      }
    }
    Standing[] before = new Standing[1];
    Standing now =
        site.change(
            baton,
            (deployments, host) -> {
              before[0] = deployments.status(host);
              return deployments.complete(host, node);
            });
    say("%s: %s is complete at version %s".formatted(now.name(), node, now.wanted()));
    if (!now.version().equals(before[0].version())) {
      say("%s: version %s serves from now on".formatted(now.name(), now.version()));
    }
    return ExitCode.OK;
  }

  private String host(Standing standing) {
    if (asked != null) {
      return asked;
    }
    String name = standing.name();
    if (name.equals("default") || name.startsWith("*.")) {
      throw new ConfigException(
          List.of("deploy: expected --host, for " + name + " is no host to ask for"));
    }
    return name;
  }

  private int updating(BatonConfig baton) throws IOException, InterruptedException {
    Standing now =
        site.change(baton, (deployments, host) -> deployments.updating(host, node, force));
    say("%s: %s gets no new connection".formatted(now.name(), node));
    Node known = nodes(baton).get(node);
    if (known != null) {
      new Leaving(this::say).awaitFlows(new SiteFlows(baton, now.dataset(), known), deadline);
    }
    say("%s: %s may be written to".formatted(now.name(), node));
    return ExitCode.OK;
  }

  private static Map<String, Node> nodes(BatonConfig baton) {
    try (SqliteDirectory directory = SqliteDirectory.open(baton.directory())) {
      Snapshot snapshot = directory.read();
      return snapshot.nodes().stream().collect(Collectors.toMap(Node::name, Function.identity()));
    }
  }

  private void say(String line) {
    PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
    out.println(line);
    out.flush();
  }

  /** Picocli makes one where it is named. */
  static final class StateConverter implements ITypeConverter<Copy.State> {
    @Override
    public Copy.State convert(String value) {
      try {
        return Copy.State.of(value);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException("expected complete, updating or failed, found " + value);
      }
    }
  }
}

package dev.baton.cli;

import dev.baton.config.BatonConfig;
import dev.baton.config.ConfigException;
import dev.baton.deploy.SiteFlows;
import dev.baton.directory.ClusterFile;
import dev.baton.directory.DirectoryView;
import dev.baton.directory.Node;
import dev.baton.directory.SqliteDirectory;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code baton node}. */
@Command(
    name = "node",
    mixinStandardHelpOptions = true,
    description = "Lists, shows, adds, removes and empties nodes.")
final class NodeCommand implements Runnable {
  private static final String WHAT = "node";

  @Spec private @Nullable CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(Objects.requireNonNull(spec).commandLine(), "Missing command");
  }

  private PrintWriter out() {
    return Objects.requireNonNull(spec).commandLine().getOut();
  }

  private static List<Node> nodes(ConfigOption config) {
    return Editing.read(config, d -> d.holders().nodes());
  }

  /** All of them. */
  @Command(name = "list", mixinStandardHelpOptions = true, description = "Lists the nodes.")
  int list(
      @Mixin ConfigOption config, @Option(names = "--json", description = "As JSON.") boolean json)
      throws IOException {
    return Editing.list(
        out(),
        json,
        nodes(config).stream().map(DirectoryView::node).toList(),
        List.of("name", "address", "port", "tls_port", "role", "state", "weight"));
  }

  /** One of them. */
  @Command(name = "show", mixinStandardHelpOptions = true, description = "Shows one node.")
  int show(
      @Mixin ConfigOption config,
      @Parameters(paramLabel = "NODE", description = "Its name.") String name,
      @Option(names = "--json", description = "As JSON.") boolean json)
      throws IOException {
    Node node = Editing.the(nodes(config), name, Node::name, WHAT);
    return Editing.show(out(), json, DirectoryView.node(node));
  }

  /** What a node may be given; as in cluster.yaml. */
  static final class Wanted {
    @Option(
        names = "--address",
        required = true,
        description = "Its address; twice for one of each family.")
    private List<String> addresses = List.of();

    @Option(
        names = "--set",
        paramLabel = "KEY=VALUE",
        description = {
          "A key of cluster.yaml, such as weight=2, role=backup, tls-port=8443 or",
          "\"check={ kind: http, path: /health }\"; repeatable."
        })
    private Map<String, String> keys = Map.of();

    /** As a file of this node alone, which the file's own reader then checks. */
    private ClusterFile file(String name) {
      List<String> said = new ArrayList<>();
      said.add("name: " + quoted(name));
      said.add(
          "address: [%s]"
              .formatted(String.join(", ", addresses.stream().map(Wanted::quoted).toList())));
      keys.forEach((key, value) ->
          said.add(quoted(key) + ": " + (value.startsWith("{") ? value : quoted(value))));
      return ClusterFile.parse(
          "baton node add", "nodes: [{ " + String.join(", ", said) + " }]\nsites: []\n");
    }

    private static String quoted(String text) {
      return '"'
          + text.replace("\\", "\\\\").replace("\"", "\\\"").replaceAll("\\p{Cntrl}", "\\\\0")
          + '"';
    }
  }

  /** One more. */
  @Command(name = "add", mixinStandardHelpOptions = true, description = "Adds a node.")
  int add(
      @Mixin ConfigOption config,
      @Parameters(paramLabel = "NODE", description = "Its name.") String name,
      @Mixin Wanted wanted,
      @Option(names = "--replace", description = "Put it in the place of the one there is.")
          boolean replace) {
    ClusterFile file = wanted.file(name);
    Node node = file.nodes().getFirst();
    return Editing.edit(
        config,
        out(),
        Set.of(),
        before ->
            new ClusterFile(
                Editing.with(before.nodes(), node, Node::name, WHAT, replace),
                file.stateless(),
                before.groups(),
                before.sites()));
  }

  /** One less. */
  @Command(
      name = "remove",
      mixinStandardHelpOptions = true,
      description = "Removes a node that no site and no group uses.")
  int remove(
      @Mixin ConfigOption config,
      @Parameters(paramLabel = "NODE", description = "Its name.") String name) {
    return Editing.removeHolder(
        config,
        out(),
        before -> {
          Editing.the(before.nodes(), name, Node::name, WHAT);
          return new ClusterFile(
              Editing.without(before.nodes(), name, Node::name),
              before.stateless(),
              before.groups(),
              before.sites());
        });
  }

  /** It is to be empty. */
  @Command(
      name = "drain",
      mixinStandardHelpOptions = true,
      description = "Lets no new connection come to a node; tells what is left there.")
  int drain(
      @Mixin ConfigOption config,
      @Parameters(paramLabel = "NODE", description = "Its name.") String name,
      @Option(names = "--wait", description = "Return when its last flow is over.") boolean wait,
      @Option(
              names = "--deadline",
              paramLabel = "DURATION",
              converter = Leaving.DurationConverter.class,
              description = "With --wait: flows that are left after so long are reset.")
          @Nullable Duration deadline)
      throws IOException, InterruptedException {
    BatonConfig baton = config.load();
    long sequence = setState(baton, name, Node.State.DRAINING);
    new AdminClient(baton.admin()).awaitSequence(sequence);
    SiteFlows flows =
        new SiteFlows(baton, SiteFlows.ALL, Editing.the(nodes(config), name, Node::name, WHAT));
    if (wait) {
      new Leaving(this::say).awaitFlows(flows, deadline);
    }
    say(name + " is draining; flows left: " + flows.count());
    return ExitCode.OK;
  }

  /** It is full again. */
  @Command(
      name = "up",
      mixinStandardHelpOptions = true,
      description = "Lets new connections come to a node that was draining or down.")
  int up(
      @Mixin ConfigOption config,
      @Parameters(paramLabel = "NODE", description = "Its name.") String name)
      throws IOException, InterruptedException {
    BatonConfig baton = config.load();
    new AdminClient(baton.admin()).awaitSequence(setState(baton, name, Node.State.UP));
    say(name + " is up");
    return ExitCode.OK;
  }

  private static long setState(BatonConfig baton, String name, Node.State state) {
    try (SqliteDirectory directory = SqliteDirectory.open(baton.directory())) {
      directory.setState(name, state);
      return directory.sequence();
    } catch (IllegalArgumentException e) {
      throw new ConfigException(List.of("node: expected " + e.getMessage()));
    }
  }

  private void say(String line) {
    out().println(line);
    out().flush();
  }
}

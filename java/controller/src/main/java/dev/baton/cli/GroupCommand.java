package dev.baton.cli;

import dev.baton.config.Scalars;
import dev.baton.directory.ClusterFile;
import dev.baton.directory.ClusterScalars;
import dev.baton.directory.DirectoryView;
import dev.baton.directory.Group;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code baton group}. */
@Command(
    name = "group",
    mixinStandardHelpOptions = true,
    description = "Lists, shows, adds and removes storage groups.")
final class GroupCommand implements Runnable {
  private static final String WHAT = "group";

  @Spec private @Nullable CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(Objects.requireNonNull(spec).commandLine(), "Missing command");
  }

  private PrintWriter out() {
    return Objects.requireNonNull(spec).commandLine().getOut();
  }

  private static List<Group> groups(ConfigOption config) {
    return Editing.read(config, d -> d.holders().groups());
  }

  /** All of them. */
  @Command(name = "list", mixinStandardHelpOptions = true, description = "Lists the groups.")
  int list(
      @Mixin ConfigOption config, @Option(names = "--json", description = "As JSON.") boolean json)
      throws IOException {
    return Editing.list(
        out(),
        json,
        groups(config).stream().map(DirectoryView::group).toList(),
        List.of("name", "nodes"));
  }

  /** One of them. */
  @Command(name = "show", mixinStandardHelpOptions = true, description = "Shows one group.")
  int show(
      @Mixin ConfigOption config,
      @Parameters(paramLabel = "GROUP", description = "Its name.") String name,
      @Option(names = "--json", description = "As JSON.") boolean json)
      throws IOException {
    Group group = Editing.the(groups(config), name, Group::name, WHAT);
    return Editing.show(out(), json, DirectoryView.group(group));
  }

  /** One more. */
  @Command(name = "add", mixinStandardHelpOptions = true, description = "Adds a group.")
  int add(
      @Mixin ConfigOption config,
      @Parameters(paramLabel = "GROUP", description = "Its name.") String name,
      @Option(
              names = "--node",
              paramLabel = "NODE",
              required = true,
              description = "A node in it; repeatable.")
          List<String> nodes,
      @Option(names = "--replace", description = "Put it in the place of the one there is.")
          boolean replace) {
    Group group =
        new Group(
            Editing.value("GROUP", ClusterScalars.GROUP_NAME, name),
            Editing.values("--node", Scalars.NODE_NAME, nodes));
    return Editing.edit(
        config,
        out(),
        Set.of(),
        before ->
            withGroups(before, Editing.with(before.groups(), group, Group::name, WHAT, replace)));
  }

  /** One less. */
  @Command(
      name = "remove",
      mixinStandardHelpOptions = true,
      description = "Removes a group that no site uses.")
  int remove(
      @Mixin ConfigOption config,
      @Parameters(paramLabel = "GROUP", description = "Its name.") String name) {
    return Editing.removeHolder(
        config,
        out(),
        before -> {
          Editing.the(before.groups(), name, Group::name, WHAT);
          return withGroups(before, Editing.without(before.groups(), name, Group::name));
        });
  }

  private static ClusterFile withGroups(ClusterFile before, List<Group> groups) {
    return new ClusterFile(before.nodes(), before.stateless(), groups, before.sites());
  }
}

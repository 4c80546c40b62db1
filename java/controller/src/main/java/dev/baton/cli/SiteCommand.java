package dev.baton.cli;

import dev.baton.config.Scalars;
import dev.baton.directory.ClusterFile;
import dev.baton.directory.ClusterScalars;
import dev.baton.directory.Dataset;
import dev.baton.directory.PartSpec;
import dev.baton.directory.SiteSpec;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
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

/** {@code baton site}. */
@Command(
    name = "site",
    mixinStandardHelpOptions = true,
    description = "Lists, shows, adds and removes sites.")
final class SiteCommand implements Runnable {
  @Spec private @Nullable CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(Objects.requireNonNull(spec).commandLine(), "Missing command");
  }

  private PrintWriter out() {
    return Objects.requireNonNull(spec).commandLine().getOut();
  }

  /** All of them. */
  @Command(name = "list", mixinStandardHelpOptions = true, description = "Lists the sites.")
  int list(
      @Mixin ConfigOption config, @Option(names = "--json", description = "As JSON.") boolean json)
      throws IOException {
    List<Map<String, Object>> sites = Editing.read(config, d -> d.sites(Set.of()));
    return json
        ? Editing.list(out(), true, sites, List.of())
        : Editing.list(
            out(),
            false,
            sites.stream().map(SiteCommand::row).toList(),
            List.of("host", "version", "parts", "nodes", "aliases"));
  }

  private static Map<String, Object> row(Map<String, Object> site) {
    Set<String> nodes = new LinkedHashSet<>();
    List<?> parts = (List<?>) Objects.requireNonNull(site.get("parts"));
    for (Object part : parts) {
      for (Object copy : (List<?>) Objects.requireNonNull(((Map<?, ?>) part).get("copies"))) {
        nodes.add(String.valueOf(((Map<?, ?>) copy).get("node")));
      }
    }
    Map<String, Object> row = new LinkedHashMap<>(site);
    row.put("parts", parts.size());
    row.put("nodes", nodes);
    return row;
  }

  /** One of them. */
  @Command(name = "show", mixinStandardHelpOptions = true, description = "Shows one site.")
  int show(
      @Mixin ConfigOption config,
      @Parameters(paramLabel = "HOST", description = "Its host, or an alias.") String host,
      @Option(names = "--json", description = "As JSON.") boolean json)
      throws IOException {
    return Editing.show(out(), json, find(config, host));
  }

  /** The site of a host or alias. */
  static Map<String, Object> find(ConfigOption config, String host) {
    String wanted = Editing.value("HOST", ClusterScalars.HOST, host);
    List<Map<String, Object>> found = Editing.read(config, d -> d.sites(Set.of(wanted)));
    if (found.isEmpty()) {
      throw Editing.refusal("there is no site " + wanted);
    }
    return found.getFirst();
  }

  /** What a site may be given besides its host and holder; as in cluster.yaml. */
  static final class Wanted {
    @Option(names = "--node", paramLabel = "NODE", description = "Has all of it; repeatable.")
    private @Nullable List<String> nodes;

    @Option(names = "--group", paramLabel = "GROUP", description = "Has all of it.")
    private @Nullable String group;

    @Option(names = "--alias", paramLabel = "HOST", description = "Another host; repeatable.")
    private @Nullable List<String> aliases;

    @Option(names = "--balance", description = "least-flows, hash-client or hash-path.")
    private @Nullable String balance;

    @Option(names = "--keep-alive", description = "reuse or close.")
    private @Nullable String keepAlive;

    @Option(names = "--copies", description = "assumed or deployed.")
    private @Nullable String copies;

    @Option(names = "--redirect-to-https", description = "true, false or a port.")
    private @Nullable String https;

    private SiteSpec site(String host) {
      if ((nodes == null) == (group == null)) {
        throw Editing.refusal("expected either --node, once or several times, or --group");
      }
      return new SiteSpec(
          Editing.value("HOST", ClusterScalars.HOST, host),
          Editing.values("--alias", ClusterScalars.HOST, aliases),
          List.of(
              PartSpec.whole(
                  Editing.value("--group", ClusterScalars.GROUP_NAME, group, ""),
                  Editing.values("--node", Scalars.NODE_NAME, nodes))),
          Editing.value("--balance", ClusterScalars.BALANCE, balance, Dataset.Balance.LEAST_FLOWS),
          Editing.value(
              "--keep-alive", ClusterScalars.KEEP_ALIVE, keepAlive, Dataset.KeepAlive.REUSE),
          Editing.value("--copies", ClusterScalars.COPIES, copies, true),
          Editing.value("--redirect-to-https", ClusterScalars.HTTPS, https, 0));
    }
  }

  /** One more. */
  @Command(name = "add", mixinStandardHelpOptions = true, description = "Adds a site.")
  int add(
      @Mixin ConfigOption config,
      @Parameters(paramLabel = "HOST", description = "Its host.") String host,
      @Mixin Wanted wanted,
      @Option(names = "--replace", description = "Put it in the place of the one there is.")
          boolean replace) {
    SiteSpec site = wanted.site(host);
    Set<String> touched = new HashSet<>(site.aliases());
    touched.add(site.host());
    return Editing.edit(
        config,
        out(),
        touched,
        before ->
            withSites(before, Editing.with(before.sites(), site, SiteSpec::host, "site", replace)));
  }

  /** One less. */
  @Command(
      name = "remove",
      mixinStandardHelpOptions = true,
      description = "Removes a site with its aliases.")
  int remove(
      @Mixin ConfigOption config,
      @Parameters(paramLabel = "HOST", description = "Its host, not an alias.") String host) {
    String wanted = Editing.value("HOST", ClusterScalars.HOST, host);
    return Editing.edit(
        config,
        out(),
        Set.of(wanted),
        before -> {
          Editing.the(before.sites(), wanted, SiteSpec::host, "site");
          return withSites(before, Editing.without(before.sites(), wanted, SiteSpec::host));
        });
  }

  /** The same directory with other sites. */
  static ClusterFile withSites(ClusterFile before, List<SiteSpec> sites) {
    return new ClusterFile(before.nodes(), before.stateless(), before.groups(), sites);
  }
}

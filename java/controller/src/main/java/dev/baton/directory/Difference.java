package dev.baton.directory;

import dev.baton.config.ConfigException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Finds what has to change. */
final class Difference {
  private final ClusterFile before;
  private final ClusterFile after;
  private final boolean prune;
  private final List<String> unnamed = new ArrayList<>();

  Difference(ClusterFile before, ClusterFile after, boolean prune) {
    this.before = before;
    this.after = after;
    this.prune = prune;
  }

  /**
   * Compares.
   *
   * @throws ConfigException if a host that is wanted belongs to a site that stays
   */
  Changes changes() {
    Map<String, Node> states = byName(before.nodes(), Node::name);
    List<Node> nodes = new ArrayList<>();
    for (Node node : after.nodes()) {
      Node was = after.stateless().contains(node.name()) ? states.get(node.name()) : null;
      nodes.add(was == null ? node : node.in(was.state()));
    }
    Function<Node, String> nodeName = Node::name;
    return new Changes(
        diff("node ", byName(before.nodes(), nodeName), nodes, nodeName, Node::toString),
        diff(
            "group ",
            byName(before.groups(), Group::name),
            after.groups(),
            Group::name,
            group -> String.join(", ", group.nodes())),
        diff("site ", sitesBefore(), after.sites(), SiteSpec::host, SiteSpec::text),
        unnamed);
  }

  /**
   * By the name each has afterwards: a site whose host and alias change places is the same, and
   * keeps its dataset.
   */
  private Map<String, SiteSpec> sitesBefore() {
    Map<String, SiteSpec> byHost = byName(before.sites(), SiteSpec::host);
    Map<String, SiteSpec> owners = new HashMap<>();
    before.sites().forEach(site -> site.hosts().forEach(host -> owners.put(host, site)));
    Map<String, SiteSpec> wanted = byName(after.sites(), SiteSpec::host);
    for (SiteSpec site : after.sites()) {
      SiteSpec owner = owners.get(site.host());
      if (owner != null
          && !wanted.containsKey(owner.host())
          && site.aliases().contains(owner.host())
          && byHost.remove(owner.host(), owner)) {
        byHost.put(site.host(), owner);
      }
    }
    if (!prune) {
      refuseTaken(owners, byHost, wanted);
    }
    return byHost;
  }

  private void refuseTaken(
      Map<String, SiteSpec> owners, Map<String, SiteSpec> byHost, Map<String, SiteSpec> wanted) {
    List<String> problems = new ArrayList<>();
    for (SiteSpec site : after.sites()) {
      for (String host : site.hosts()) {
        SiteSpec owner = owners.get(host);
        if (owner != null
            && !wanted.containsKey(owner.host())
            && Objects.equals(byHost.get(owner.host()), owner)) {
          problems.add(
              "site %s: %s belongs to the site %s, which stays: expected another host"
                  .formatted(site.host(), host, owner.host()));
        }
      }
    }
    if (!problems.isEmpty()) {
      throw new ConfigException(problems);
    }
  }

  private static <T> Map<String, T> byName(Collection<T> values, Function<T, String> name) {
    Map<String, T> map = new LinkedHashMap<>();
    values.forEach(value -> map.put(name.apply(value), value));
    return map;
  }

  private <T> List<Changes.Change<T>> diff(
      String what,
      Map<String, T> old,
      Collection<T> now,
      Function<T, String> key,
      Function<T, String> text) {
    Map<String, Changes.Change<T>> changes = new TreeMap<>();
    for (T value : now) {
      String name = key.apply(value);
      @Nullable T was = old.remove(name);
      String line = what + name;
      if (was == null) {
        line += " added: " + text.apply(value);
        changes.put(name, new Changes.Change<>(Changes.Kind.ADDED, value, null, line));
      } else if (!was.equals(value)) {
        line += " changed: " + text.apply(was) + " -> " + text.apply(value);
        changes.put(name, new Changes.Change<>(Changes.Kind.CHANGED, value, was, line));
      }
    }
    new TreeMap<>(old)
        .forEach((name, was) -> {
          if (prune) {
            String line = what + name + " removed";
            changes.put(name, new Changes.Change<>(Changes.Kind.REMOVED, was, was, line));
          } else {
            unnamed.add(what + name + " is not in the file: it stays");
          }
        });
    return List.copyOf(changes.values());
  }
}

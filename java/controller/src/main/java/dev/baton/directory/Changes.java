package dev.baton.directory;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * What makes one directory into another, nodes before sites, each by name.
 *
 * @param nodes nodes that differ
 * @param sites sites that differ in their nodes or otherwise
 */
public record Changes(List<Change<Node>> nodes, List<Change<Site>> sites) {
  /** How something changed. */
  public enum Kind {
    /** It is new. */
    ADDED,
    /** It says something else. */
    CHANGED,
    /** It is gone. */
    REMOVED
  }

  /**
   * One difference.
   *
   * @param value what is there afterwards; for REMOVED, what was there before
   * @param text one line for people
   */
  public record Change<T>(Kind kind, T value, String text) {}

  /** What has to change for {@code before} to say what the file says. */
  public static Changes between(Snapshot before, ClusterFile after) {
    return new Changes(
        diff("node ", before.nodes(), after.nodes(), Node::name, Node::toString),
        diff("site ", before.sites(), after.sites(), Site::host, Site::text));
  }

  /** Whether there is nothing to change. */
  public boolean isEmpty() {
    return nodes.isEmpty() && sites.isEmpty();
  }

  /** One line for each change, or the one line {@code nothing changed}. */
  public List<String> lines() {
    if (isEmpty()) {
      return List.of("nothing changed");
    }
    List<String> lines = new ArrayList<>();
    nodes.forEach(change -> lines.add(change.text()));
    sites.forEach(change -> lines.add(change.text()));
    return lines;
  }

  private static <T> List<Change<T>> diff(
      String what,
      Collection<T> before,
      Collection<T> after,
      Function<T, String> key,
      Function<T, String> text) {
    Map<String, T> old = new LinkedHashMap<>();
    before.forEach(value -> old.put(key.apply(value), value));
    Map<String, Change<T>> changes = new TreeMap<>();
    for (T value : after) {
      String name = key.apply(value);
      T was = old.remove(name);
      String now = text.apply(value);
      if (was == null) {
        changes.put(name, new Change<>(Kind.ADDED, value, what + name + " added: " + now));
      } else if (!text.apply(was).equals(now)) {
        String line = what + name + " changed: " + text.apply(was) + " -> " + now;
        changes.put(name, new Change<>(Kind.CHANGED, value, line));
      }
    }
    old.forEach((name, was) ->
        changes.put(name, new Change<>(Kind.REMOVED, was, what + name + " removed")));
    return List.copyOf(changes.values());
  }
}

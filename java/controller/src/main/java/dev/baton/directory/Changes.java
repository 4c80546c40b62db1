package dev.baton.directory;

import dev.baton.config.ConfigException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What makes one directory into another: nodes, groups, sites, each by name.
 *
 * @param nodes nodes that differ
 * @param groups groups whose nodes differ
 * @param sites sites that differ in anything a file says
 * @param unnamed one line for each thing that stays although the file does not name it
 */
public record Changes(
    List<Change<Node>> nodes,
    List<Change<Group>> groups,
    List<Change<SiteSpec>> sites,
    List<String> unnamed) {
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
   * @param before what was there before; null: nothing
   * @param text one line for people
   */
  public record Change<T>(Kind kind, T value, @Nullable T before, String text) {}

  /**
   * What has to change for {@code before} to say what {@code after} says.
   *
   * @param prune whether what {@code after} does not name goes; else it stays
   * @throws ConfigException if a host that is wanted belongs to a site that stays
   */
  public static Changes between(ClusterFile before, ClusterFile after, boolean prune) {
    return new Difference(before, after, prune).changes();
  }

  /** Whether there is nothing to change. */
  public boolean isEmpty() {
    return nodes.isEmpty() && groups.isEmpty() && sites.isEmpty();
  }

  /** One line for each change, or the one line {@code nothing changed}; then what stays. */
  public List<String> lines() {
    List<String> lines = new ArrayList<>();
    if (isEmpty()) {
      lines.add("nothing changed");
    }
    nodes.forEach(change -> lines.add(change.text()));
    groups.forEach(change -> lines.add(change.text()));
    sites.forEach(change -> lines.add(change.text()));
    lines.addAll(unnamed);
    return lines;
  }
}

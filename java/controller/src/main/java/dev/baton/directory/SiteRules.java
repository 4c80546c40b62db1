package dev.baton.directory;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What must hold for a site's parts, whether they come from a file or a command. */
final class SiteRules {
  /** Why a split site has no place beside a listener that takes TLS. */
  static final String NO_PARTS_WITH_TLS =
      "parts cannot be told apart on a listener that takes TLS, where neither path nor range is"
          + " seen: expected nodes or a group";

  /** Why clients of TLS cannot be sent elsewhere. */
  static final String NO_REDIRECT_WITH_TLS =
      "all its nodes are public, and on a listener that takes TLS there is no redirect without the"
          + " key: expected a local node too";

  /**
   * One thing that is wrong.
   *
   * @param part its index; -1: it is the site's
   * @param key the part's or the site's
   */
  record Problem(int part, String key, String message) {}

  private final List<PartSpec> parts;
  private final Function<String, @Nullable Node> nodes;
  private final Function<String, @Nullable Group> groups;
  private final List<Problem> problems = new ArrayList<>();

  private SiteRules(
      List<PartSpec> parts,
      Function<String, @Nullable Node> nodes,
      Function<String, @Nullable Group> groups) {
    this.parts = parts;
    this.nodes = nodes;
    this.groups = groups;
  }

  /**
   * Looks at the parts of one site.
   *
   * @param nodes a name's node, null if there is none
   * @param groups a name's group, null if there is none
   * @param tls whether a listener takes TLS
   */
  static List<Problem> check(
      List<PartSpec> parts,
      Function<String, @Nullable Node> nodes,
      Function<String, @Nullable Group> groups,
      boolean tls) {
    SiteRules rules = new SiteRules(parts, nodes, groups);
    rules.holders();
    rules.slices();
    if (tls && rules.problems.isEmpty() && !parts.isEmpty()) {
      rules.listeners();
    }
    return rules.problems;
  }

  private void holders() {
    boolean several = parts.size() > 1;
    for (int i = 0; i < parts.size(); i++) {
      PartSpec part = parts.get(i);
      if (!part.group().isEmpty() && groups.apply(part.group()) == null) {
        add(i, "group", "expected a group named above, found \"" + part.group() + "\"");
      }
      if (several && !part.nodes().isEmpty()) {
        add(i, "group", "expected a group for each part of a site that has several");
      }
      Set<String> seen = new HashSet<>();
      for (String name : part.nodes()) {
        if (nodes.apply(name) == null) {
          add(i, "nodes", "expected a node named above, found \"" + name + "\"");
        } else if (!seen.add(name)) {
          add(i, "nodes", "expected each node once, found again: " + name);
        }
      }
    }
  }

  /** {@code /videos} and {@code /videos/} hold the same things. */
  private static String without(String path) {
    return path.length() > 1 && path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
  }

  private void slices() {
    Map<String, List<Integer>> byPath = new HashMap<>();
    for (int i = 0; i < parts.size(); i++) {
      byPath.computeIfAbsent(without(parts.get(i).path()), p -> new ArrayList<>()).add(i);
      if (parts.get(i).range() != null && parts.get(i).path().endsWith("/")) {
        add(i, "path", "expected the path of one file for a range, found one that ends with \"/\"");
      }
    }
    byPath.values().forEach(this::slicesOfPath);
  }

  private void slicesOfPath(List<Integer> indices) {
    List<Integer> whole = indices.stream().filter(i -> parts.get(i).range() == null).toList();
    List<Integer> ranges =
        indices.stream()
            .filter(i -> parts.get(i).range() != null)
            .sorted(Comparator.comparingLong((Integer i) -> range(i).first()))
            .toList();
    for (int i : whole.subList(Math.min(1, whole.size()), whole.size())) {
      add(i, "path", "expected once, found again: " + parts.get(i).path());
    }
    if (!whole.isEmpty() && !ranges.isEmpty()) {
      String path = parts.get(whole.getFirst()).path();
      add(whole.getFirst(), "path", "expected a range, as other parts of " + path + " have one");
      return;
    }
    long next = 0;
    for (int i : ranges) {
      ByteRange range = range(i);
      if (range.first() != next) {
        String what = range.first() > next ? "a gap before it" : "it overlaps another";
        add(i, "range", "expected to begin at " + next + ", found " + range + ": " + what);
      }
      next = Math.max(next, range.last() + 1);
    }
  }

  private ByteRange range(int part) {
    return Objects.requireNonNull(parts.get(part).range());
  }

  private void listeners() {
    PartSpec first = parts.getFirst();
    if (parts.size() > 1 || !first.path().equals(Part.ALL) || first.range() != null) {
      add(-1, "parts", NO_PARTS_WITH_TLS);
      return;
    }
    List<String> names = names(first);
    if (!names.isEmpty() && names.stream().allMatch(name -> isPublic(nodes.apply(name)))) {
      add(-1, first.group().isEmpty() ? "nodes" : "group", NO_REDIRECT_WITH_TLS);
    }
  }

  private List<String> names(PartSpec part) {
    Group group = groups.apply(part.group());
    return group == null ? part.nodes() : group.nodes();
  }

  private static boolean isPublic(@Nullable Node node) {
    return node != null && node.role() == Node.Role.PUBLIC;
  }

  private void add(int part, String key, String message) {
    problems.add(new Problem(part, key, message));
  }
}

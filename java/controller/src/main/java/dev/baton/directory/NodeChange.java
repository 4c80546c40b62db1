package dev.baton.directory;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Puts new nodes in the place of old ones; parts that sites share stay shared. */
final class NodeChange {
  private final Map<String, Node> now;
  private final Set<String> gone = new HashSet<>();
  private final IdentityHashMap<List<Part>, List<Part>> parts = new IdentityHashMap<>();
  private final IdentityHashMap<Copy, Copy> copies = new IdentityHashMap<>();
  private final IdentityHashMap<Dataset, Dataset> datasets = new IdentityHashMap<>();

  NodeChange(Map<String, Node> now, Set<Node> gone) {
    this.now = now;
    gone.forEach(node -> this.gone.add(node.name()));
  }

  /** What is to be in a site's place; null: it stays. */
  @Nullable Site site(Site site) {
    Dataset dataset = site.dataset();
    if (!touches(dataset.parts())) {
      return null;
    }
    Dataset other =
        datasets.computeIfAbsent(
            dataset,
            d ->
                new Dataset(
                    d.id(),
                    d.version(),
                    d.balance(),
                    d.keepAlive(),
                    parts.computeIfAbsent(d.parts(), this::parts)));
    return new Site(site.host(), other, site.httpsPort());
  }

  private boolean touches(List<Part> list) {
    for (int i = 0; i < list.size(); i++) {
      List<Copy> copies = list.get(i).copies();
      for (int j = 0; j < copies.size(); j++) {
        if (gone.contains(copies.get(j).node().name())) {
          return true;
        }
      }
    }
    return false;
  }

  private List<Part> parts(List<Part> before) {
    return before.stream()
        .map(p -> new Part(p.path(), p.range(), p.group(), copies(p.copies())))
        .toList();
  }

  private List<Copy> copies(List<Copy> before) {
    List<Copy> list = new ArrayList<>(before.size());
    for (Copy copy : before) {
      Node node = now.get(copy.node().name());
      if (node != null) {
        list.add(
            gone.contains(node.name())
                ? copies.computeIfAbsent(copy, c -> new Copy(node, c.version(), c.state()))
                : copy);
      }
    }
    return list;
  }
}

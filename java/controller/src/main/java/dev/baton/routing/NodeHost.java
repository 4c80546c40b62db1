package dev.baton.routing;

import dev.baton.directory.Node;
import dev.baton.directory.Snapshot;
import org.jspecify.annotations.Nullable;

/** A host of the form {@code {host}.{node}.{cluster-domain}}, which means a site on that node. */
record NodeHost(String host, Node node) {
  /**
   * Takes one apart.
   *
   * @param suffix the cluster domain, with a dot in front
   * @return null: it has another form, or names no node of the directory
   */
  static @Nullable NodeHost of(@Nullable String name, String suffix, Snapshot snapshot) {
    if (name == null || !name.endsWith(suffix)) {
      return null;
    }
    int end = name.length() - suffix.length();
    int dot = name.lastIndexOf('.', end - 1);
    if (dot <= 0) {
      return null;
    }
    Node node = snapshot.node(name.substring(dot + 1, end));
    return node == null ? null : new NodeHost(name.substring(0, dot), node);
  }
}

package dev.baton.directory;

import java.util.List;

/**
 * A storage group: nodes over which the parts given to it are balanced.
 *
 * @param name unique, one DNS label in lower case
 * @param nodes their names, at least one, none twice
 */
public record Group(String name, List<String> nodes) {
  /** Takes a copy of the list. */
  public Group {
    nodes = List.copyOf(nodes);
  }
}

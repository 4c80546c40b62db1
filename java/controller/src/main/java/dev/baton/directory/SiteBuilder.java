package dev.baton.directory;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Makes sites of rows, and lets them share what is equal. */
final class SiteBuilder {
  /** What is shared among more than so many different ones saves little. */
  private static final int SHARED_MAX = 1 << 16;

  private final Map<String, Node> nodes;
  private final Map<List<DatasetRow.PartRow>, List<Part>> parts = new HashMap<>();
  private final Map<DatasetRow.CopyRow, Copy> copies = new HashMap<>();
  private final Map<String, String> versions = new HashMap<>();

  SiteBuilder(Map<String, Node> nodes) {
    this.nodes = nodes;
  }

  List<Site> sites(DatasetRow row) throws SQLException {
    String problem = row.problem();
    if (!problem.isEmpty()) {
      throw new SQLException("site " + row.name() + ", " + problem);
    }
    Dataset dataset =
        new Dataset(
            row.id(), shared(versions, row.version()), row.balance(), row.keepAlive(), parts(row));
    List<Site> sites = new ArrayList<>(row.hosts().size());
    for (DatasetRow.HostRow host : row.hosts()) {
      sites.add(new Site(host.host(), dataset, host.httpsPort()));
    }
    return sites;
  }

  /** A dataset without parts, which only a stranger to these rules makes, is without copies. */
  private List<Part> parts(DatasetRow row) throws SQLException {
    List<Part> known = parts.get(row.parts());
    if (known != null) {
      return known;
    }
    List<Part> made = new ArrayList<>(row.parts().size());
    for (DatasetRow.PartRow part : row.parts()) {
      List<Copy> own = new ArrayList<>(part.copies().size());
      for (DatasetRow.CopyRow copy : part.copies()) {
        own.add(copy(copy));
      }
      made.add(new Part(part.path(), part.range(), part.group(), own));
    }
    List<Part> list =
        made.isEmpty() ? List.of(new Part(Part.ALL, null, "", List.of())) : List.copyOf(made);
    if (parts.size() < SHARED_MAX) {
      parts.put(row.parts(), list);
    }
    return list;
  }

  private Copy copy(DatasetRow.CopyRow row) throws SQLException {
    Copy known = copies.get(row);
    if (known != null) {
      return known;
    }
    Node node = nodes.get(row.node());
    if (node == null) {
      throw new SQLException("a copy is on the unknown node " + row.node());
    }
    Copy copy;
    try {
      copy = new Copy(node, shared(versions, row.version()), Copy.State.of(row.state()));
    } catch (IllegalArgumentException e) {
      throw new SQLException("a copy's state is not valid: " + e.getMessage(), e);
    }
    if (copies.size() < SHARED_MAX) {
      copies.put(row, copy);
    }
    return copy;
  }

  private static String shared(Map<String, String> known, String text) {
    if (known.size() >= SHARED_MAX) {
      known.clear();
    }
    return known.computeIfAbsent(text, t -> t);
  }
}

package dev.baton.directory;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads snapshots, inside of transactions that another began: whole, or what the log of changes
 * says has changed since the one before.
 */
final class SnapshotReader {
  /** Beyond so many changes it is quicker to read everything. */
  private static final int CHANGES_MAX = 50_000;

  private @Nullable Snapshot last;
  private long lastTag;

  /** The next reading is a whole one: the file is another. */
  void forget() {
    last = null;
  }

  /** The newest number of the log; 0: nothing was ever changed. */
  static long sequence(Connection c) throws SQLException {
    try (Statement statement = c.createStatement();
        ResultSet rows = statement.executeQuery("SELECT max(sequence) FROM change_log")) {
      return rows.next() ? rows.getLong(1) : 0;
    }
  }

  /** Reads what is there now; {@code version} is what the snapshot is to say. */
  Snapshot read(Connection c, long version) throws SQLException {
    long sequence = sequence(c);
    Snapshot before = last;
    Noted noted = before == null ? null : noted(c, before.sequence());
    Snapshot read =
        before == null || noted == null
            ? whole(c, version, sequence)
            : changed(c, version, sequence, before, noted);
    lastTag = tag(c, sequence);
    last = read;
    return read;
  }

  private static long tag(Connection c, long sequence) throws SQLException {
    try (PreparedStatement statement =
        c.prepareStatement("SELECT tag FROM change_log WHERE sequence = ?")) {
      statement.setLong(1, sequence);
      try (ResultSet rows = statement.executeQuery()) {
        return rows.next() ? rows.getLong(1) : 0;
      }
    }
  }

  /** What has changed. */
  private record Noted(Set<String> nodes, Set<String> hosts, Set<Integer> datasets) {}

  /** Null: the log does not tell it all, because it is another log or too much was changed. */
  private @Nullable Noted noted(Connection c, long since) throws SQLException {
    if (tag(c, since) != lastTag) {
      return null;
    }
    Noted noted = new Noted(new HashSet<>(), new HashSet<>(), new HashSet<>());
    int count = 0;
    try (PreparedStatement statement =
        c.prepareStatement("SELECT kind, name FROM change_log WHERE sequence > ?")) {
      statement.setLong(1, since);
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          String name = rows.getString(2);
          switch (rows.getString(1)) {
            case "node" -> noted.nodes.add(name);
            case "site" -> noted.hosts.add(name);
            case "dataset" -> noted.datasets.add(Integer.parseInt(name));
            default -> count = CHANGES_MAX;
          }
          if (++count > CHANGES_MAX) {
            return null;
          }
        }
      }
    }
    return noted;
  }

  private static Snapshot whole(Connection c, long version, long sequence) throws SQLException {
    Map<String, Node> nodes = new SqliteReader(c).nodes();
    Snapshot.Edit edit = new Snapshot.Edit(Snapshot.empty());
    SiteBuilder builder = new SiteBuilder(nodes);
    DatasetReader.all(c, row -> builder.sites(row).forEach(edit::put));
    return edit.snapshot(version, sequence, nodes.values());
  }

  private static Snapshot changed(
      Connection c, long version, long sequence, Snapshot before, Noted noted) throws SQLException {
    Map<String, Node> nodes = new LinkedHashMap<>();
    before.nodes().forEach(node -> nodes.put(node.name(), node));
    Snapshot.Edit edit = new Snapshot.Edit(before);
    if (!noted.nodes.isEmpty()) {
      Map<String, Node> now = new SqliteReader(c).nodes();
      Set<Node> gone = new HashSet<>(nodes.values());
      gone.removeAll(now.values());
      now.replaceAll((name, node) -> {
        Node was = nodes.get(name);
        return was != null && was.equals(node) ? was : node;
      });
      nodes.clear();
      nodes.putAll(now);
      if (!gone.isEmpty()) {
        edit.replaceAll(new NodeChange(nodes, gone)::site);
      }
    }
    Set<Integer> datasets = new HashSet<>(noted.datasets);
    hosts(c, noted.hosts, datasets, edit);
    SiteBuilder builder = new SiteBuilder(nodes);
    try (DatasetReader reader = DatasetReader.byId(c)) {
      for (int id : datasets) {
        DatasetRow row = reader.read(id);
        if (row != null) {
          builder.sites(row).forEach(edit::put);
        }
      }
    }
    return edit.snapshot(version, sequence, nodes.values());
  }

  /** Takes those out that are no more, and adds the datasets of those that are. */
  private static void hosts(
      Connection c, Set<String> hosts, Set<Integer> datasets, Snapshot.Edit edit)
      throws SQLException {
    try (PreparedStatement statement =
        c.prepareStatement("SELECT dataset FROM sites WHERE host = ?")) {
      for (String host : hosts) {
        statement.setString(1, host);
        try (ResultSet rows = statement.executeQuery()) {
          if (rows.next()) {
            datasets.add(rows.getInt(1));
          } else {
            edit.remove(host);
          }
        }
      }
    }
  }
}

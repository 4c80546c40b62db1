package dev.baton.directory;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads datasets with their sites, parts and copies, inside of a transaction that another began:
 * three queries in the same order, side by side.
 */
final class DatasetReader implements AutoCloseable {
  /** What is done with each dataset. */
  interface Sink {
    /** Is given one after the other. */
    void take(DatasetRow row) throws SQLException;
  }

  private static final String WHERE = "{where}";
  private static final String DATASETS =
      "SELECT id, name, version, balance, keep_alive, copies FROM datasets {where} ORDER BY id";
  private static final String HOSTS =
      "SELECT dataset, host, https_port FROM sites {where} ORDER BY dataset, host";
  private static final String PARTS =
      """
      SELECT p.dataset, p.id, p.path, p.first, p.last, p.storage_group,
          c.node, c.version, c.state, c.position
        FROM parts p LEFT JOIN copies c ON c.part = p.id {where}
        ORDER BY p.dataset, p.path, ifnull(p.first, -1)
      """;

  private record Placed(DatasetRow.CopyRow copy, int position) {}

  private final PreparedStatement datasets;
  private final PreparedStatement hosts;
  private final PreparedStatement parts;

  private DatasetReader(Connection c, boolean one) throws SQLException {
    datasets = c.prepareStatement(DATASETS.replace(WHERE, one ? "WHERE id = ?" : ""));
    hosts = c.prepareStatement(HOSTS.replace(WHERE, one ? "WHERE dataset = ?" : ""));
    parts = c.prepareStatement(PARTS.replace(WHERE, one ? "WHERE p.dataset = ?" : ""));
  }

  /** All datasets, by number. */
  static void all(Connection c, Sink sink) throws SQLException {
    try (DatasetReader reader = new DatasetReader(c, false)) {
      reader.merge(sink);
    }
  }

  /** One that reads a dataset at a time. */
  static DatasetReader byId(Connection c) throws SQLException {
    return new DatasetReader(c, true);
  }

  /** The dataset of that number; null: there is none. */
  @Nullable DatasetRow read(int id) throws SQLException {
    datasets.setInt(1, id);
    hosts.setInt(1, id);
    parts.setInt(1, id);
    List<DatasetRow> found = new ArrayList<>(1);
    merge(found::add);
    return found.isEmpty() ? null : found.getFirst();
  }

  @Override
  public void close() throws SQLException {
    parts.close();
    hosts.close();
    datasets.close();
  }

  private void merge(Sink sink) throws SQLException {
    try (ResultSet d = datasets.executeQuery();
        ResultSet h = hosts.executeQuery();
        ResultSet p = parts.executeQuery()) {
      boolean moreHosts = h.next();
      boolean moreParts = p.next();
      while (d.next()) {
        int id = d.getInt(1);
        List<DatasetRow.HostRow> ownHosts = new ArrayList<>(1);
        while (moreHosts && h.getInt(1) == id) {
          ownHosts.add(new DatasetRow.HostRow(h.getString(2), h.getInt(3)));
          moreHosts = h.next();
        }
        List<DatasetRow.PartRow> ownParts = new ArrayList<>(1);
        while (moreParts && p.getInt(1) == id) {
          moreParts = part(p, ownParts);
        }
        sink.take(row(d, ownHosts, ownParts));
      }
    }
  }

  private static DatasetRow row(
      ResultSet d, List<DatasetRow.HostRow> hosts, List<DatasetRow.PartRow> parts)
      throws SQLException {
    try {
      return new DatasetRow(
          d.getInt(1),
          d.getString(2),
          d.getString(3),
          Dataset.Balance.of(d.getString(4)),
          Dataset.KeepAlive.of(d.getString(5)),
          d.getString(6).equals("assumed"),
          hosts,
          parts);
    } catch (IllegalArgumentException e) {
      throw new SQLException("site " + d.getString(2) + " is not valid: " + e.getMessage(), e);
    }
  }

  /** Reads the rows of one part's copies; returns whether there are more rows. */
  private static boolean part(ResultSet p, List<DatasetRow.PartRow> into) throws SQLException {
    long part = p.getLong(2);
    String path = p.getString(3);
    ByteRange range = range(p);
    String group = p.getString(6);
    List<Placed> copies = new ArrayList<>(2);
    boolean more = true;
    do {
      if (p.getString(7) != null) {
        copies.add(
            new Placed(
                new DatasetRow.CopyRow(p.getString(7), p.getString(8), p.getString(9)),
                p.getInt(10)));
      }
      more = p.next();
    } while (more && p.getLong(2) == part);
    copies.sort(Comparator.comparingInt(Placed::position));
    into.add(
        new DatasetRow.PartRow(
            path, range, group == null ? "" : group, copies.stream().map(Placed::copy).toList()));
    return more;
  }

  private static @Nullable ByteRange range(ResultSet row) throws SQLException {
    long first = row.getLong(4);
    return row.wasNull() ? null : new ByteRange(first, row.getLong(5));
  }
}

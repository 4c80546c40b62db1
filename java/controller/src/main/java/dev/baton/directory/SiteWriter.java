package dev.baton.directory;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Writes sites with their datasets and parts. What stays keeps its number and its copies' states.
 */
final class SiteWriter {
  /** Runs one statement. */
  interface Run {
    /** With these values. */
    void run(String sql, @Nullable Object... values) throws SQLException;
  }

  /** Asks for one number. */
  interface Ask {
    /** Null: there is no row. */
    @Nullable Long ask(String sql, @Nullable Object... values) throws SQLException;
  }

  private final Run sql;
  private final Ask ask;

  SiteWriter(Run sql, Ask ask) {
    this.sql = sql;
    this.ask = ask;
  }

  /** Hosts go before others come, because they may go from one dataset to another. */
  void write(List<Changes.Change<SiteSpec>> changes) throws SQLException {
    List<Long> ids = new ArrayList<>(changes.size());
    for (Changes.Change<SiteSpec> change : changes) {
      SiteSpec before = change.before();
      long id = before == null ? 0 : id(before.host());
      ids.add(id);
      if (before != null) {
        Set<String> stay =
            change.kind() == Changes.Kind.REMOVED
                ? Set.of()
                : new HashSet<>(change.value().hosts());
        for (String host : before.hosts()) {
          if (!stay.contains(host)) {
            sql.run("DELETE FROM sites WHERE host = ?", host);
          }
        }
        if (change.kind() == Changes.Kind.REMOVED) {
          sql.run("DELETE FROM datasets WHERE id = ?", id);
        } else if (!before.host().equals(change.value().host())) {
          sql.run("UPDATE datasets SET name = ? WHERE id = ?", "#" + id, id); // of no host
        }
      }
    }
    for (int i = 0; i < ids.size(); i++) {
      Changes.Change<SiteSpec> change = changes.get(i);
      if (change.kind() != Changes.Kind.REMOVED) {
        put(ids.get(i), change.before(), change.value());
      }
    }
  }

  private long id(String name) throws SQLException {
    return Objects.requireNonNull(ask.ask("SELECT id FROM datasets WHERE name = ?", name), name);
  }

  private void put(long known, @Nullable SiteSpec before, SiteSpec site) throws SQLException {
    long id = known;
    if (before == null) {
      sql.run(
          "INSERT INTO datasets (name, balance, keep_alive, copies) VALUES (?, ?, ?, ?)",
          site.host(),
          site.balance().text(),
          site.keepAlive().text(),
          mode(site));
      id = id(site.host());
    } else {
      sql.run(
          "UPDATE datasets SET name = ?, balance = ?, keep_alive = ?, copies = ? WHERE id = ?",
          site.host(),
          site.balance().text(),
          site.keepAlive().text(),
          mode(site),
          id);
    }
    List<PartSpec> old = before == null ? List.of() : before.parts();
    for (PartSpec part : old) {
      if (site.parts().stream().noneMatch(part::isSlice)) {
        sql.run("DELETE FROM parts WHERE id = ?", partId(id, part));
      }
    }
    for (PartSpec part : site.parts()) {
      PartSpec was = old.stream().filter(part::isSlice).findFirst().orElse(null);
      if (!part.equals(was)) {
        put(id, was != null, part);
      }
    }
    for (String host : site.hosts()) {
      sql.run(
          """
          INSERT INTO sites (host, dataset, https_port) VALUES (?, ?, ?)
            ON CONFLICT (host) DO UPDATE SET dataset = excluded.dataset,
              https_port = excluded.https_port
          """,
          host,
          id,
          site.httpsPort());
    }
  }

  private void put(long dataset, boolean isThere, PartSpec part) throws SQLException {
    @Nullable String group = part.group().isEmpty() ? null : part.group();
    ByteRange range = part.range();
    if (isThere) {
      sql.run("UPDATE parts SET storage_group = ? WHERE id = ?", group, partId(dataset, part));
    } else {
      sql.run(
          "INSERT INTO parts (dataset, path, first, last, storage_group) VALUES (?, ?, ?, ?, ?)",
          dataset,
          part.path(),
          range == null ? null : range.first(),
          range == null ? null : range.last(),
          group);
    }
    if (group == null) {
      copies(partId(dataset, part), part.nodes());
    } // else triggers do it
  }

  private void copies(long part, List<String> nodes) throws SQLException {
    sql.run("UPDATE copies SET position = -1 WHERE part = ?", part);
    for (int i = 0; i < nodes.size(); i++) {
      sql.run(
          """
          INSERT INTO copies (part, node, position, version, state)
            SELECT p.id, ?, ?, d.version,
                CASE d.copies WHEN 'assumed' THEN 'complete' ELSE 'updating' END
              FROM parts p JOIN datasets d ON d.id = p.dataset WHERE p.id = ?
            ON CONFLICT (part, node) DO UPDATE SET position = excluded.position
          """,
          nodes.get(i),
          i,
          part);
    }
    sql.run("DELETE FROM copies WHERE part = ? AND position = -1", part);
  }

  private long partId(long dataset, PartSpec part) throws SQLException {
    ByteRange range = part.range();
    return Objects.requireNonNull(
        ask.ask(
            "SELECT id FROM parts WHERE dataset = ? AND path = ? AND ifnull(first, -1) = ?",
            dataset,
            part.path(),
            range == null ? -1 : range.first()));
  }

  private static String mode(SiteSpec site) {
    return site.assumed() ? "assumed" : "deployed";
  }
}

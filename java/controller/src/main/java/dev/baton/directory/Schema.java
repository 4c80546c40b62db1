package dev.baton.directory;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/** The tables, and the steps that lead to them from each older version (PRAGMA user_version). */
final class Schema {
  /** Step n leads from version n to n + 1. A step that was released is never edited again. */
  static final List<List<String>> STEPS =
      List.of(
          List.of(
              """
              CREATE TABLE nodes (
                name TEXT PRIMARY KEY,
                address TEXT NOT NULL,
                port INTEGER NOT NULL CHECK (port BETWEEN 1 AND 65535),
                state TEXT NOT NULL CHECK (state IN ('up', 'draining', 'down')),
                weight INTEGER NOT NULL CHECK (weight BETWEEN 1 AND 1000)
              ) STRICT
              """,
              "CREATE TABLE sites (host TEXT PRIMARY KEY) STRICT",
              """
              CREATE TABLE site_nodes (
                host TEXT NOT NULL REFERENCES sites (host) ON DELETE CASCADE,
                position INTEGER NOT NULL,
                node TEXT NOT NULL REFERENCES nodes (name),
                PRIMARY KEY (host, position),
                UNIQUE (host, node)
              ) STRICT, WITHOUT ROWID
              """,
              "CREATE INDEX site_nodes_node ON site_nodes (node)"),
          List.of(
              """
              CREATE TABLE node_addresses (
                node TEXT NOT NULL REFERENCES nodes (name) ON DELETE CASCADE,
                family INTEGER NOT NULL CHECK (family IN (4, 6)),
                address TEXT NOT NULL,
                PRIMARY KEY (node, family)
              ) STRICT, WITHOUT ROWID
              """,
              "INSERT INTO node_addresses SELECT name, 4, address FROM nodes",
              "ALTER TABLE nodes DROP COLUMN address"),
          List.of(
              """
              ALTER TABLE nodes ADD COLUMN tls_port INTEGER NOT NULL DEFAULT 443
                CHECK (tls_port BETWEEN 1 AND 65535)
              """,
              """
              ALTER TABLE nodes ADD COLUMN client_address TEXT NOT NULL DEFAULT 'option'
                CHECK (client_address IN ('option', 'proxy-v1', 'proxy-v2', 'none'))
              """,
              """
              ALTER TABLE sites ADD COLUMN https_port INTEGER NOT NULL DEFAULT 0
                CHECK (https_port BETWEEN 0 AND 65535)
              """),
          SchemaFour.STATEMENTS);

  private Schema() {}

  /** Brings the database to the newest version; another process may be about to do the same. */
  static void migrate(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      if (version(statement) == STEPS.size()) {
        return;
      }
      statement.execute("BEGIN IMMEDIATE");
      try {
        int version = version(statement); // once more, now that nobody else writes
        if (version > STEPS.size()) {
          throw new SQLException(
              "made by a newer baton: schema %d, known here: %d".formatted(version, STEPS.size()));
        }
        for (List<String> step : STEPS.subList(version, STEPS.size())) {
          for (String sql : step) {
            statement.execute(sql);
          }
        }
        statement.execute("PRAGMA user_version = " + STEPS.size());
        statement.execute("COMMIT");
      } catch (SQLException e) {
        rollBack(statement, e);
        throw e;
      }
    }
  }

  /**
   * Ends a transaction that failed. SQLite may have done so already (a full disk, for one), and
   * that is not to hide why (sqlite.org/lang_transaction.html, 3).
   */
  static void rollBack(Statement statement, Exception cause) {
    try {
      statement.execute("ROLLBACK");
    } catch (SQLException e) {
      cause.addSuppressed(e);
    }
  }

  /** Whether no step was taken yet. */
  static boolean isEmpty(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      return version(statement) == 0;
    }
  }

  private static int version(Statement statement) throws SQLException {
    try (ResultSet rows = statement.executeQuery("PRAGMA user_version")) {
      rows.next();
      return rows.getInt(1);
    }
  }
}

package dev.baton.directory;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/** How nodes were found to be, for the controller that comes next. */
public final class HealthStore implements AutoCloseable {
  private static final Duration BUSY_TIMEOUT = Duration.ofMillis(100);

  private final SqliteDirectory directory;

  /**
   * How a node is.
   *
   * @param up whether it is well
   * @param since when it became so
   * @param cause why
   */
  public record Known(boolean up, Instant since, String cause) {}

  private HealthStore(SqliteDirectory directory) {
    this.directory = directory;
  }

  /** On a connection of its own: nobody else waits for it. It waits for no lock either. */
  public static HealthStore open(String uri) {
    return new HealthStore(SqliteDirectory.open(uri, BUSY_TIMEOUT));
  }

  /** What is known, by the node's name. */
  public Map<String, Known> read() {
    return directory.look(c -> {
      Map<String, Known> all = new LinkedHashMap<>();
      try (PreparedStatement statement =
              c.prepareStatement("SELECT node, up, since, cause FROM node_health");
          ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          all.put(
              rows.getString(1),
              new Known(
                  rows.getBoolean(2), Instant.ofEpochMilli(rows.getLong(3)), rows.getString(4)));
        }
      }
      return all;
    });
  }

  /** Writes how nodes are, all or nothing; those that are gone from the directory are left out. */
  public void write(Map<String, Known> states) {
    int _ =
        directory.change(c -> {
          try (PreparedStatement statement =
              c.prepareStatement(
                  """
                  INSERT OR REPLACE INTO node_health (node, up, since, cause)
                  SELECT name, ?, ?, ? FROM nodes WHERE name = ?
                  """)) {
            for (Map.Entry<String, Known> each : states.entrySet()) {
              Known known = each.getValue();
              statement.setBoolean(1, known.up());
              statement.setLong(2, known.since().toEpochMilli());
              statement.setString(3, known.cause());
              statement.setString(4, each.getKey());
              statement.addBatch();
            }
            return statement.executeBatch().length;
          }
        });
  }

  @Override
  public void close() {
    directory.close();
  }
}

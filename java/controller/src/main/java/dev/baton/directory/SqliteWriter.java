package dev.baton.directory;

import dev.baton.address.Ip;
import dev.baton.config.ConfigException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes changes, inside of a transaction that another began, in an order that keeps all rules. */
final class SqliteWriter implements AutoCloseable {
  private static final String USERS_OF_GROUP =
      """
      SELECT DISTINCT 'site ' || d.name FROM parts p JOIN datasets d ON d.id = p.dataset
        WHERE p.storage_group = ? LIMIT 3
      """;

  private static final String USERS_OF_NODE =
      """
      SELECT 'group ' || storage_group FROM storage_group_nodes WHERE node = ?
        UNION ALL SELECT 'site ' || d.name FROM copies c JOIN parts p ON p.id = c.part
          JOIN datasets d ON d.id = p.dataset WHERE c.node = ? AND p.storage_group IS NULL
        LIMIT 3
      """;

  private final Connection connection;
  private final Map<String, PreparedStatement> statements = new HashMap<>();

  private SqliteWriter(Connection connection) {
    this.connection = connection;
  }

  /** Writes all of them. */
  static void write(Connection connection, Changes changes) throws SQLException {
    try (SqliteWriter writer = new SqliteWriter(connection)) {
      writer.write(changes);
    }
  }

  @Override
  public void close() throws SQLException {
    for (PreparedStatement statement : statements.values()) {
      statement.close();
    }
  }

  /** What is referred to comes first and goes last. */
  private void write(Changes changes) throws SQLException {
    for (Changes.Change<Node> change : changes.nodes()) {
      if (change.kind() != Changes.Kind.REMOVED) {
        put(change.value());
      }
    }
    for (Changes.Change<Group> change : changes.groups()) {
      if (change.kind() != Changes.Kind.REMOVED) {
        put(change.value());
      }
    }
    new SiteWriter(this::run, this::number).write(changes.sites());
    for (Changes.Change<Group> change : changes.groups()) {
      if (change.kind() == Changes.Kind.REMOVED) {
        refuseUsed("group " + change.value().name(), USERS_OF_GROUP, change.value().name());
        run("DELETE FROM storage_group_nodes WHERE storage_group = ?", change.value().name());
        run("DELETE FROM storage_groups WHERE name = ?", change.value().name());
      }
    }
    for (Changes.Change<Node> change : changes.nodes()) {
      if (change.kind() == Changes.Kind.REMOVED) {
        refuseUsed(
            "node " + change.value().name(),
            USERS_OF_NODE,
            change.value().name(),
            change.value().name());
        run("DELETE FROM nodes WHERE name = ?", change.value().name());
      }
    }
  }

  private void refuseUsed(String what, String query, String... names) throws SQLException {
    List<String> users = new ArrayList<>();
    try (ResultSet rows = prepared(query, (Object[]) names).executeQuery()) {
      while (rows.next()) {
        users.add(rows.getString(1));
      }
    }
    if (!users.isEmpty()) {
      throw new ConfigException(
          List.of(what + " is used by " + String.join(", ", users) + ": it cannot be removed"));
    }
  }

  private void put(Node node) throws SQLException {
    NodeLimits limits = node.limits();
    run(
        """
        INSERT INTO nodes (name, port, tls_port, state, weight, client_address, role, max_flows,
            queue, queue_ms, slow_start_ms)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          ON CONFLICT (name) DO UPDATE SET port = excluded.port, tls_port = excluded.tls_port,
            state = excluded.state, weight = excluded.weight,
            client_address = excluded.client_address, role = excluded.role,
            max_flows = excluded.max_flows, queue = excluded.queue, queue_ms = excluded.queue_ms,
            slow_start_ms = excluded.slow_start_ms
        """,
        node.name(),
        node.port(),
        node.tlsPort(),
        node.state().text(),
        node.weight(),
        node.clientAddress().text(),
        node.role().text(),
        limits.maxFlows(),
        limits.queue(),
        limits.queueTime().toMillis(),
        limits.slowStart().toMillis());
    run("DELETE FROM node_addresses WHERE node = ?", node.name());
    for (Ip ip : node.addresses()) {
      run(
          "INSERT INTO node_addresses (node, family, address) VALUES (?, ?, ?)",
          node.name(),
          ip.isV4() ? 4 : 6,
          ip.toString());
    }
    run("DELETE FROM node_checks WHERE node = ?", node.name());
    HealthCheck check = node.check();
    if (!check.equals(HealthCheck.DEFAULT)) {
      run(
          "INSERT INTO node_checks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
          node.name(),
          check.kind().text(),
          check.path(),
          check.host(),
          check.statusFirst(),
          check.statusLast(),
          check.interval().toMillis(),
          check.timeout().toMillis(),
          check.rise(),
          check.fall());
    }
  }

  /** Those that come are there before others go, so that no part is without a node between. */
  private void put(Group group) throws SQLException {
    run("INSERT INTO storage_groups VALUES (?) ON CONFLICT DO NOTHING", group.name());
    List<String> nodes = group.nodes();
    for (int i = 0; i < nodes.size(); i++) {
      run(
          """
          INSERT INTO storage_group_nodes (storage_group, position, node) VALUES (?, ?, ?)
            ON CONFLICT (storage_group, node) DO UPDATE SET position = excluded.position
          """,
          group.name(),
          i,
          nodes.get(i));
    }
    String marks = String.join(", ", Collections.nCopies(nodes.size(), "?"));
    Object[] values = new Object[nodes.size() + 1];
    values[0] = group.name();
    System.arraycopy(nodes.toArray(), 0, values, 1, nodes.size());
    run(
        "DELETE FROM storage_group_nodes WHERE storage_group = ? AND node NOT IN (" + marks + ")",
        values);
  }

  private void run(String sql, @Nullable Object... values) throws SQLException {
    prepared(sql, values).executeUpdate();
  }

  /** The first column of the first row; null: there is no row. */
  private @Nullable Long number(String sql, @Nullable Object... values) throws SQLException {
    try (ResultSet rows = prepared(sql, values).executeQuery()) {
      return rows.next() ? rows.getLong(1) : null;
    }
  }

  private PreparedStatement prepared(String sql, @Nullable Object... values) throws SQLException {
    PreparedStatement statement = statements.get(sql);
    if (statement == null) {
      statement = connection.prepareStatement(sql);
      statements.put(sql, statement);
    }
    for (int i = 0; i < values.length; i++) {
      statement.setObject(i + 1, values[i]);
    }
    return statement;
  }
}

package dev.baton.directory;

import dev.baton.address.Ip;
import java.net.InetAddress;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeSet;

/** Reads the tables, inside of a transaction that another began. */
final class SqliteReader {
  private final Connection connection;

  SqliteReader(Connection connection) {
    this.connection = connection;
  }

  /**
   * Nodes, groups and sites in the words of cluster.yaml; each node's state is said.
   *
   * @param hosts of the sites; empty: all
   */
  ClusterFile cluster(Set<String> hosts) throws SQLException {
    List<SiteSpec> sites = new ArrayList<>();
    sites(hosts, row -> sites.add(row.spec()));
    return new ClusterFile(List.copyOf(nodes().values()), Set.of(), groups(), sites);
  }

  /** Nodes and groups alone. */
  ClusterFile holders() throws SQLException {
    return new ClusterFile(List.copyOf(nodes().values()), Set.of(), groups(), List.of());
  }

  /** The datasets of these hosts, aliases too; of none: all datasets. */
  void sites(Set<String> hosts, DatasetReader.Sink sink) throws SQLException {
    if (hosts.isEmpty()) {
      DatasetReader.all(connection, sink);
      return;
    }
    Set<Integer> ids = new TreeSet<>();
    try (PreparedStatement statement =
        connection.prepareStatement("SELECT dataset FROM sites WHERE host = ?")) {
      for (String host : hosts) {
        statement.setString(1, host);
        try (ResultSet rows = statement.executeQuery()) {
          if (rows.next()) {
            ids.add(rows.getInt(1));
          }
        }
      }
    }
    try (DatasetReader reader = DatasetReader.byId(connection)) {
      for (int id : ids) {
        DatasetRow row = reader.read(id);
        if (row != null) {
          sink.take(row);
        }
      }
    }
  }

  /** All nodes by name. */
  SequencedMap<String, Node> nodes() throws SQLException {
    Map<String, List<Ip>> addresses = new HashMap<>();
    SequencedMap<String, Node> nodes = new LinkedHashMap<>();
    try (Statement statement = connection.createStatement()) {
      try (ResultSet rows =
          statement.executeQuery(
              "SELECT node, address FROM node_addresses ORDER BY node, family")) {
        while (rows.next()) {
          addresses.computeIfAbsent(rows.getString(1), name -> new ArrayList<>()).add(ip(rows));
        }
      }
      try (ResultSet rows =
          statement.executeQuery(
              """
              SELECT n.name, n.port, n.tls_port, n.state, n.weight, n.client_address, n.role,
                  n.max_flows, n.queue, n.queue_ms, n.slow_start_ms, c.kind, c.path, c.host,
                  c.status_first, c.status_last, c.interval_ms, c.timeout_ms, c.rise, c.fall
                FROM nodes n LEFT JOIN node_checks c ON c.node = n.name ORDER BY n.name
              """)) {
        while (rows.next()) {
          Node node = node(rows, addresses.getOrDefault(rows.getString(1), List.of()));
          nodes.put(node.name(), node);
        }
      }
    }
    return nodes;
  }

  /** All groups by name. */
  List<Group> groups() throws SQLException {
    Map<String, List<String>> groups = new LinkedHashMap<>();
    try (Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                """
                SELECT g.name, n.node FROM storage_groups g
                  LEFT JOIN storage_group_nodes n ON n.storage_group = g.name
                  ORDER BY g.name, n.position
                """)) {
      while (rows.next()) {
        List<String> nodes = groups.computeIfAbsent(rows.getString(1), name -> new ArrayList<>());
        String node = rows.getString(2);
        if (node != null) {
          nodes.add(node);
        }
      }
    }
    return groups.entrySet().stream().map(e -> new Group(e.getKey(), e.getValue())).toList();
  }

  private static Ip ip(ResultSet rows) throws SQLException {
    try {
      return Ip.of(InetAddress.ofLiteral(rows.getString(2)));
    } catch (IllegalArgumentException e) {
      throw new SQLException("node " + rows.getString(1) + " is not valid: " + e.getMessage(), e);
    }
  }

  private static Node node(ResultSet rows, List<Ip> addresses) throws SQLException {
    try {
      return new Node(
          rows.getString(1),
          addresses,
          rows.getInt(2),
          rows.getInt(3),
          Node.State.of(rows.getString(4)),
          rows.getInt(5),
          ClientAddress.of(rows.getString(6)),
          Node.Role.of(rows.getString(7)),
          new NodeLimits(
              rows.getInt(8),
              rows.getInt(9),
              Duration.ofMillis(rows.getLong(10)),
              Duration.ofMillis(rows.getLong(11))),
          rows.getString(12) == null ? HealthCheck.DEFAULT : check(rows));
    } catch (IllegalArgumentException e) {
      throw new SQLException("node " + rows.getString(1) + " is not valid: " + e.getMessage(), e);
    }
  }

  private static HealthCheck check(ResultSet rows) throws SQLException {
    return new HealthCheck(
        HealthCheck.Kind.of(rows.getString(12)),
        rows.getString(13),
        rows.getString(14),
        rows.getInt(15),
        rows.getInt(16),
        Duration.ofMillis(rows.getLong(17)),
        Duration.ofMillis(rows.getLong(18)),
        rows.getInt(19),
        rows.getInt(20));
  }
}

package dev.baton.directory;

import dev.baton.address.Ip;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteConfig;

/**
 * The embedded directory: one SQLite file in WAL mode, which several processes may have open.
 *
 * <p>Safe for use by several threads, one at a time. The native library that sqlite-jdbc brings is
 * unpacked below {@code java.io.tmpdir} when the first directory is opened.
 */
public final class SqliteDirectory implements Directory {
  private static final String SCHEME = "sqlite:";
  private static final int BUSY_TIMEOUT_MILLIS = 3000;

  private final Path file;
  private @Nullable Connection connection;
  private @Nullable Object fileKey; // null until the file was opened for the first time
  private long dataVersion;
  private long version = 1;
  private boolean closed;

  private SqliteDirectory(Path file) {
    this.file = file;
  }

  /**
   * Opens a directory; makes the file, its parents and its tables where they are missing.
   *
   * @param uri {@code sqlite:/absolute/path}
   * @throws DirectoryException if that is impossible
   */
  public static SqliteDirectory open(String uri) {
    SqliteDirectory directory = new SqliteDirectory(path(uri));
    directory.call("open", SqliteDirectory::dataVersion);
    return directory;
  }

  /** The file a URI names. */
  public static Path path(String uri) {
    if (!uri.startsWith(SCHEME + "/")) {
      throw new DirectoryException(uri + ": expected " + SCHEME + "/absolute/path");
    }
    return Path.of(uri.substring(SCHEME.length()));
  }

  @Override
  public synchronized long version() {
    return call(
        "read",
        c -> {
          long now = dataVersion(c);
          if (now != dataVersion) {
            dataVersion = now;
            version++;
          }
          return version;
        });
  }

  @Override
  public synchronized Snapshot read() {
    // A change that comes between the two is seen at the next look at the version.
    long at = version();
    return call("read", c -> inTransaction(c, "BEGIN", () -> snapshot(c, at)));
  }

  /**
   * Makes the directory say exactly what the file says, in one transaction that touches only what
   * differs.
   *
   * @return what it changed
   * @throws DirectoryException if nothing could be changed
   */
  public synchronized Changes apply(ClusterFile wanted) {
    Changes changes =
        call(
            "change",
            c ->
                inTransaction(
                    c,
                    "BEGIN IMMEDIATE",
                    () -> {
                      Changes difference = Changes.between(snapshot(c, version), wanted);
                      write(c, difference);
                      return difference;
                    }));
    if (!changes.isEmpty()) {
      version++; // data_version tells only of what other connections have done
    }
    return changes;
  }

  @Override
  public synchronized void close() {
    closed = true;
    try {
      disconnect();
    } catch (SQLException e) {
      throw failed("close", e);
    }
  }

  private void disconnect() throws SQLException {
    Connection open = connection;
    connection = null;
    if (open != null) {
      open.close();
    }
  }

  private interface Work<T> {
    T on(Connection connection) throws SQLException;
  }

  private interface InTransaction<T> {
    T run() throws SQLException;
  }

  /** Runs on the open connection; opens the file anew if another was put in its place. */
  private <T> T call(String verb, Work<T> work) {
    if (closed) {
      throw new DirectoryException("the directory " + SCHEME + file + " is closed");
    }
    try {
      Connection open = connection;
      if (open != null && !currentFileKey().equals(fileKey)) {
        disconnect();
        open = null;
      }
      if (open == null) {
        open = connect();
        connection = open;
        fileKey = currentFileKey();
        dataVersion = dataVersion(open);
        version++;
      }
      return work.on(open);
    } catch (SQLException | IOException e) {
      throw failed(verb, e);
    }
  }

  private Connection connect() throws SQLException, IOException {
    boolean first = fileKey == null;
    Path parent = file.getParent();
    if (first && parent != null) {
      Files.createDirectories(parent);
    } else if (!first && !Files.exists(file)) {
      throw new NoSuchFileException("the file is gone"); // SQLite would make it anew
    }
    SQLiteConfig config = new SQLiteConfig();
    config.setJournalMode(SQLiteConfig.JournalMode.WAL);
    config.enforceForeignKeys(true);
    config.setBusyTimeout(BUSY_TIMEOUT_MILLIS);
    Connection opened = config.createConnection("jdbc:sqlite:" + file);
    try {
      if (!first && Schema.isEmpty(opened)) {
        // Someone is about to fill it, or has lost it: never take that for "no sites".
        throw new SQLException("the new file has no tables");
      }
      Schema.migrate(opened);
    } catch (SQLException e) {
      opened.close();
      throw e;
    }
    return opened;
  }

  /**
   * The inode the path leads to now.
   *
   * @throws NoSuchFileException if the file is gone, which must not make it anew
   */
  private Object currentFileKey() throws IOException {
    Object key = Files.readAttributes(file, BasicFileAttributes.class).fileKey();
    return key == null ? file : key;
  }

  private DirectoryException failed(String verb, Exception e) {
    return new DirectoryException(
        "cannot %s the directory %s%s: %s".formatted(verb, SCHEME, file, reason(e)), e);
  }

  private static @Nullable String reason(Exception e) {
    return e instanceof NoSuchFileException ? "the file is gone" : e.getMessage();
  }

  private static long dataVersion(Connection c) throws SQLException {
    try (Statement statement = c.createStatement();
        ResultSet rows = statement.executeQuery("PRAGMA data_version")) {
      rows.next();
      return rows.getLong(1);
    }
  }

  private static <T> T inTransaction(Connection c, String begin, InTransaction<T> work)
      throws SQLException {
    try (Statement statement = c.createStatement()) {
      statement.execute(begin);
      try {
        T result = work.run();
        statement.execute("COMMIT");
        return result;
      } catch (SQLException | RuntimeException e) {
        Schema.rollBack(statement, e);
        throw e;
      }
    }
  }

  private static Snapshot snapshot(Connection c, long version) throws SQLException {
    Map<String, Node> nodes = new LinkedHashMap<>();
    Map<String, List<Node>> sites = new LinkedHashMap<>();
    Map<String, Integer> httpsPorts = new HashMap<>();
    try (Statement statement = c.createStatement()) {
      Map<String, List<Ip>> addresses = new HashMap<>();
      try (ResultSet rows =
          statement.executeQuery(
              "SELECT node, address FROM node_addresses ORDER BY node, family")) {
        while (rows.next()) {
          addresses.computeIfAbsent(rows.getString(1), name -> new ArrayList<>()).add(ip(rows));
        }
      }
      try (ResultSet rows =
          statement.executeQuery(
              "SELECT name, port, tls_port, state, weight, client_address FROM nodes ORDER BY name")) {
        while (rows.next()) {
          Node node = node(rows, addresses.getOrDefault(rows.getString(1), List.of()));
          nodes.put(node.name(), node);
        }
      }
      try (ResultSet rows =
          statement.executeQuery(
              """
              SELECT s.host, n.node, s.https_port FROM sites s LEFT JOIN site_nodes n ON n.host = s.host
              ORDER BY s.host, n.position
              """)) {
        while (rows.next()) {
          List<Node> list = sites.computeIfAbsent(rows.getString(1), host -> new ArrayList<>());
          httpsPorts.put(rows.getString(1), rows.getInt(3));
          Node node = nodes.get(rows.getString(2));
          if (node != null) {
            list.add(node);
          }
        }
      }
    }
    return new Snapshot(
        version,
        nodes.values(),
        sites.entrySet().stream()
            .map(e -> new Site(e.getKey(), e.getValue(), httpsPorts.getOrDefault(e.getKey(), 0)))
            .toList());
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
          ClientAddress.of(rows.getString(6)));
    } catch (IllegalArgumentException e) {
      throw new SQLException("node " + rows.getString(1) + " is not valid: " + e.getMessage(), e);
    }
  }

  /** In an order in which no reference dangles: sites go first and come last. */
  private static void write(Connection c, Changes changes) throws SQLException {
    try (PreparedStatement deleteSite = c.prepareStatement("DELETE FROM sites WHERE host = ?");
        PreparedStatement deleteNode = c.prepareStatement("DELETE FROM nodes WHERE name = ?");
        PreparedStatement putNode =
            c.prepareStatement(
                """
                INSERT INTO nodes (name, port, tls_port, state, weight, client_address)
                VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (name) DO UPDATE SET port = excluded.port,
                  tls_port = excluded.tls_port, state = excluded.state, weight = excluded.weight,
                  client_address = excluded.client_address
                """);
        PreparedStatement deleteAddresses =
            c.prepareStatement("DELETE FROM node_addresses WHERE node = ?");
        PreparedStatement addAddress =
            c.prepareStatement(
                "INSERT INTO node_addresses (node, family, address) VALUES (?, ?, ?)");
        PreparedStatement addSite =
            c.prepareStatement("INSERT INTO sites (host, https_port) VALUES (?, ?)");
        PreparedStatement addSiteNode =
            c.prepareStatement("INSERT INTO site_nodes (host, position, node) VALUES (?, ?, ?)")) {
      for (Changes.Change<Site> change : changes.sites()) {
        run(deleteSite, change.value().host());
      }
      for (Changes.Change<Node> change : changes.nodes()) {
        Node node = change.value();
        if (change.kind() == Changes.Kind.REMOVED) {
          run(deleteNode, node.name());
        } else {
          run(
              putNode,
              node.name(),
              node.port(),
              node.tlsPort(),
              node.state().text(),
              node.weight(),
              node.clientAddress().text());
          run(deleteAddresses, node.name());
          for (Ip ip : node.addresses()) {
            run(addAddress, node.name(), ip.isV4() ? 4 : 6, ip.toString());
          }
        }
      }
      for (Changes.Change<Site> change : changes.sites()) {
        if (change.kind() != Changes.Kind.REMOVED) {
          Site site = change.value();
          run(addSite, site.host(), site.httpsPort());
          int position = 0;
          for (Node node : site.nodes()) {
            run(addSiteNode, site.host(), position++, node.name());
          }
        }
      }
    }
  }

  private static void run(PreparedStatement statement, Object... values) throws SQLException {
    for (int i = 0; i < values.length; i++) {
      statement.setObject(i + 1, values[i]);
    }
    statement.executeUpdate();
  }
}

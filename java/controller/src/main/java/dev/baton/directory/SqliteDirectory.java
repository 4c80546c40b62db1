package dev.baton.directory;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/**
 * The embedded directory: one SQLite file in WAL mode, which several processes may have open.
 *
 * <p>Safe for use by several threads, one at a time. The native library that sqlite-jdbc brings is
 * unpacked below {@code java.io.tmpdir} when the first directory is opened.
 */
public final class SqliteDirectory implements Directory {
  private static final String SCHEME = "sqlite:";
  private static final Duration BUSY_TIMEOUT = Duration.ofSeconds(3);

  private final Path file;
  private final Duration busyTimeout;
  private final SnapshotReader snapshots = new SnapshotReader();
  private @Nullable Connection connection;
  private @Nullable Object fileKey; // null until the file was opened for the first time
  private long dataVersion;
  private long version = 1;
  private boolean closed;

  private SqliteDirectory(Path file, Duration busyTimeout) {
    this.file = file;
    this.busyTimeout = busyTimeout;
  }

  /**
   * Opens a directory; makes the file, its parents and its tables where they are missing.
   *
   * @param uri {@code sqlite:/absolute/path}
   * @throws DirectoryException if that is impossible
   */
  public static SqliteDirectory open(String uri) {
    return open(uri, BUSY_TIMEOUT);
  }

  /** The same, for one who waits so long at most while another writes. */
  static SqliteDirectory open(String uri, Duration busyTimeout) {
    SqliteDirectory directory = new SqliteDirectory(path(uri), busyTimeout);
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
    return call("read", c -> inTransaction(c, "BEGIN", () -> snapshots.read(c, at)));
  }

  /** Everything, in the words of cluster.yaml. */
  public synchronized ClusterFile cluster() {
    return call(
        "read", c -> inTransaction(c, "BEGIN", () -> new SqliteReader(c).cluster(Set.of())));
  }

  /** The same without sites. */
  public synchronized ClusterFile holders() {
    return call("read", c -> inTransaction(c, "BEGIN", () -> new SqliteReader(c).holders()));
  }

  /**
   * Sites as {@link DirectoryView} shows them, those of the same dataset as one.
   *
   * @param hosts of those that are wanted, aliases too; empty: all
   */
  public synchronized List<Map<String, Object>> sites(Set<String> hosts) {
    return call(
        "read",
        c ->
            inTransaction(
                c,
                "BEGIN",
                () -> {
                  List<Map<String, Object>> sites = new ArrayList<>();
                  new SqliteReader(c).sites(hosts, row -> sites.add(DirectoryView.site(row)));
                  return sites;
                }));
  }

  /** The number of the newest change, see {@link Snapshot#sequence()}. */
  public synchronized long sequence() {
    return call("read", SnapshotReader::sequence);
  }

  /**
   * Makes the directory say what the file says, in one transaction that touches only what differs.
   * What the file does not name stays.
   *
   * @return what it changed
   * @throws DirectoryException if nothing could be changed
   * @throws dev.baton.config.ConfigException if what stays is in the way
   */
  public Changes apply(ClusterFile wanted) {
    return apply(wanted, false);
  }

  /** The same; with {@code prune}, what the file does not name goes. */
  public synchronized Changes apply(ClusterFile wanted, boolean prune) {
    return write(c -> Changes.between(new SqliteReader(c).cluster(Set.of()), wanted, prune));
  }

  /**
   * Changes a few things, in one transaction.
   *
   * @param hosts of the sites that may be touched; empty: all. Nodes and groups may always be
   * @param change is given them with all nodes and groups, and says what is to be there instead. It
   *     may refuse with a {@link dev.baton.config.ConfigException}
   * @return what it changed
   */
  public synchronized Changes edit(Set<String> hosts, UnaryOperator<ClusterFile> change) {
    return write(c -> {
      ClusterFile before = new SqliteReader(c).cluster(hosts);
      return Changes.between(before, change.apply(before), true);
    });
  }

  private Changes write(Work<Changes> plan) {
    Changes changes =
        call(
            "change",
            c ->
                inTransaction(
                    c,
                    "BEGIN IMMEDIATE",
                    () -> {
                      Changes difference = plan.on(c);
                      SqliteWriter.write(c, difference);
                      return difference;
                    }));
    if (!changes.isEmpty()) {
      version++; // data_version tells only of what other connections have done
    }
    return changes;
  }

  /** Changes something, in one transaction: whatever is thrown undoes it. */
  synchronized <T> T change(Work<T> work) {
    T result = call("change", c -> inTransaction(c, "BEGIN IMMEDIATE", () -> work.on(c)));
    version++; // data_version tells only of what other connections have done
    return result;
  }

  /**
   * Says whether a node gets new connections, until a file or another command says otherwise.
   *
   * @throws IllegalArgumentException if there is no such node
   */
  public void setState(String node, Node.State state) {
    int changed =
        change(c -> {
          try (PreparedStatement statement =
              c.prepareStatement("UPDATE nodes SET state = ? WHERE name = ?")) {
            statement.setString(1, state.text());
            statement.setString(2, node);
            return statement.executeUpdate();
          }
        });
    if (changed == 0) {
      throw new IllegalArgumentException("a node of the directory, found \"" + node + '"');
    }
  }

  /** Reads something, as of one moment. */
  synchronized <T> T look(Work<T> work) {
    return call("read", c -> inTransaction(c, "BEGIN", () -> work.on(c)));
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

  /** What is done with the open connection. */
  interface Work<T> {
    /** Its result. */
    T on(Connection connection) throws SQLException;
  }

  private interface InTransaction<T> {
    T run() throws SQLException;
  }

  /**
   * Runs on the open connection; opens the file anew if another was put in its place, or if what
   * was read of it was damaged: SQLite would go on with the pages that it has.
   */
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
        snapshots.forget();
        version++;
      }
      return work.on(open);
    } catch (SQLException | IOException e) {
      if (isDamage(e)) {
        abandon(e);
      }
      throw failed(verb, e);
    }
  }

  private static boolean isDamage(Exception e) {
    if (!(e instanceof SQLiteException known)) {
      return false;
    }
    int primary = known.getResultCode().code & 0xff;
    return primary == SQLiteErrorCode.SQLITE_CORRUPT.code
        || primary == SQLiteErrorCode.SQLITE_NOTADB.code;
  }

  private void abandon(Exception cause) {
    try {
      disconnect();
    } catch (SQLException e) {
      cause.addSuppressed(e);
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
    config.setBusyTimeout(Math.toIntExact(busyTimeout.toMillis()));
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
}

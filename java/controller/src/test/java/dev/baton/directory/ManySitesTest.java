package dev.baton.directory;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A hundred thousand sites on 1,000 nodes; with -Dbaton.full=true, a million. */
class ManySitesTest {
  private static final int SITES = Boolean.getBoolean("baton.full") ? 1_000_000 : 100_000;
  private static final long BYTES_PER_SITE = 300;

  @TempDir private Path folder = Path.of("");

  @Test
  void aChangeIsReadWithinASecondAndASiteTakesLittle() throws SQLException {
    String uri = "sqlite:" + folder.resolve("directory.db");
    SqliteDirectory.open(uri).close();
    fill(uri);
    try (SqliteDirectory directory = SqliteDirectory.open(uri)) {
      long before = heap();
      Snapshot whole = directory.read();
      long bytes = heap() - before;
      assertThat(whole.sites()).hasSize(SITES);
      assertThat(bytes).as("bytes of the snapshot").isLessThan(SITES * BYTES_PER_SITE);
      sql(
          uri,
          "INSERT INTO datasets (name) VALUES ('new.example')",
          "INSERT INTO parts (dataset, path) SELECT max(id), '/' FROM datasets",
          "INSERT INTO copies SELECT max(id), 'n1', 0, '1', 'complete' FROM parts",
          "INSERT INTO sites SELECT 'new.example', max(id), 0 FROM datasets");
      long start = System.nanoTime();
      Snapshot added = directory.read();
      Duration adding = Duration.ofNanos(System.nanoTime() - start);
      sql(uri, "UPDATE nodes SET state = 'down' WHERE name = 'n7'");
      start = System.nanoTime();
      Snapshot down = directory.read();
      Duration downing = Duration.ofNanos(System.nanoTime() - start);
      System.out.printf(
          "%d sites: %d MB, site added %d ms, node down %d ms%n",
          SITES, bytes >> 20, adding.toMillis(), downing.toMillis());
      assertThat(added.find("new.example")).isNotNull();
      assertThat(added.find("s5.example")).isSameAs(whole.find("s5.example"));
      Site touched = Objects.requireNonNull(down.find("s7.example"));
      assertThat(touched.nodes().getFirst().state()).isEqualTo(Node.State.DOWN);
      assertThat(down.find("s5.example")).isSameAs(whole.find("s5.example"));
      assertThat(adding).isLessThan(Duration.ofSeconds(1));
      assertThat(downing).isLessThan(Duration.ofSeconds(1));
    }
  }

  private static void fill(String uri) throws SQLException {
    String many = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) ";
    String sites = many.formatted(SITES);
    sql(
        uri,
        "BEGIN",
        many.formatted(1000)
            + "INSERT INTO nodes (name, port, state, weight) SELECT 'n' || i, 80, 'up', 1 FROM n",
        "INSERT INTO node_addresses SELECT name, 4, '10.0.' || (rowid / 250) || '.' ||"
            + " (rowid % 250 + 1) FROM nodes",
        sites + "INSERT INTO datasets (id, name) SELECT i, 's' || i || '.example' FROM n",
        sites + "INSERT INTO parts (id, dataset, path) SELECT i, i, '/' FROM n",
        sites
            + "INSERT INTO copies SELECT i, 'n' || (i % 1000 + (i % 1000 = 0)), 0, '1',"
            + " 'complete' FROM n",
        sites
            + "INSERT INTO copies SELECT i, 'n' || (i * 7919 % 1000 + 1), 1, '1', 'complete'"
            + " FROM n WHERE i * 7919 % 1000 + 1 <> i % 1000 + (i % 1000 = 0)",
        sites + "INSERT INTO sites SELECT 's' || i || '.example', i, 0 FROM n",
        "COMMIT");
  }

  private static long heap() {
    System.gc();
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  private static void sql(String uri, String... statements) throws SQLException {
    try (Connection connection = DriverManager.getConnection("jdbc:" + uri);
        Statement run = connection.createStatement()) {
      for (String statement : statements) {
        run.execute(statement);
      }
    }
  }
}

package dev.baton.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.testing.OwnNetwork;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SqliteDirectoryTest {
  private static final String BOTH =
      """
      nodes:
        - { name: a, address: 10.0.0.1 }
        - { name: b, address: 10.0.0.2, port: 8080, state: draining, weight: 3 }
      sites:
        - { host: one.example, nodes: [b, a] }
        - { host: "*.two.example", nodes: [a] }
      """;

  @TempDir private Path folder = Path.of("");
  private Path file = Path.of("");
  private String uri = "";

  @BeforeEach
  void whereTheFileIs() {
    file = folder.resolve("not/yet there/directory.db");
    uri = "sqlite:" + file;
  }

  @Test
  void whatIsAppliedIsReadByAnotherProcess() {
    try (SqliteDirectory writer = SqliteDirectory.open(uri);
        SqliteDirectory reader = SqliteDirectory.open(uri)) {
      assertThat(reader.read().sites()).isEmpty();
      assertThat(writer.apply(cluster(BOTH)).lines())
          .containsExactly(
              "node a added: 10.0.0.1:80 up weight 1",
              "node b added: 10.0.0.2:8080 draining weight 3",
              "site *.two.example added: a",
              "site one.example added: b, a");
      for (SqliteDirectory directory : List.of(writer, reader)) {
        Snapshot snapshot = directory.read();
        assertThat(snapshot.nodes()).containsExactlyElementsOf(cluster(BOTH).nodes());
        assertThat(directory.cluster().sites())
            .containsExactlyInAnyOrderElementsOf(cluster(BOTH).sites());
        assertThat(snapshot.sites())
            .extracting(site -> site.host() + " " + site.nodes())
            .containsExactlyInAnyOrder(
                "one.example [10.0.0.2:8080 draining weight 3, 10.0.0.1:80 up weight 1]",
                "*.two.example [10.0.0.1:80 up weight 1]");
      }
    }
  }

  @Test
  void onlyWhatDiffersIsReported() {
    try (SqliteDirectory directory = SqliteDirectory.open(uri)) {
      directory.apply(cluster(BOTH));
      long version = directory.version();
      assertThat(directory.apply(cluster(BOTH)).lines()).containsExactly("nothing changed");
      assertThat(directory.version()).isEqualTo(version);
      Changes changes =
          directory.apply(
              cluster(
                  """
                  nodes:
                    - { name: a, address: 10.0.0.1, port: 81 }
                    - { name: c, address: 10.0.0.3 }
                  sites:
                    - { host: one.example, nodes: [a, c] }
                    - { host: default, nodes: [c] }
                  """),
              true);
      assertThat(changes.lines())
          .containsExactly(
              "node a changed: 10.0.0.1:80 up weight 1 -> 10.0.0.1:81 up weight 1",
              "node b removed",
              "node c added: 10.0.0.3:80 up weight 1",
              "site *.two.example removed",
              "site default added: c",
              "site one.example changed: b, a -> a, c");
      assertThat(directory.version()).isGreaterThan(version);
      Snapshot snapshot = directory.read();
      assertThat(snapshot.nodes()).extracting(Node::name).containsExactly("a", "c");
      assertThat(Objects.requireNonNull(snapshot.find("one.example")).nodes())
          .extracting(Node::toString)
          .containsExactly("10.0.0.1:81 up weight 1", "10.0.0.3:80 up weight 1");
    }
  }

  @Test
  void theVersionGrowsWithAnyWritersChangesOnly() throws SQLException {
    try (SqliteDirectory directory = SqliteDirectory.open(uri)) {
      directory.apply(cluster(BOTH));
      long version = directory.version();
      assertThat(directory.version()).isEqualTo(version);
      assertThat(directory.read().version()).isEqualTo(version);
      sql("UPDATE nodes SET state = 'down' WHERE name = 'a'");
      assertThat(directory.version()).isGreaterThan(version);
      assertThat(directory.read().nodes().getFirst().state()).isEqualTo(Node.State.DOWN);
    }
  }

  /** SQLite has rolled back by itself then, and must not be heard only of that. */
  @Test
  void aFullDiskIsNamed() throws IOException {
    assumeTrue("root".equals(System.getProperty("user.name")), "needs root");
    Path disk = Files.createDirectory(folder.resolve("disk"));
    OwnNetwork.run("mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", disk.toString());
    try (SqliteDirectory directory = SqliteDirectory.open("sqlite:" + disk.resolve("a.db"))) {
      directory.apply(cluster(BOTH));
      StringBuilder much = new StringBuilder("nodes: [{ name: a, address: 10.0.0.1 }]\nsites:\n");
      for (int i = 0; i < 20_000; i++) {
        much.append("  - { host: customer-").append(i).append(".example.com, nodes: [a] }\n");
      }
      assertThatThrownBy(() -> directory.apply(cluster(much.toString())))
          .isInstanceOf(DirectoryException.class)
          .hasMessageContaining("full");
      assertThat(directory.read().sites()).as("as it was").hasSize(2);
      assertThat(directory.apply(cluster(BOTH)).isEmpty()).isTrue();
    } finally {
      OwnNetwork.run("umount", disk.toString());
    }
  }

  @Test
  void theDatabaseRefusesWhatTheFileWouldRefuse() {
    try (SqliteDirectory directory = SqliteDirectory.open(uri)) {
      directory.apply(cluster(BOTH));
      assertThatThrownBy(() -> sql("UPDATE nodes SET port = 0")).hasMessageContaining("CHECK");
      assertThatThrownBy(() -> sql("DELETE FROM nodes")).hasMessageContaining("FOREIGN KEY");
      assertThatThrownBy(() -> sql("UPDATE nodes SET state = 'on'")).hasMessageContaining("CHECK");
    }
  }

  @Test
  void aDatabaseOfTheFirstVersionKeepsItsNodes() throws SQLException, IOException {
    Files.createDirectories(file.getParent());
    sql(
        "CREATE TABLE nodes (name TEXT PRIMARY KEY, address TEXT NOT NULL,"
            + " port INTEGER NOT NULL, state TEXT NOT NULL, weight INTEGER NOT NULL) STRICT");
    sql("CREATE TABLE sites (host TEXT PRIMARY KEY) STRICT");
    sql(
        "CREATE TABLE site_nodes (host TEXT NOT NULL REFERENCES sites (host) ON DELETE CASCADE,"
            + " position INTEGER NOT NULL, node TEXT NOT NULL REFERENCES nodes (name),"
            + " PRIMARY KEY (host, position), UNIQUE (host, node)) STRICT, WITHOUT ROWID");
    sql("INSERT INTO nodes VALUES ('a', '10.0.0.1', 80, 'up', 1)");
    sql("INSERT INTO sites VALUES ('one.example')");
    sql("INSERT INTO site_nodes VALUES ('one.example', 0, 'a')");
    sql("PRAGMA user_version = 1");
    try (SqliteDirectory directory = SqliteDirectory.open(uri)) {
      assertThat(directory.read().nodes()).hasToString("[10.0.0.1:80 up weight 1]");
      assertThat(directory.read().nodes().getFirst().tlsPort()).isEqualTo(443);
      assertThat(directory.read().sites()).hasSize(1);
    }
  }

  @Test
  void aNodesAddressesOfBothFamiliesComeAndGo() {
    String node = "nodes: [{ name: a, address: %s }]%nsites: [{ host: h, nodes: [a] }]%n";
    try (SqliteDirectory directory = SqliteDirectory.open(uri)) {
      directory.apply(cluster(node.formatted("[\"fd00::1\", 10.0.0.1]")));
      assertThat(directory.read().nodes()).hasToString("[10.0.0.1:80 [fd00::1]:80 up weight 1]");
      directory.apply(cluster(node.formatted("\"fd00::1\"")));
      Node only = directory.read().nodes().getFirst();
      assertThat(only.address(true)).isNull();
      assertThat(only.address(false)).hasToString("fd00::1");
    }
  }

  @Test
  void whatServersAreToldAndWhereClientsAreSentIsKept() throws SQLException {
    String text =
        """
        nodes: [{ name: a, address: 10.0.0.1, client-address: %s }]
        sites: [{ host: h.example, nodes: [a], redirect-to-https: %s }]
        """;
    try (SqliteDirectory directory = SqliteDirectory.open(uri)) {
      directory.apply(cluster(text.formatted("proxy-v2", "true")));
      Snapshot first = directory.read();
      assertThat(first.nodes().getFirst().clientAddress()).isEqualTo(ClientAddress.PROXY_V2);
      assertThat(first.sites()).extracting(Site::httpsPort).containsExactly(443);
      assertThat(directory.apply(cluster(text.formatted("none", "8443"))).lines())
          .containsExactly(
              "node a changed: 10.0.0.1:80 up weight 1 proxy-v2 -> 10.0.0.1:80 up weight 1 none",
              "site h.example changed: a; redirect to https port 443 -> a; redirect to https port 8443");
      Snapshot second = directory.read();
      assertThat(second.nodes().getFirst().clientAddress()).isEqualTo(ClientAddress.NONE);
      assertThat(second.sites()).extracting(Site::httpsPort).containsExactly(8443);
      assertThatThrownBy(() -> sql("UPDATE nodes SET client_address = 'x'"))
          .hasMessageContaining("CHECK");
      assertThatThrownBy(() -> sql("UPDATE sites SET https_port = 65536"))
          .hasMessageContaining("CHECK");
    }
  }

  @Test
  void aNodesPortOfTlsIsKept() {
    String node = "nodes: [{ name: a, address: 10.0.0.1 %s}]%nsites: [{ host: h, nodes: [a] }]%n";
    try (SqliteDirectory directory = SqliteDirectory.open(uri)) {
      directory.apply(cluster(node.formatted("")));
      assertThat(directory.read().nodes().getFirst().tlsPort()).isEqualTo(443);
      assertThat(directory.apply(cluster(node.formatted(", tls-port: 8443"))).lines())
          .containsExactly(
              "node a changed: 10.0.0.1:80 up weight 1 -> 10.0.0.1:80 tls 8443 up weight 1");
      assertThat(directory.read().nodes().getFirst().tlsPort()).isEqualTo(8443);
    }
  }

  @Test
  void aDatabaseOfANewerBatonIsLeftAlone() throws SQLException {
    SqliteDirectory.open(uri).close();
    sql("PRAGMA user_version = 99");
    assertThatThrownBy(() -> SqliteDirectory.open(uri))
        .isInstanceOf(DirectoryException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining("made by a newer baton: schema 99, known here: 4");
  }

  @Test
  void whatIsNoDatabaseOrNoDirectoryIsNamed() throws IOException {
    Path text = Files.writeString(folder.resolve("text"), "not a database, not a database\n");
    assertThatThrownBy(() -> SqliteDirectory.open("sqlite:" + text))
        .isInstanceOf(DirectoryException.class)
        .hasMessageContaining("cannot open the directory sqlite:" + text);
    assertThatThrownBy(() -> SqliteDirectory.open("sqlite:" + text + "/below"))
        .isInstanceOf(DirectoryException.class);
    assertThatThrownBy(() -> SqliteDirectory.open("etcd:/x"))
        .hasMessageContaining("expected sqlite:/absolute/path");
  }

  @Test
  void aClosedDirectoryStaysClosed() {
    SqliteDirectory directory = SqliteDirectory.open(uri);
    directory.close();
    directory.close();
    assertThatThrownBy(directory::read)
        .isInstanceOf(DirectoryException.class)
        .hasMessageEndingWith("is closed");
  }

  @Test
  void aWriterWaitsForAnotherAndAReaderDoesNot() throws SQLException {
    try (SqliteDirectory writer = SqliteDirectory.open(uri);
        SqliteDirectory reader = SqliteDirectory.open(uri)) {
      writer.apply(cluster(BOTH));
      try (Connection other = DriverManager.getConnection("jdbc:sqlite:" + file);
          Statement lock = other.createStatement()) {
        lock.execute("BEGIN IMMEDIATE");
        lock.execute("DELETE FROM copies");
        assertThat(reader.read().sites()).hasSize(2);
        CompletableFuture<Changes> apply =
            CompletableFuture.supplyAsync(
                () -> writer.apply(cluster(BOTH.replace("one.example", "new.example")), true));
        assertThat(apply).isNotDone();
        lock.execute("ROLLBACK");
        assertThat(apply)
            .succeedsWithin(Duration.ofSeconds(10))
            .extracting(changes -> changes.lines().size())
            .isEqualTo(2);
      }
    }
  }

  @Test
  void aWatcherFollowsWithinASecond() {
    try (SqliteDirectory writer = SqliteDirectory.open(uri);
        SqliteDirectory reader = SqliteDirectory.open(uri);
        DirectoryWatcher watcher = DirectoryWatcher.start(reader)) {
      assertThat(watcher.snapshot().find("one.example")).isNull();
      writer.apply(cluster(BOTH));
      await()
          .atMost(Duration.ofSeconds(1))
          .untilAsserted(() -> assertThat(watcher.snapshot().find("one.example")).isNotNull());
    }
  }

  @Test
  void aFileThatIsGoneOrReplacedDoesNotEmptyTheSnapshot() throws IOException {
    String other = "sqlite:" + folder.resolve("other.db");
    try (SqliteDirectory next = SqliteDirectory.open(other)) {
      next.apply(cluster(BOTH.replace("one.example", "new.example")));
    }
    try (SqliteDirectory directory = SqliteDirectory.open(uri)) {
      directory.apply(cluster(BOTH));
      try (DirectoryWatcher watcher = DirectoryWatcher.start(directory, Duration.ofMillis(10))) {
        Files.delete(file);
        assertThatThrownBy(directory::read).hasMessageContaining("the file is gone");
        assertThatThrownBy(directory::version).hasMessageContaining("the file is gone");
        assertThat(file).doesNotExist();
        Files.createFile(file);
        assertThatThrownBy(directory::read).hasMessageContaining("the new file has no tables");
        assertThat(watcher.snapshot().find("one.example")).isNotNull();
        Files.deleteIfExists(Path.of(file + "-wal"));
        Files.deleteIfExists(Path.of(file + "-shm"));
        Files.move(SqliteDirectory.path(other), file, StandardCopyOption.REPLACE_EXISTING);
        await().untilAsserted(() -> assertThat(watcher.snapshot().find("new.example")).isNotNull());
        assertThat(watcher.snapshot().find("one.example")).isNull();
      }
    }
  }

  private static ClusterFile cluster(String text) {
    return ClusterFile.parse("cluster.yaml", text);
  }

  private void sql(String statement) throws SQLException {
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
        Statement run = connection.createStatement()) {
      run.execute("PRAGMA foreign_keys = ON");
      run.execute(statement);
    }
  }
}

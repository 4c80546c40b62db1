package dev.baton.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.lab.Controller;
import dev.baton.lab.Curl;
import dev.baton.lab.Lab;
import dev.baton.lab.Nginx;
import dev.baton.lab.Result;
import dev.baton.lab.Target;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Whatever becomes of the directory's file, the controller serves by what it knew, says that, and
 * follows the directory again when it can.
 */
@Tag("namespace")
@ExtendWith(SceneExtension.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DirectoryTroubleTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final String SITE = "www.example.com";
  private static final String NEW_SITE = "  - { host: new.example.com, nodes: [qure-2] }\n";
  private static final int PAGE = 4096;
  private static final int DISK = 2_000_000;

  private Lab lab;
  private Controller controller;
  private Told told;
  private Curl curl;
  private String cluster;
  private Path file;

  @BeforeAll
  void open() throws IOException {
    lab = Lab.open(1);
    Target target = lab.target(1);
    Files.writeString(target.files().resolve("small"), "here");
    Nginx.start(lab, target, 80);
    Path disk = Files.createDirectory(lab.folder().resolve("disk"));
    lab.mount("tmpfs", disk);
    file = disk.resolve("directory.db");
    controller =
        Controller.create(
            lab,
            Controller.standardFile(lab)
                .replaceFirst("directory: .*", "directory: sqlite:" + file));
    cluster =
        """
        check: { kind: none, interval: 200ms, fall: 2 }
        nodes:
          - { name: qure-2, address: %s }
        sites:
          - { host: www.example.com, nodes: [qure-2] }
        """
            .formatted(target.address());
    controller.apply(cluster);
    controller.start();
    told = new Told(controller);
    curl = new Curl(lab, LIMIT);
  }

  @AfterAll
  void close() {
    lab.close();
  }

  /** Each test leaves a directory that is followed. */
  @AfterEach
  void isFollowed() {
    controller.apply(cluster + NEW_SITE);
    Scene.await("a new site", LIMIT, () -> get("new.example.com") == 200);
    controller.apply(cluster);
    Scene.await("it to be gone", LIMIT, () -> get("new.example.com") == 404);
    assertThat(told.directory()).containsEntry("state", "ok").doesNotContainKey("why");
  }

  private int get(String host) {
    return curl.get(host, "/small", Scene.NOWHERE).status();
  }

  private void awaitTrouble(String why) {
    Scene.await("the trouble", LIMIT, () -> "unreadable".equals(told.directory().get("state")));
    assertThat(told.directory()).containsKeys("since_ms", "snapshot_age_ms");
    assertThat(told.directory().get("why")).asString().contains(why);
    assertThat(get(SITE)).as("by the last snapshot").isEqualTo(200);
    Result refused = controller.command("node drain", lab.target(1).name());
    assertThat(refused.exit()).isEqualTo(1);
    assertThat(refused.err().lines()).as("one line").singleElement().asString().contains(why);
    assertThat(controller.output())
        .as("it is logged once")
        .filteredOn(line -> line.contains("the last snapshot stays in use") && line.contains(why))
        .hasSize(1);
  }

  /** A whole copy, as an operator keeps one. */
  private Path backup() throws SQLException {
    Path copy = file.resolveSibling("backup.db");
    sql("VACUUM INTO '" + copy + "'");
    return copy;
  }

  /** As docs/operations.md says. */
  private void restore(Path copy) throws IOException {
    for (String end : new String[] {"-wal", "-shm"}) {
      Files.deleteIfExists(file.resolveSibling(file.getFileName() + end));
    }
    Files.move(copy, file, StandardCopyOption.ATOMIC_MOVE);
  }

  private void sql(String... statements) throws SQLException {
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
        Statement run = connection.createStatement()) {
      for (String statement : statements) {
        run.execute(statement);
      }
    }
  }

  @Test
  void somethingElseInItsPlace() throws Exception {
    Path copy = backup();
    Path other = file.resolveSibling("other");
    byte[] garbage = new byte[3 * PAGE];
    new Random(1).nextBytes(garbage);
    Files.write(other, garbage);
    Files.move(other, file, StandardCopyOption.ATOMIC_MOVE);
    try {
      awaitTrouble("not a database");
    } finally {
      restore(copy);
    }
    Scene.await("it to be read", LIMIT, () -> "ok".equals(told.directory().get("state")));
  }

  /** Everything but the first page, which says that it is a database. */
  @Test
  void garbageOverItsPages() throws Exception {
    Path copy = backup();
    sql("PRAGMA wal_checkpoint(TRUNCATE)");
    byte[] good = Files.readAllBytes(file);
    byte[] garbage = new byte[good.length - PAGE];
    new Random(2).nextBytes(garbage);
    write(PAGE, garbage);
    try {
      sql("PRAGMA application_id = 1"); // a change, so that it is looked at
      awaitTrouble("malformed");
    } finally {
      restore(copy);
    }
    Scene.await("it to be read", LIMIT, () -> "ok".equals(told.directory().get("state")));
  }

  private void write(long offset, byte[] bytes) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      int written = channel.write(ByteBuffer.wrap(bytes), offset);
      assertThat(written).isEqualTo(bytes.length);
    }
  }

  @Test
  void aFileThatIsGone() throws Exception {
    Path copy = backup();
    Files.delete(file);
    try {
      Scene.await("the trouble", LIMIT, () -> "unreadable".equals(told.directory().get("state")));
      assertThat(told.directory().get("why")).asString().endsWith("the file is gone");
      assertThat(get(SITE)).as("by the last snapshot").isEqualTo(200);
    } finally {
      restore(copy);
    }
    Scene.await("it to be read", LIMIT, () -> "ok".equals(told.directory().get("state")));
  }

  /** Readers need no lock; who wants to write is told in one line, and health goes on. */
  @Test
  void anotherWritesForLong() throws Exception {
    String name = lab.target(1).name();
    try (Connection other = DriverManager.getConnection("jdbc:sqlite:" + file);
        Statement run = other.createStatement()) {
      run.execute("BEGIN IMMEDIATE");
      Result refused = controller.command("node drain", name);
      assertThat(refused.exit()).isEqualTo(1);
      assertThat(refused.err().lines()).singleElement().asString().contains("locked");
      assertThat(get(SITE)).isEqualTo(200);
      assertThat(told.directory()).containsEntry("state", "ok");

      lab.target(1).namespace().sh("ip link set t0 down");
      Scene.await("it to be known", LIMIT, () -> !isWell(name));
      lab.target(1).namespace().sh("ip link set t0 up");
      Scene.await("it to be up", LIMIT, () -> isWell(name));
      assertThat(controller.output()).anyMatch(line -> line.contains("event=health-not-kept"));
      run.execute("ROLLBACK");
    }
    Scene.await("it to be kept", LIMIT, () -> kept(name));
  }

  private boolean isWell(String node) {
    int _ = get(SITE);
    return Boolean.TRUE.equals(told.node(node).get("well"));
  }

  private boolean kept(String node) {
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
        Statement query = connection.createStatement();
        var rows = query.executeQuery("SELECT up FROM node_health WHERE node = '" + node + "'")) {
      return rows.next() && rows.getBoolean(1);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aFullDisk() throws Exception {
    Path filler = file.resolveSibling("filler");
    StringBuilder much = new StringBuilder(cluster);
    for (int i = 0; i < 2000; i++) {
      much.append("  - { host: site-%d.example.net, nodes: [qure-2] }\n".formatted(i));
    }
    lab.dmz().sh("mount -o remount,size=" + DISK + " " + file.getParent());
    try {
      fill(filler);
      Path path = lab.folder().resolve("much.yaml");
      Files.writeString(path, much);
      Result refused = controller.command("apply", "-f", path.toString());
      assertThat(refused.exit()).isEqualTo(1);
      assertThat(refused.err().lines()).singleElement().asString().contains("full");
      assertThat(get(SITE)).isEqualTo(200);
      assertThat(get("site-1.example.net")).isEqualTo(404);
      assertThat(told.directory()).containsEntry("state", "ok");
    } finally {
      Files.delete(filler);
      lab.dmz().sh("mount -o remount,size=50% " + file.getParent());
    }
  }

  /** To the last byte. */
  private static void fill(Path filler) throws IOException {
    try (FileChannel channel =
        FileChannel.open(filler, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      while (true) {
        int _ = channel.write(ByteBuffer.allocate(PAGE));
      }
    } catch (IOException e) {
      assertThat(e).hasMessageContaining("No space left");
    }
  }
}

package dev.baton.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.config.ConfigException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Groups, parts and copies in the database, and what a reader sees of changes. */
class PartsInSqliteTest {
  private static final String SPLIT =
      """
      nodes:
        - { name: a, address: 10.0.0.1 }
        - { name: b, address: 10.0.0.2 }
        - { name: c, address: 10.0.0.3 }
      groups:
        - { name: g1, nodes: [a, b] }
        - { name: g2, nodes: [b] }
      sites:
        - host: s.example
          aliases: [t.example]
          parts:
            - { path: /, group: g1 }
            - { path: /f, range: 0-9, group: g1 }
            - { path: /f, range: 10-19, group: g2 }
        - { host: w.example, nodes: [c, a] }
      """;

  @TempDir private Path folder = Path.of("");
  private String uri = "";

  @BeforeEach
  void whereTheFileIs() {
    uri = "sqlite:" + folder.resolve("directory.db");
  }

  @Test
  void copiesFollowTheirGroupAndKeepWhatIsKnownOfThem() throws SQLException {
    try (SqliteDirectory directory = SqliteDirectory.open(uri)) {
      directory.apply(cluster(SPLIT));
      sql("UPDATE copies SET state = 'failed', version = '0' WHERE node = 'b'");
      assertThat(text(directory.read(), "t.example"))
          .isEqualTo(
              "1 / g1[a 1 COMPLETE, b 0 FAILED] /f 0-9 g1[a 1 COMPLETE, b 0 FAILED]"
                  + " /f 10-19 g2[b 0 FAILED]");
      directory.apply(cluster(SPLIT.replace("[a, b]", "[c, b]").replace("[b]", "[b, a]")));
      assertThat(text(directory.read(), "s.example"))
          .isEqualTo(
              "1 / g1[c 1 COMPLETE, b 0 FAILED] /f 0-9 g1[c 1 COMPLETE, b 0 FAILED]"
                  + " /f 10-19 g2[b 0 FAILED, a 1 COMPLETE]");
      directory.apply(
          cluster(SPLIT.replace("[t.example]", "[]").replace("aliases: []", "copies: deployed")));
      directory.apply(
          cluster(
              SPLIT
                  .replace("aliases: [t.example]", "copies: deployed")
                  .replace("[a, b]", "[a, b, c]")));
      assertThat(text(directory.read(), "s.example"))
          .as("a copy that is new is to be deployed")
          .startsWith("1 / g1[a 1 COMPLETE, b 0 FAILED, c 1 UPDATING]");
    }
  }

  @Test
  void aDatasetKeepsItsNumberWhenItsHostsChangePlaces() {
    try (SqliteDirectory directory = SqliteDirectory.open(uri)) {
      directory.apply(cluster(SPLIT));
      int id = site(directory.read(), "s.example").dataset().id();
      directory.apply(
          cluster(
              SPLIT
                  .replace("host: s", "host: x")
                  .replace("[t.", "[s.")
                  .replace("host: x", "host: t")));
      assertThat(site(directory.read(), "t.example").dataset().id()).isEqualTo(id);
      assertThat(directory.cluster().sites())
          .extracting(SiteSpec::host)
          .containsExactly("t.example", "w.example");
      directory.apply(
          cluster(
              SPLIT
                  .replace("s.example", "new.example")
                  .replace("[t.example]", "[]")
                  .replace("aliases: []", "copies: assumed")));
      assertThat(site(directory.read(), "new.example").dataset().id()).isGreaterThan(id + 1);
    }
  }

  @Test
  void aHostOfASiteThatStaysCannotBeTaken() {
    try (SqliteDirectory directory = SqliteDirectory.open(uri)) {
      directory.apply(cluster(SPLIT));
      ClusterFile taking =
          cluster(
              "nodes: [{ name: a, address: 10.0.0.1 }]\nsites: [{ host: t.example, nodes: [a] }]\n");
      assertThatThrownBy(() -> directory.apply(taking))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("t.example belongs to the site s.example, which stays");
      directory.apply(taking, true);
      assertThat(directory.read().sites()).extracting(Site::host).containsExactly("t.example");
      assertThat(directory.read().nodes()).extracting(Node::name).containsExactly("a");
    }
  }

  @Test
  void aNodeWhoseStateIsNotSaidKeepsIt() throws SQLException {
    try (SqliteDirectory directory = SqliteDirectory.open(uri)) {
      directory.apply(cluster(SPLIT));
      sql("UPDATE nodes SET state = 'draining' WHERE name = 'a'");
      assertThat(directory.apply(cluster(SPLIT)).isEmpty()).isTrue();
      assertThat(directory.apply(cluster(SPLIT.replace("0.1 }", "0.1, state: up }"))).lines())
          .containsExactly(
              "node a changed: 10.0.0.1:80 draining weight 1 -> 10.0.0.1:80 up weight 1");
    }
  }

  @Test
  void theDatabaseRefusesWhatCannotBe() {
    try (SqliteDirectory directory = SqliteDirectory.open(uri)) {
      directory.apply(cluster(SPLIT));
      refused("INSERT INTO parts (dataset, path, first, last) VALUES (1, '/f', 5, 25)", "overlap");
      refused("INSERT INTO parts (dataset, path) VALUES (1, '/f')", "overlap");
      refused("INSERT INTO parts (dataset, path) VALUES (1, 'f')", "CHECK");
      refused("INSERT INTO parts (dataset, path, first) VALUES (1, '/h', 5)", "CHECK");
      refused("UPDATE parts SET first = 5 WHERE first = 10", "overlap");
      refused("UPDATE parts SET storage_group = 'g9'", "FOREIGN KEY");
      refused("INSERT INTO storage_group_nodes VALUES ('g1', 9, 'z')", "FOREIGN KEY");
      refused("INSERT INTO sites (host, dataset) VALUES ('x.example', 99)", "FOREIGN KEY");
      refused("INSERT INTO copies VALUES (1, 'c', 0, '1', 'complete')", "outside of its part's");
      refused("UPDATE copies SET state = 'good'", "CHECK");
    }
  }

  @Test
  void aGapThatAStrangerMadeIsNotRead() throws SQLException {
    try (SqliteDirectory directory = SqliteDirectory.open(uri)) {
      directory.apply(cluster(SPLIT));
      directory.read();
      sql("DELETE FROM parts WHERE first = 0");
      assertThatThrownBy(directory::read)
          .isInstanceOf(DirectoryException.class)
          .hasMessageContaining("site s.example, /f: expected to begin at 0, found 10-19");
    }
  }

  @Test
  void aDatabaseOfTheThirdVersionKeepsAllItSays() throws SQLException {
    try (Connection c = DriverManager.getConnection("jdbc:" + uri);
        Statement statement = c.createStatement()) {
      for (List<String> step : Schema.STEPS.subList(0, 3)) {
        for (String sql : step) {
          statement.execute(sql);
        }
      }
      statement.execute("PRAGMA user_version = 3");
      statement.execute("INSERT INTO nodes VALUES ('a', 8080, 'draining', 7, 8443, 'proxy-v2')");
      statement.execute("INSERT INTO nodes VALUES ('b', 80, 'up', 1, 443, 'option')");
      statement.execute("INSERT INTO node_addresses VALUES ('a', 4, '10.0.0.1')");
      statement.execute("INSERT INTO node_addresses VALUES ('a', 6, 'fd00::1')");
      statement.execute("INSERT INTO node_addresses VALUES ('b', 4, '10.0.0.2')");
      statement.execute("INSERT INTO sites VALUES ('one.example', 8443), ('*.two.example', 0)");
      statement.execute(
          "INSERT INTO site_nodes VALUES ('one.example', 0, 'b'), ('one.example', 1, 'a'),"
              + " ('*.two.example', 0, 'a')");
    }
    try (SqliteDirectory directory = SqliteDirectory.open(uri)) {
      Snapshot snapshot = directory.read();
      assertThat(snapshot.nodes())
          .hasToString(
              "[10.0.0.1:8080 [fd00::1]:8080 tls 8443 draining weight 7 proxy-v2,"
                  + " 10.0.0.2:80 up weight 1]");
      assertThat(text(snapshot, "one.example")).isEqualTo("1 / [b 1 COMPLETE, a 1 COMPLETE]");
      assertThat(text(snapshot, "x.two.example")).isEqualTo("1 / [a 1 COMPLETE]");
      assertThat(site(snapshot, "one.example").httpsPort()).isEqualTo(8443);
      assertThat(site(snapshot, "one.example").dataset().isSplit()).isFalse();
    }
  }

  /** A thousand random changes: what is read bit by bit, whole, and from an export is the same. */
  @Test
  void aReaderOfChangesSeesWhatAReaderOfAllSees() {
    Random random = new Random(5);
    try (SqliteDirectory writer = SqliteDirectory.open(uri);
        SqliteDirectory follower = SqliteDirectory.open(uri)) {
      for (int round = 0; round < 40; round++) {
        String file = random(random);
        writer.apply(cluster(file), random.nextInt(3) > 0);
        try (SqliteDirectory anew = SqliteDirectory.open(uri)) {
          Snapshot followed = follower.read();
          Snapshot whole = anew.read();
          assertThat(followed.sequence()).isEqualTo(whole.sequence()).isEqualTo(writer.sequence());
          assertThat(followed.nodes()).isEqualTo(whole.nodes());
          assertThat(followed.sites()).as(file).containsExactlyInAnyOrderElementsOf(whole.sites());
          ClusterFile exported = anew.cluster();
          String text = ClusterFileWriter.text(exported);
          assertThat(anew.apply(cluster(text), true).lines())
              .as(text)
              .containsExactly("nothing changed");
          assertThat(cluster(text).sites()).isEqualTo(exported.sites());
        }
      }
    }
  }

  private static String random(Random random) {
    List<String> nodes = new ArrayList<>(List.of("n0"));
    StringBuilder text = new StringBuilder("nodes:\n  - { name: n0, address: 10.0.0.9 }\n");
    for (int i = 1; i < 6; i++) {
      if (random.nextBoolean()) {
        nodes.add("n" + i);
        text.append(
            "  - { name: n%d, address: 10.0.0.%d, weight: %d, role: %s%s }%n"
                .formatted(
                    i,
                    i,
                    1 + random.nextInt(3),
                    random.nextBoolean() ? "local" : "public",
                    random.nextBoolean() ? ", check: { kind: tcp, fall: 4 }, max-flows: 7" : ""));
      }
    }
    text.append("groups:\n");
    for (int i = 0; i < 3; i++) {
      text.append("  - { name: g%d, nodes: %s }%n".formatted(i, some(nodes, random)));
    }
    text.append("sites:\n");
    for (int i = 0; i < 12; i++) {
      if (random.nextInt(4) > 0) {
        int cut = 1 + random.nextInt(5);
        String held =
            switch (random.nextInt(3)) {
              case 0 -> "nodes: " + some(nodes, random);
              case 1 -> "group: g" + random.nextInt(3);
              default ->
                  "parts: [{ path: /f, range: 0-%d, group: g%d }, { path: /f, range: %d-9, group: g%d }]"
                      .formatted(cut, random.nextInt(3), cut + 1, random.nextInt(3));
            };
        boolean swapped = random.nextBoolean();
        text.append(
            "  - { host: %s%d.example, aliases: [%s%d.example], %s, redirect-to-https: %s }%n"
                .formatted(
                    swapped ? "a" : "s", i, swapped ? "s" : "a", i, held, random.nextBoolean()));
      }
    }
    return text.toString();
  }

  private static String some(List<String> nodes, Random random) {
    TreeSet<String> some = new TreeSet<>();
    int count = 1 + random.nextInt(3);
    for (int i = 0; i < count; i++) {
      some.add(nodes.get(random.nextInt(nodes.size())));
    }
    return some.toString();
  }

  private static Site site(Snapshot snapshot, String host) {
    return Objects.requireNonNull(snapshot.find(host), host);
  }

  private static String text(Snapshot snapshot, String host) {
    Dataset dataset = site(snapshot, host).dataset();
    StringBuilder text = new StringBuilder(dataset.version());
    for (Part part : dataset.parts()) {
      text.append(' ').append(part.path()).append(' ');
      text.append(part.range() == null ? "" : part.range() + " ").append(part.group());
      text.append(
          part.copies().stream()
              .map(copy -> copy.node().name() + " " + copy.version() + " " + copy.state())
              .toList());
    }
    return text.toString();
  }

  private static ClusterFile cluster(String text) {
    return ClusterFile.parse("cluster.yaml", text);
  }

  private void refused(String statement, String why) {
    assertThatThrownBy(() -> sql(statement)).as(statement).hasMessageContaining(why);
  }

  private void sql(String statement) throws SQLException {
    try (Connection connection = DriverManager.getConnection("jdbc:" + uri);
        Statement run = connection.createStatement()) {
      run.execute("PRAGMA foreign_keys = ON");
      run.execute(statement);
    }
  }
}

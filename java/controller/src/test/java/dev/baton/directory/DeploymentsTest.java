package dev.baton.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.directory.Deployments.PartCopy;
import dev.baton.directory.Deployments.Phase;
import dev.baton.directory.Deployments.Standing;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeploymentsTest {
  private static final String SITE = "www.example.org";

  @TempDir private Path folder;
  private SqliteDirectory directory;
  private Deployments deployments;

  /** Two parts: everything on a, b, c; the videos on b, c. */
  @BeforeEach
  void open() {
    directory = SqliteDirectory.open("sqlite:" + folder.resolve("directory.db"));
    deployments = new Deployments(directory);
    directory.apply(
        ClusterFile.parse(
            "cluster.yaml",
            """
            nodes:
              - { name: a, address: 10.0.2.2 }
              - { name: b, address: 10.0.2.3 }
              - { name: c, address: 10.0.2.4 }
              - { name: d, address: 10.0.2.5 }
            groups:
              - { name: all, nodes: [a, b, c] }
              - { name: films, nodes: [b, c] }
            sites:
              - host: www.example.org
                aliases: [example.org]
                parts:
                  - { path: /, group: all }
                  - { path: /videos/, group: films }
            """));
  }

  @AfterEach
  void close() {
    directory.close();
  }

  @Test
  void theOldVersionServesUntilEnoughCopiesOfTheNewAreComplete() {
    Standing begun = deployments.begin(SITE, null, 2);
    assertThat(begun.deployment()).extracting("version", "previous").containsExactly("2", "1");
    assertThat(serving("1")).containsExactly("a", "b", "c");

    deployments.updating(SITE, "a", false);
    assertThat(serving("1")).containsExactly("b", "c");
    assertThat(deployments.complete(SITE, "a").version()).isEqualTo("1");

    deployments.updating(SITE, "b", false);
    Standing second = deployments.complete(SITE, "b");
    assertThat(second.version()).as("the videos have one copy, and need two").isEqualTo("1");
    assertThat(serving("1")).containsExactly("c");

    assertThatThrownBy(() -> deployments.updating(SITE, "c", false))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("no other node that is up serves /; --force");
    deployments.updating(SITE, "c", true);
    Standing third = deployments.complete(SITE, "c");
    assertThat(third.version()).isEqualTo("2");
    assertThat(phase(third)).isEqualTo(Phase.SWITCHED);
    assertThat(serving("2")).containsExactly("a", "b", "c");
    assertThat(phase(deployments.finish(SITE, false))).isEqualTo(Phase.FINISHED);
  }

  @Test
  void theSwitchAndTheLastCopyAreOneTransaction() {
    deployments.begin("example.org", "2026-11", 1);
    deployments.updating(SITE, "b", false);
    Standing now = deployments.complete(SITE, "b");
    assertThat(now.version()).isEqualTo("2026-11");
    assertThat(serving("2026-11")).containsExactly("b");
    assertThatThrownBy(() -> deployments.finish(SITE, false))
        .hasMessageContaining("not complete at version 2026-11: a, c; --force");
    assertThat(phase(deployments.finish(SITE, true))).isEqualTo(Phase.FINISHED);
  }

  @Test
  void rollingBackBeforeTheSwitchLeavesTheOldVersionWhereItIsWhole() {
    deployments.begin(SITE, null, 3);
    deployments.updating(SITE, "a", false);
    assertThat(deployments.rollback(SITE).version()).isEqualTo("1");
    assertThat(serving("1")).containsExactly("b", "c");
    // What was written there is anybody's guess: it is made anew.
    deployments.updating(SITE, "a", false);
    deployments.complete(SITE, "a");
    assertThat(serving("1")).containsExactly("a", "b", "c");
  }

  @Test
  void rollingBackAfterTheSwitchNeedsCopiesOfTheVersionBefore() {
    deployments.begin(SITE, null, 1);
    deployments.updating(SITE, "b", false);
    deployments.complete(SITE, "b");
    assertThat(deployments.rollback(SITE).version()).isEqualTo("1");
    assertThat(serving("1")).containsExactly("a", "c");
    assertThatThrownBy(() -> deployments.rollback(SITE)).hasMessageContaining("nothing was");

    deployments.begin(SITE, "3", 1);
    deployments.updating(SITE, "b", false);
    deployments.complete(SITE, "b");
    deployments.updating(SITE, "c", false);
    assertThatThrownBy(() -> deployments.rollback(SITE))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("version 1 has no complete copy of every part");
  }

  @Test
  void bytesThatWereReplacedWhileTheyServedAreNotBelieved() {
    deployments.begin(SITE, null, 1);
    assertThatThrownBy(() -> deployments.complete(SITE, "a"))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("say \"updating\" before its bytes change");
    assertThat(serving("1")).containsExactly("a", "b", "c");
  }

  @Test
  void aNodeThatIsDownIsNoOtherNode() {
    directory.change(c -> run(c, "UPDATE nodes SET state = 'down' WHERE name IN ('b', 'c')"));
    assertThatThrownBy(() -> deployments.updating(SITE, "a", false))
        .isInstanceOf(RefusedException.class);
  }

  @Test
  void aFailedCopyServesNobodyUntilItIsMadeAnew() {
    deployments.failed(SITE, "a");
    assertThat(serving("1")).containsExactly("b", "c");
    deployments.complete(SITE, "a");
    assertThat(serving("1")).containsExactly("a", "b", "c");
  }

  @Test
  void whatIsNotThereIsNamed() {
    assertThatThrownBy(() -> deployments.begin("unknown.example", null, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a site of the directory, found \"unknown.example\"");
    assertThatThrownBy(() -> deployments.updating(SITE, "d", true))
        .hasMessage("a node that holds part of www.example.org, found \"d\"");
    assertThatThrownBy(() -> deployments.begin(SITE, "a b", 1)).hasMessageContaining("a version");
    assertThatThrownBy(() -> deployments.begin(SITE, "1", 1)).hasMessageContaining("current one");
    deployments.begin(SITE, "x", 1);
    assertThatThrownBy(() -> deployments.begin(SITE, "y", 1)).hasMessageContaining("roll it back");
    assertThatThrownBy(() -> deployments.finish(SITE, true)).hasMessageContaining("roll it back");
    deployments.updating(SITE, "b", false);
    deployments.complete(SITE, "b");
    deployments.finish(SITE, true);
    assertThatThrownBy(() -> deployments.begin(SITE, null, 1)).hasMessageContaining("--version");
  }

  @Test
  void allThatGoOnAreListed() {
    assertThat(deployments.status()).isEmpty();
    deployments.begin(SITE, null, 0);
    assertThat(deployments.status()).extracting(Standing::name).containsExactly(SITE);
  }

  private List<String> serving(String version) {
    return deployments.status(SITE).copies().stream()
        .filter(copy -> copy.path().equals("/") && copy.serves(version))
        .map(PartCopy::node)
        .toList();
  }

  private static Phase phase(Standing standing) {
    assertThat(standing.deployment()).isNotNull();
    return standing.deployment().phase();
  }

  private static int run(Connection c, String sql) throws SQLException {
    try (Statement statement = c.createStatement()) {
      return statement.executeUpdate(sql);
    }
  }
}

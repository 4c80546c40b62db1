package dev.baton.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.lab.Family;
import java.io.IOException;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import jdk.net.ExtendedSocketOptions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Connections end in every way there is. Both ends must see what they would see of each other on a
 * direct connection, and nothing is held when the lingering is over.
 */
@Tag("namespace")
@ExtendWith(SceneExtension.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LifeAndDeathTest {
  private static final int STREAM_SECONDS = Boolean.getBoolean("baton.full") ? 60 : 3;
  private static final Duration LINGERING = Duration.ofSeconds(40);

  private static final Duration IDLE = Duration.ofSeconds(16);
  private static final int PORT = 40_001;

  private Stages stages;

  @BeforeAll
  void open() {
    stages = new Stages(settings -> settings + Stage.SHORT);
  }

  @AfterAll
  void close() {
    stages.close();
  }

  static Stream<Arguments> cases() {
    return Combination.all()
        .flatMap(
            combination -> Scripts.QUICK.stream().map(each -> Arguments.of(combination, each)));
  }

  /** What the scripts expect is true of two ordinary kernels. */
  @ParameterizedTest
  @EnumSource(Family.class)
  void aDirectConnectionShowsWhatIsExpected(Family family) throws Exception {
    Stage stage = stages.of(new Combination(family, "tc"));
    try (var _ = stage.scene.lab.forward()) {
      for (Scripts.Case each : Scripts.QUICK) {
        assertThat(stage.playDirect(each.script())).as(each.toString()).isEqualTo(each.expected());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void bothEndsSeeWhatADirectConnectionShows(Combination combination, Scripts.Case each)
      throws Exception {
    assertThat(stages.of(combination).play(each.script())).isEqualTo(each.expected());
  }

  /** All ways to end, in both families at once, and one that takes its time. */
  @ParameterizedTest
  @ValueSource(strings = {"tc", "xdp"})
  void eachIsHandedOffWhateverItsEndAndThenNothingIsHeld(String dataPlane) throws Exception {
    List<Scripts.Case> all = new ArrayList<>(Scripts.QUICK);
    all.add(Scripts.longAnswer(STREAM_SECONDS));
    Stage either = stages.of(new Combination(Family.IPV4, dataPlane));
    long before = either.count("connections", "handed_off");
    stages.atOnce(
        Combination.of(dataPlane), stage -> stage.playMany(all.size(), all.size(), all::get));
    assertThat(either.count("connections", "handed_off") - before).isEqualTo(2L * all.size());
    either.awaitNothingHeld(LINGERING);
  }

  /** A silent fallback must not pass for XDP. */
  @ParameterizedTest
  @MethodSource("dev.baton.e2e.Combination#all")
  void theDataPlaneIsTheOneItIsSaidToBe(Combination combination) {
    Stage stage = stages.of(combination);
    long before = stage.count("data_plane", "xdp_translated");
    // Long enough for XDP to take over from tc when the replay is finished.
    assertThat(stage.curl.get(Scene.SITE, "/large", Scene.NOWHERE).bytes()).isEqualTo(Scene.LARGE);
    assertThat(stage.count("data_plane", "xdp_translated") > before)
        .isEqualTo(combination.dataPlane().equals("xdp"));
  }

  @ParameterizedTest
  @MethodSource("dev.baton.e2e.Combination#all")
  void aClientsPortIsServedAgainAtOnce(Combination combination) throws Exception {
    Stage stage = stages.of(combination);
    var from = Stage.address(stage.scene.lab.clientAddress(combination.family()), PORT);
    long before = stage.count("data_plane", "pass_syn_after_close");
    for (int i = 0; i < 50; i++) {
      // The server has ended first, so the client may use its port again at once.
      Scripts.Case each = Scripts.QUICK.getFirst();
      assertThat(stage.play(each.script(), stage.viaBaton(), from))
          .as("use %d of the port", i)
          .isEqualTo(each.expected());
    }
    assertThat(stage.count("data_plane", "pass_syn_after_close") - before).isGreaterThan(40);
  }

  /** In all combinations at once, since most of it is waiting. */
  @Test
  void keepAliveProbesAreAnsweredAcrossAnIdleFlow() throws Exception {
    Script script =
        new Script(
            "idle",
            (peer, play) -> {
              probing(peer);
              peer.say(play.head());
              peer.receive(1000);
              play.meet();
              peer.send(1000);
              peer.receiveToEnd();
            },
            (peer, play) -> {
              probing(peer);
              peer.send(1000);
              Thread.sleep(IDLE.toMillis());
              play.meet();
              peer.receive(1000);
            });
    // The whole pause is longer than what either end, and Baton, would wait without an answer.
    stages.atOnce(
        Combination.all(),
        stage ->
            assertThat(stage.play(script))
                .isEqualTo(Script.Outcome.of(1000, Peer.End.FIN, 1000, Peer.End.OPEN)));
  }

  /** A probe after each second; two without an answer end the connection. */
  private static void probing(Peer peer) throws IOException {
    peer.channel().setOption(StandardSocketOptions.SO_KEEPALIVE, true);
    peer.channel().setOption(ExtendedSocketOptions.TCP_KEEPIDLE, 1);
    peer.channel().setOption(ExtendedSocketOptions.TCP_KEEPINTERVAL, 1);
    peer.channel().setOption(ExtendedSocketOptions.TCP_KEEPCOUNT, 2);
  }
}

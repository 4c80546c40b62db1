package dev.baton.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.lab.Lab;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.time.Duration;
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
import org.junit.jupiter.params.provider.MethodSource;

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

  private Stage stage;

  @BeforeAll
  void open() {
    stage = Stage.open(settings -> settings + Stage.SHORT);
  }

  @AfterAll
  void close() {
    stage.close();
  }

  static Stream<Scripts.Case> cases() {
    return Stream.concat(Scripts.QUICK.stream(), Stream.of(Scripts.longAnswer(STREAM_SECONDS)));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void bothEndsSeeWhatADirectConnectionShows(Scripts.Case each) throws Exception {
    Script.Outcome direct;
    try (var _ = stage.scene.lab.forward()) {
      direct = stage.playDirect(each.script());
    }
    assertThat(direct).as("direct").isEqualTo(each.expected());
    assertThat(stage.play(each.script())).as("handed off").isEqualTo(each.expected());
    stage.awaitNothingHeld(LINGERING);
  }

  @Test
  void aClientsPortIsServedAgainAtOnce() throws Exception {
    var from = new InetSocketAddress(InetAddress.ofLiteral(Lab.CLIENT), 40_001);
    long before = stage.count("data_plane", "pass_syn_after_close");
    for (int i = 0; i < 50; i++) {
      // The server has ended first, so the client may use its port again at once.
      Scripts.Case each = Scripts.QUICK.getFirst();
      assertThat(stage.play(each.script(), Stage.viaBaton(), from))
          .as("use %d of the port", i)
          .isEqualTo(each.expected());
    }
    assertThat(stage.count("data_plane", "pass_syn_after_close") - before).isGreaterThan(40);
  }

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
    assertThat(stage.play(script))
        .isEqualTo(Script.Outcome.of(1000, Peer.End.FIN, 1000, Peer.End.OPEN));
  }

  /** A probe after each second; two without an answer end the connection. */
  private static void probing(Peer peer) throws IOException {
    peer.channel().setOption(StandardSocketOptions.SO_KEEPALIVE, true);
    peer.channel().setOption(ExtendedSocketOptions.TCP_KEEPIDLE, 1);
    peer.channel().setOption(ExtendedSocketOptions.TCP_KEEPINTERVAL, 1);
    peer.channel().setOption(ExtendedSocketOptions.TCP_KEEPCOUNT, 2);
  }

  @Test
  void whateverItsEndEachConnectionWasHandedOff() throws Exception {
    long before = stage.count("connections", "handed_off");
    List<Scripts.Case> all = Scripts.QUICK;
    for (Scripts.Case each : all) {
      stage.play(each.script());
    }
    assertThat(stage.count("connections", "handed_off") - before).isEqualTo(all.size());
  }
}

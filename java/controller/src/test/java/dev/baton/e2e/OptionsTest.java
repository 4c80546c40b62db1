package dev.baton.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.lab.Lab;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Timestamps, SACK, window scaling and ECN, on or off on the client and on the target, and small
 * segments on either side: each combination is translated faithfully, or that candidate is refused
 * under a reason of its own.
 */
@Tag("namespace")
@ExtendWith(SceneExtension.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OptionsTest {
  private static final int BYTES = 1_000_000;
  private static final Script.Outcome WHOLE =
      Script.Outcome.of(BYTES, Peer.End.FIN, BYTES, Peer.End.FIN);

  private Stage stage;

  @BeforeAll
  void open() {
    stage = Stage.open(settings -> settings + Stage.SHORT + "event-loops: 1\n");
  }

  @AfterAll
  void close() {
    stage.close();
  }

  /** What one side's TCP is willing to use. */
  private record Willing(boolean timestamps, boolean sack, boolean scaling, boolean ecn) {
    static List<Willing> all() {
      List<Willing> all = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        all.add(new Willing((i & 1) == 0, (i & 2) == 0, (i & 4) == 0, (i & 8) == 0));
      }
      return all;
    }

    void set(Sockets namespace) {
      namespace.sysctl("net.ipv4.tcp_timestamps", timestamps ? "1" : "0");
      namespace.sysctl("net.ipv4.tcp_sack", sack ? "1" : "0");
      namespace.sysctl("net.ipv4.tcp_window_scaling", scaling ? "1" : "0");
      namespace.sysctl("net.ipv4.tcp_ecn", ecn ? "1" : "0");
    }
  }

  /** Why a target with these must not get a client with those; empty: it may. */
  private static String refusal(Willing client, Willing target) {
    if (client.timestamps && !target.timestamps) {
      return "target_no_timestamps";
    }
    return client.ecn && !target.ecn ? "target_no_ecn" : "";
  }

  private static Script exchange(String site) {
    return new Script(
        "options",
        (peer, play) -> {
          peer.say(play.head(site));
          peer.send(BYTES);
          peer.halfClose();
          peer.receiveToEnd();
        },
        (peer, play) -> {
          peer.receiveToEnd();
          peer.send(BYTES);
        });
  }

  @ParameterizedTest(name = "MSS {0} at the client, {1} at the target")
  @CsvSource({"1460, 1460", "536, 1460", "1460, 536", "1220, 900"})
  void eachCombinationIsWholeOrRefused(int clientMss, int targetMss) throws Exception {
    stage
        .scene
        .lab
        .client()
        .sh(
            "ip route replace 10.0.1.0/24 dev c0 src %s advmss %d"
                .formatted(Lab.CLIENT, clientMss));
    stage
        .scene
        .lab
        .target(1)
        .namespace()
        .sh(
            "ip route replace 10.0.2.0/24 dev t0 src %s advmss %d"
                .formatted(stage.scene.lab.target(1).address(), targetMss));
    int refused = 0;
    for (Willing client : Willing.all()) {
      client.set(stage.clients);
      for (Willing target : Willing.all()) {
        target.set(stage.servers);
        refused += check(client, target);
      }
    }
    // 8 × 8 pairs lack timestamps; of the other 192 a quarter lacks ECN.
    assertThat(refused).isEqualTo(64 + 48);
  }

  /** 1: the combination is refused, as it must be. */
  private int check(Willing client, Willing target) throws Exception {
    String what = "client " + client + ", target " + target;
    String refusal = refusal(client, target);
    if (refusal.isEmpty()) {
      long before = stage.count("connections", "handed_off");
      assertThat(stage.play(exchange(Stage.SITE))).as(what).isEqualTo(WHOLE);
      assertThat(stage.count("connections", "handed_off") - before).as(what).isEqualTo(1);
      return 0;
    }
    long before = stage.reason(refusal);
    try (Peer peer = stage.connect()) {
      peer.say(new Script.Play("/refused").head());
      assertThat(peer.receiveHead()).as(what).startsWith("HTTP/1.1 502 ");
    }
    assertThat(stage.reason(refusal) - before).as(what).isEqualTo(1);
    // The other candidate can: whoever it begins with, the request gets there.
    assertThat(stage.play(exchange(Stage.PAIR))).as(what).isEqualTo(WHOLE);
    assertThat(stage.play(exchange(Stage.PAIR))).as(what).isEqualTo(WHOLE);
    assertThat(stage.reason(refusal) - before).as(what).isEqualTo(2);
    return 1;
  }
}

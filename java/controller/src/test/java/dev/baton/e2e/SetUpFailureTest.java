package dev.baton.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.dataplane.FlowView;
import dev.baton.lab.Lab;
import dev.baton.lab.Namespace;
import dev.baton.net.RawSocket;
import dev.baton.net.Segment;
import dev.baton.net.SystemCalls;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What goes wrong between the SYN to a target and the end of the replay. The client gets the next
 * candidate, or a page, or behind the go-live a RST; and nothing is held afterwards.
 */
@Tag("namespace")
@ExtendWith(SceneExtension.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SetUpFailureTest {
  private static final int MUCH = 300_000;
  private static final int FIRST_PORT = 10_000;
  private static final int KNOWN = 50;
  private static final Duration LINGERING = Duration.ofSeconds(40);
  private static final Script.Outcome WHOLE =
      Script.Outcome.of(MUCH, Peer.End.FIN, MUCH, Peer.End.FIN);

  private Stage stage;

  @BeforeAll
  void open() {
    stage = Stage.open(settings -> settings + Stage.SHORT + "event-loops: 1\nreplay-timeout: 1s\n");
  }

  @AfterAll
  void close() {
    stage.close();
  }

  @AfterEach
  void everythingComesBack() {
    target().sh("nft delete table ip lab 2>/dev/null || true");
    stage.awaitNothingHeld(LINGERING);
  }

  private Namespace target() {
    return stage.scene.lab.target(1).namespace();
  }

  /** Rules on the first target, for what comes to it and what leaves it. */
  private void rules(String input, String output) {
    target()
        .nft(
            """
            table ip lab {
              set once { type ipv4_addr . inet_service; flags dynamic; }
              set twice { type ipv4_addr . inet_service; flags dynamic; }
              chain input { type filter hook input priority 0; %s }
              chain output { type filter hook output priority 0; %s }
            }
            """
                .formatted(input, output));
  }

  /** Much each way, the body right behind the head. */
  private static Script exchange(String site) {
    return new Script(
        "exchange",
        (peer, play) -> {
          peer.say(play.head(site));
          peer.send(MUCH);
          peer.halfClose();
          peer.receiveToEnd();
        },
        (peer, play) -> {
          peer.receiveToEnd();
          peer.send(MUCH);
        });
  }

  /** The first segments of a kind on each tuple are dropped. */
  private static String lost(boolean syn, int times) {
    String match = "tcp flags & (syn | ack) == " + (syn ? "syn" : "(syn | ack)");
    String peer = syn ? "ip saddr . tcp sport" : "ip daddr . tcp dport";
    String first = "%1$s %2$s != @once add @once { %2$s } drop;".formatted(match, peer);
    String second = "%1$s %2$s != @twice add @twice { %2$s } drop;".formatted(match, peer);
    return times == 1 ? first : first + second;
  }

  @ParameterizedTest
  @CsvSource({"SYN, 1", "SYN, 2", "SYN-ACK, 1", "SYN-ACK, 2"})
  void aLostHandshakeIsRepeated(String what, int times) throws Exception {
    boolean syn = what.equals("SYN");
    String rule = lost(syn, times);
    rules(syn ? rule : "", syn ? "" : rule);
    long before = stage.count("connections", "handed_off");
    stage.playMany(100, 20, i -> new Scripts.Case(exchange(Stage.SITE), WHOLE));
    assertThat(stage.count("connections", "handed_off") - before).isEqualTo(100);
    assertThat(target().sh("nft list set ip lab " + (times == 1 ? "once" : "twice")))
        .as("something was lost")
        .contains("10.0.2.1 .");
  }

  @ParameterizedTest
  @CsvSource({
    "drop,                  target_silent,  504",
    "reject with tcp reset, target_refused, 502",
  })
  void aCandidateThatFailsIsFollowedByTheNextAndTheLastByAPage(
      String verdict, String reason, int status) throws Exception {
    rules("tcp dport %d %s;".formatted(Stage.PORT, verdict), "");
    long before = stage.reason(reason);
    for (int i = 0; i < 4; i++) {
      assertThat(stage.play(exchange(Stage.PAIR))).isEqualTo(WHOLE);
    }
    assertThat(stage.reason(reason) - before).as("each second began there").isEqualTo(2);
    assertThat(stage.scene.curl.get(Stage.SITE, "/", Scene.NOWHERE).status()).isEqualTo(status);
    assertThat(stage.reason(reason) - before).isEqualTo(3);
  }

  /** A router or the target's own firewall says by ICMP that the SYN does not arrive. */
  @ParameterizedTest
  @ValueSource(strings = {"host-unreachable", "admin-prohibited", "port-unreachable"})
  void anUnreachableCandidateIsFollowedAtOnceByTheNextAndTheLastByAPage(String type)
      throws Exception {
    rules("tcp dport %d reject with icmp type %s;".formatted(Stage.PORT, type), "");
    long before = stage.reason("target_unreachable");
    for (int i = 0; i < 4; i++) {
      assertThat(stage.play(exchange(Stage.PAIR))).isEqualTo(WHOLE);
    }
    assertThat(stage.reason("target_unreachable") - before).isEqualTo(2);
    long silent = stage.reason("target_silent");
    assertThat(stage.scene.curl.get(Stage.SITE, "/", Scene.NOWHERE).status()).isEqualTo(502);
    assertThat(stage.reason("target_unreachable") - before).isEqualTo(3);
    assertThat(stage.reason("target_silent")).as("at once").isEqualTo(silent);
  }

  @Test
  void aTupleThatTheTargetKnowsCostsOnlyAPort() throws Exception {
    List<SocketChannel> known = new ArrayList<>();
    // Of its own: the first ports of the range are the first to be taken.
    try (Stage own = Stage.open(settings -> settings + Stage.SHORT + "event-loops: 1\n");
        Sockets dmz = new Sockets(own.scene.lab.dmz())) {
      for (int port = FIRST_PORT; port < FIRST_PORT + KNOWN; port++) {
        SocketChannel channel = dmz.socket(StandardProtocolFamily.INET);
        known.add(channel);
        channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
        channel.bind(new InetSocketAddress(InetAddress.ofLiteral(Lab.CLUSTER), port));
        channel.connect(
            new InetSocketAddress(
                InetAddress.ofLiteral(own.scene.lab.target(1).address()), Stage.PORT));
      }
      for (int i = 0; i < 20; i++) {
        assertThat(own.play(exchange(Stage.SITE))).isEqualTo(WHOLE);
      }
      assertThat(own.reason("target_challenged")).isEqualTo(KNOWN);
      own.awaitNothingHeld(LINGERING);
    } finally {
      for (SocketChannel channel : known) {
        channel.close();
      }
    }
  }

  @Test
  void aTargetThatAcceptsAndIsNeverHeardAgainIsAReset() throws Exception {
    rules("tcp flags & syn == 0 tcp dport %d drop;".formatted(Stage.PORT), "");
    long before = stage.reason("replay_timed_out");
    try (Peer client = stage.connect(Stage.viaBaton(), null)) {
      client.say(new Script.Play("/never").head());
      client.patience(Duration.ofSeconds(10));
      client.receiveToEnd();
      assertThat(client.seen()).isEqualTo(new Peer.Seen(0, Peer.End.RESET));
    }
    Scene.await("it is counted", Scene.LIMIT, () -> stage.reason("replay_timed_out") - before == 1);
  }

  @Test
  void aTargetThatResetsInTheReplayIsAReset() throws Exception {
    rules("tcp flags & syn == 0 tcp dport %d reject with tcp reset;".formatted(Stage.PORT), "");
    long before = stage.reason("target_reset_in_replay");
    try (Peer client = stage.connect(Stage.viaBaton(), null)) {
      client.say(new Script.Play("/never").head());
      client.patience(Duration.ofSeconds(10));
      client.receiveToEnd();
      assertThat(client.seen()).isEqualTo(new Peer.Seen(0, Peer.End.RESET));
    }
    // The controller hears of it with its next wake-up, the client at once.
    Scene.await(
        "it is counted", Scene.LIMIT, () -> stage.reason("target_reset_in_replay") - before == 1);
  }

  @Test
  void aClientThatResetsBetweenItsRequestAndTheGoLiveIsForgotten() throws Exception {
    rules(lost(true, 1), "");
    long before = stage.reason("client_gone");
    for (int i = 0; i < 20; i++) {
      Peer client = stage.connect(Stage.viaBaton(), null);
      client.say(new Script.Play("/never").head());
      client.reset();
    }
    Scene.await("each is noticed", Scene.LIMIT, () -> stage.reason("client_gone") - before == 20);
  }

  @Test
  void aClientThatLeavesInItsHeadIsForgotten() throws Exception {
    long before = stage.reason("client_gone");
    try (Peer client = stage.connect(Stage.viaBaton(), null)) {
      client.say("GET / HTTP/1.1\r\nHost:");
    }
    Peer client = stage.connect(Stage.viaBaton(), null);
    client.say("GET / HTTP/1.1\r\nHost:");
    client.reset();
    Scene.await("both are noticed", Scene.LIMIT, () -> stage.reason("client_gone") - before == 2);
  }

  @Test
  void aTargetWithoutARouteIsA502() throws IOException {
    stage
        .scene
        .lab
        .dmz()
        .sh("ip route add unreachable %s/32".formatted(stage.scene.lab.target(1).address()));
    try {
      long before = stage.reason("target_unroutable");
      assertThat(stage.scene.curl.get(Stage.SITE, "/", Scene.NOWHERE).status()).isEqualTo(502);
      assertThat(stage.reason("target_unroutable") - before).isEqualTo(1);
    } finally {
      stage
          .scene
          .lab
          .dmz()
          .sh("ip route del unreachable %s/32".formatted(stage.scene.lab.target(1).address()));
    }
  }

  /**
   * A SYN,ACK and a RST that wait in the ring together: the controller is halted while they come.
   * What the first one said holds, and the other one does not leave the client waiting.
   */
  @ParameterizedTest
  @CsvSource({"true, target_reset_in_replay", "false, target_refused"})
  void twoAnswersAtOnce(boolean synAckFirst, String reason) throws Exception {
    rules("tcp dport %d drop;".formatted(Stage.PORT), "");
    long before = stage.reason(reason);
    try (Peer client = stage.connect(Stage.viaBaton(), null)) {
      client.say(new Script.Play("/never").head());
      Scene.await("a SYN", Scene.LIMIT, () -> stage.pending() != null);
      FlowView pending = Objects.requireNonNull(stage.pending());
      String pid = Long.toString(stage.scene.controller.pid());
      stage.scene.lab.dmz().sh("kill -STOP " + pid);
      try {
        stage.servers.in(() -> answer(pending, synAckFirst));
      } finally {
        stage.scene.lab.dmz().sh("kill -CONT " + pid);
      }
      client.patience(Duration.ofSeconds(5));
      if (synAckFirst) {
        client.receiveToEnd();
        assertThat(client.seen()).isEqualTo(new Peer.Seen(0, Peer.End.RESET));
      } else {
        assertThat(client.receiveHead()).startsWith("HTTP/1.1 502 ");
      }
    }
    assertThat(stage.reason(reason) - before).isEqualTo(1);
  }

  private static int answer(FlowView pending, boolean synAckFirst) {
    int exact = pending.sequenceNext() + 1;
    try (SystemCalls calls = new SystemCalls();
        RawSocket raw = new RawSocket(calls)) {
      for (boolean synAck : new boolean[] {synAckFirst, !synAckFirst}) {
        Segment segment =
            new Segment()
                .clear()
                .between(
                    pending.tuple().target,
                    pending.tuple().targetPort,
                    pending.tuple().own,
                    pending.tuple().ownPort)
                .sequence(synAck ? 1000 : 1001)
                .acknowledgment(exact)
                .window(65_535)
                .flags(Segment.ACK | (synAck ? Segment.SYN : Segment.RST));
        if (synAck) {
          segment.mss(1460).timestamps(1, 1);
        }
        assertThat(raw.send(segment)).isPositive();
      }
    }
    return exact;
  }
}

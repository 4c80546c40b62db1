package dev.baton.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.address.Ip;
import dev.baton.dataplane.FlowView;
import dev.baton.lab.Curl;
import dev.baton.lab.Family;
import dev.baton.lab.Namespace;
import java.io.IOException;
import java.net.InetAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What goes wrong between the SYN to a target and the end of the replay. The client gets the next
 * candidate, or a page, or behind the go-live a RST; and nothing is held afterwards.
 */
@Tag("namespace")
@ExtendWith(SceneExtension.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SetUpFailureTest {
  private static final int MUCH = 300_000;
  private static final int KNOWN = 50;
  private static final Duration LINGERING = Duration.ofSeconds(40);
  private static final Script.Outcome WHOLE =
      Script.Outcome.of(MUCH, Peer.End.FIN, MUCH, Peer.End.FIN);

  /** A target that has repeated its SYN,ACK does so no more for half a second, whoever asks. */
  private static final String SETTINGS =
      "event-loops: 1\nreplay-timeout: 1s\nsyn-timeout: 1500ms\n";

  private Stages stages;

  @BeforeAll
  void open() {
    stages = new Stages(settings -> settings + Stage.SHORT + SETTINGS);
    Combination.few()
        .forEach(each -> {
          // Each refusal is to be heard of.
          target(stages.of(each)).sysctl("net.ipv4.icmp_ratelimit", "0");
          target(stages.of(each)).sysctl("net.ipv6.icmp.ratelimit", "0");
        });
  }

  /** Whatever went wrong, everything comes back. */
  @AfterAll
  void close() {
    try (Stages closing = stages) {
      Combination.few().forEach(each -> closing.of(each).awaitNothingHeld(LINGERING));
    }
  }

  @AfterEach
  void rulesGo() {
    Combination.few().forEach(each -> TargetRules.clear(stages.of(each)));
  }

  private static Namespace target(Stage stage) {
    return stage.scene.lab.target(1).namespace();
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

  /** In all combinations at once, since most of it is waiting. */
  @ParameterizedTest
  @CsvSource({"SYN, 1", "SYN, 2", "SYN-ACK, 1", "SYN-ACK, 2"})
  void aLostHandshakeIsRepeated(String what, int times) throws Exception {
    boolean syn = what.equals("SYN");
    String rule = TargetRules.lost(syn, times);
    for (String dataPlane : new String[] {"tc", "xdp"}) {
      TargetRules.set(
          stages.of(new Combination(Family.IPV6, dataPlane)), syn ? rule : "", syn ? "" : rule);
    }
    long before = handedOff();
    stages.atOnce(
        Combination.few(),
        stage -> {
          stage.playMany(40, 20, i -> new Scripts.Case(exchange(Stage.SITE), WHOLE));
          String set = (times == 1 ? "once" : "twice") + (stage.family == Family.IPV4 ? 4 : 6);
          assertThat(target(stage).sh("nft list set inet lab " + set))
              .as("something was lost")
              .contains(stage.family.clusterAddress() + " .");
        });
    assertThat(handedOff() - before).isEqualTo(3 * 40);
  }

  private long handedOff() {
    return Stream.of("tc", "xdp")
        .map(dataPlane -> stages.of(new Combination(Family.IPV6, dataPlane)))
        .mapToLong(stage -> stage.count("connections", "handed_off"))
        .sum();
  }

  static Stream<Arguments> verdicts() {
    return Combination.few()
        .flatMap(each ->
            Stream.of(
                Arguments.of(each, "drop", "target_silent", 504),
                Arguments.of(each, "reject with tcp reset", "target_refused", 502)));
  }

  @ParameterizedTest
  @MethodSource("verdicts")
  void aCandidateThatFailsIsFollowedByTheNextAndTheLastByAPage(
      Combination combination, String verdict, String reason, int status) throws Exception {
    Stage stage = stages.of(combination);
    TargetRules.set(stage, "tcp dport %d %s;".formatted(Stage.PORT, verdict), "");
    long before = stage.reason(reason);
    for (int i = 0; i < 4; i++) {
      assertThat(stage.play(exchange(Stage.PAIR))).isEqualTo(WHOLE);
    }
    long began = stage.reason(reason) - before;
    assertThat(began).as("some began there, as flows and weights had it").isBetween(1L, 4L);
    assertThat(stage.curl.get(Stage.SITE, "/", Scene.NOWHERE).status()).isEqualTo(status);
    assertThat(stage.reason(reason) - before).isEqualTo(began + 1);
  }

  /**
   * The controller gets no processor while the target answers, and repeats its answer: that one met
   * the DMZ node's kernel, which reset the connection.
   */
  @Test
  void anAnswerThatWasReadTooLateIsFollowedByAPage() throws Exception {
    try (Scene scene = Scene.open(settings -> settings + "event-loops: 1\nsyn-timeout: 2500ms\n");
        ExecutorService worker = Executors.newSingleThreadExecutor()) {
      Namespace target = scene.lab.target(1).namespace();
      target.nft(
          """
          table inet lab {
            chain output {
              type filter hook output priority 0;
              tcp flags & (syn | ack) == (syn | ack) counter drop;
            }
          }
          """);
      Future<Curl.Reply> reply =
          worker.submit(() -> scene.curl.get(Scene.SITE, "/1k", Scene.NOWHERE));
      Scene.await(
          "an answer",
          Scene.LIMIT,
          () -> !target.sh("nft list table inet lab").contains("packets 0 "));
      signal(scene, "STOP");
      String before = resets(scene);
      target.sh("nft delete table inet lab");
      Scene.await("the kernel's RST", Duration.ofSeconds(15), () -> !resets(scene).equals(before));
      signal(scene, "CONT");
      assertThat(reply.get()).returns(504, Curl.Reply::status);
      assertThat(scene.curl.get(Scene.SITE, "/1k", Scene.NOWHERE).status()).isEqualTo(200);
    }
  }

  /** Segments with RST that the DMZ node's kernel has sent. */
  private static String resets(Scene scene) {
    return scene.lab.dmz().sh("nstat -asz TcpOutRsts");
  }

  private static void signal(Scene scene, String name) {
    scene.lab.dmz().sh("kill -%s %d".formatted(name, scene.controller.pid()));
  }

  static Stream<Arguments> unreachable() {
    return Combination.few()
        .flatMap(each ->
            Stream.of("host-unreachable", "admin-prohibited", "port-unreachable")
                .map(type -> Arguments.of(each, type)));
  }

  /** A router or the target's own firewall says by ICMP that the SYN does not arrive. */
  @ParameterizedTest
  @MethodSource("unreachable")
  void anUnreachableCandidateIsFollowedAtOnceByTheNextAndTheLastByAPage(
      Combination combination, String type) throws Exception {
    Stage stage = stages.of(combination);
    TargetRules.set(
        stage, "tcp dport %d reject with icmpx type %s;".formatted(Stage.PORT, type), "");
    long before = stage.reason("target_unreachable");
    for (int i = 0; i < 4; i++) {
      assertThat(stage.play(exchange(Stage.PAIR))).isEqualTo(WHOLE);
    }
    long began = stage.reason("target_unreachable") - before;
    assertThat(began).isBetween(1L, 4L);
    long silent = stage.reason("target_silent");
    assertThat(stage.curl.get(Stage.SITE, "/", Scene.NOWHERE).status()).isEqualTo(502);
    assertThat(stage.reason("target_unreachable") - before).isEqualTo(began + 1);
    assertThat(stage.reason("target_silent")).as("at once").isEqualTo(silent);
  }

  /** Those that it knows are the ports behind the last one used: the next to be taken. */
  @ParameterizedTest
  @MethodSource("dev.baton.e2e.Combination#tc")
  void aTupleThatTheTargetKnowsCostsOnlyAPort(Combination combination) throws Exception {
    Stage stage = stages.of(combination);
    assertThat(stage.play(exchange(Stage.SITE))).isEqualTo(WHOLE);
    int last = lastPort(stage);
    List<SocketChannel> known = new ArrayList<>();
    try {
      for (int port = last + 1; port <= last + KNOWN; port++) {
        SocketChannel channel = stage.dmz.socket(Stage.protocol(combination.family()));
        known.add(channel);
        channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
        channel.bind(Stage.address(combination.family().clusterAddress(), port));
        channel.connect(stage.server());
      }
      long before = stage.reason("target_challenged");
      for (int i = 0; i < 20; i++) {
        assertThat(stage.play(exchange(Stage.SITE))).isEqualTo(WHOLE);
      }
      assertThat(stage.reason("target_challenged") - before).isEqualTo(KNOWN);
    } finally {
      for (SocketChannel channel : known) {
        channel.close();
      }
    }
  }

  /** Of the ports towards the scripted server, which are taken in their order. */
  private static int lastPort(Stage stage) {
    var target = InetAddress.ofLiteral(stage.scene.lab.target(1).address(stage.family));
    return stage.flows().stream()
        .filter(flow -> flow.tuple().targetPort == Stage.PORT)
        .filter(flow -> flow.tuple().target.equals(Ip.of(target)))
        .mapToInt(flow -> flow.tuple().ownPort)
        .max()
        .orElseThrow();
  }

  @ParameterizedTest
  @MethodSource("dev.baton.e2e.Combination#few")
  void aTargetThatAcceptsAndIsNeverHeardAgainIsAReset(Combination combination) throws Exception {
    Stage stage = stages.of(combination);
    TargetRules.set(stage, "tcp flags & syn == 0 tcp dport %d drop;".formatted(Stage.PORT), "");
    long before = stage.reason("replay_timed_out");
    try (Peer client = stage.connect()) {
      client.say(new Script.Play("/never").head());
      client.patience(Duration.ofSeconds(10));
      client.receiveToEnd();
      assertThat(client.seen()).isEqualTo(new Peer.Seen(0, Peer.End.RESET));
    }
    Scene.await("it is counted", Scene.LIMIT, () -> stage.reason("replay_timed_out") - before == 1);
  }

  @ParameterizedTest
  @MethodSource("dev.baton.e2e.Combination#few")
  void aTargetThatResetsInTheReplayIsAReset(Combination combination) throws Exception {
    Stage stage = stages.of(combination);
    TargetRules.set(
        stage,
        "tcp flags & syn == 0 tcp dport %d reject with tcp reset;".formatted(Stage.PORT),
        "");
    long before = stage.reason("target_reset_in_replay");
    try (Peer client = stage.connect()) {
      client.say(new Script.Play("/never").head());
      client.patience(Duration.ofSeconds(10));
      client.receiveToEnd();
      assertThat(client.seen()).isEqualTo(new Peer.Seen(0, Peer.End.RESET));
    }
    // The controller hears of it with its next wake-up, the client at once.
    Scene.await(
        "it is counted", Scene.LIMIT, () -> stage.reason("target_reset_in_replay") - before == 1);
  }

  @ParameterizedTest
  @MethodSource("dev.baton.e2e.Combination#few")
  void aClientThatResetsBetweenItsRequestAndTheGoLiveIsForgotten(Combination combination)
      throws Exception {
    Stage stage = stages.of(combination);
    TargetRules.set(stage, TargetRules.lost(true, 1), "");
    long before = stage.reason("client_gone");
    for (int i = 0; i < 20; i++) {
      Peer client = stage.connect();
      client.say(new Script.Play("/never").head());
      client.reset();
    }
    Scene.await("each is noticed", Scene.LIMIT, () -> stage.reason("client_gone") - before == 20);
  }

  @ParameterizedTest
  @MethodSource("dev.baton.e2e.Combination#few")
  void aClientThatLeavesInItsHeadIsForgotten(Combination combination) throws Exception {
    Stage stage = stages.of(combination);
    long before = stage.reason("client_gone");
    try (Peer client = stage.connect()) {
      client.say("GET / HTTP/1.1\r\nHost:");
    }
    Peer client = stage.connect();
    client.say("GET / HTTP/1.1\r\nHost:");
    client.reset();
    Scene.await("both are noticed", Scene.LIMIT, () -> stage.reason("client_gone") - before == 2);
  }

  @ParameterizedTest
  @MethodSource("dev.baton.e2e.Combination#few")
  void aTargetWithoutARouteIsA502(Combination combination) throws IOException {
    Stage stage = stages.of(combination);
    Namespace dmz = stage.scene.lab.dmz();
    String route = " unreachable " + stage.scene.lab.target(1).address(combination.family());
    dmz.sh("ip route add" + route);
    try {
      long before = stage.reason("target_unroutable");
      assertThat(stage.curl.get(Stage.SITE, "/", Scene.NOWHERE).status()).isEqualTo(502);
      assertThat(stage.reason("target_unroutable") - before).isEqualTo(1);
    } finally {
      dmz.sh("ip route del" + route);
    }
  }

  static Stream<Arguments> answers() {
    return Combination.few()
        .flatMap(each ->
            Stream.of(
                Arguments.of(each, true, "target_reset_in_replay"),
                Arguments.of(each, false, "target_refused")));
  }

  /**
   * A SYN,ACK and a RST that wait in the ring together: the controller is halted while they come.
   * What the first one said holds, and the other one does not leave the client waiting.
   */
  @ParameterizedTest
  @MethodSource("answers")
  void twoAnswersAtOnce(Combination combination, boolean synAckFirst, String reason)
      throws Exception {
    Stage stage = stages.of(combination);
    TargetRules.set(stage, "tcp dport %d drop;".formatted(Stage.PORT), "");
    long before = stage.reason(reason);
    try (Peer client = stage.connect()) {
      client.say(new Script.Play("/never").head());
      Scene.await("a SYN", Scene.LIMIT, () -> stage.pending() != null);
      FlowView pending = Objects.requireNonNull(stage.pending());
      String pid = Long.toString(stage.scene.controller.pid());
      stage.scene.lab.dmz().sh("kill -STOP " + pid);
      try {
        stage.servers.in(() -> TargetRules.answer(pending, synAckFirst));
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
}

package dev.baton.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.bindings.flow.Baton;
import dev.baton.lab.Child;
import dev.baton.lab.Curl;
import dev.baton.lab.Family;
import dev.baton.lab.Namespace;
import dev.baton.lab.Probe;
import dev.baton.reason.Reason;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each reason that the controller gives is given: here, or by the test that is about it. */
@Tag("namespace")
@ExtendWith(SceneExtension.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ReasonsTest {
  private static final Map<Class<?>, Set<Reason>> ELSEWHERE =
      Map.of(
          SetUpFailureTest.class,
          EnumSet.of(
              Reason.TARGET_SILENT,
              Reason.TARGET_REFUSED,
              Reason.TARGET_CHALLENGED,
              Reason.CLIENT_GONE,
              Reason.REPLAY_TIMED_OUT,
              Reason.TARGET_RESET_IN_REPLAY,
              Reason.TARGET_UNREACHABLE,
              Reason.TARGET_UNROUTABLE),
          ExhaustionTest.class,
          EnumSet.of(Reason.PORTS_EXHAUSTED, Reason.FLOWS_EXHAUSTED),
          FrontTest.class,
          EnumSet.of(Reason.NO_SERVER_NAME, Reason.HTTP2_WAITS, Reason.WRONG_PROTOCOL),
          OptionsTest.class,
          EnumSet.of(Reason.TARGET_NO_TIMESTAMPS, Reason.TARGET_NO_ECN),
          DoorTest.class,
          EnumSet.of(
              Reason.REDIRECTED_TO_HTTPS,
              Reason.LOCATION_TOO_LONG,
              Reason.PROXY_HEADER_MISSING,
              Reason.PROXY_HEADER_UNTRUSTED,
              Reason.DENIED_SOURCE),
          PiecesTest.class,
          EnumSet.of(
              Reason.SECOND_REQUEST,
              Reason.BAD_PATH,
              Reason.NO_PART,
              Reason.RANGE_UNSATISFIABLE,
              Reason.TOO_MANY_ASSEMBLED,
              Reason.PIECE_LOST),
          RoutingTest.class,
          EnumSet.of(
              Reason.NODE_IS_ELSEWHERE,
              Reason.REDIRECTED_TO_PUBLIC,
              Reason.NO_COMPLETE_COPY,
              Reason.NODES_FULL),
          LimitsTest.class,
          EnumSet.of(Reason.NO_FIRST_BYTE, Reason.TOO_MANY_FROM_CLIENT));

  private static final Set<Reason> HERE =
      EnumSet.of(
          Reason.UNKNOWN_HOST,
          Reason.NO_NODE_UP,
          Reason.NO_ADDRESS_IN_FAMILY,
          Reason.HEAD_MALFORMED,
          Reason.HEAD_TOO_LARGE,
          Reason.HEAD_TOO_SLOW,
          Reason.NO_HOST,
          Reason.UNSUPPORTED_REQUEST,
          Reason.NOT_THROUGH_PROGRAM,
          Reason.TOO_MANY_CONNECTIONS,
          Reason.SHUTTING_DOWN,
          Reason.SNAPSHOT_FAILED,
          Reason.REPLAY_ORPHANED);

  private static final int MAX_CONNECTIONS = 8;

  private Stage stage;

  @BeforeAll
  void open() {
    stage =
        Stage.open(settings ->
            settings
                + Stage.SHORT
                + """
                event-loops: 1
                head-timeout: 2s
                syn-timeout: 20s
                max-connections: %d
                """
                    .formatted(MAX_CONNECTIONS));
    stage.scene.controller.apply(
        Stage.cluster(stage.scene.lab)
                .replace(
                    "sites:\n",
                    """
                      - { name: asleep, address: 10.0.2.99, state: down }
                      - { name: narrow, address: 10.0.2.11 }
                    sites:
                    """)
            + """
              - { host: down.example.com, nodes: [asleep] }
              - { host: narrow.example.com, nodes: [narrow] }
            """);
    Scene.await(
        "the site",
        Scene.LIMIT,
        () -> stage.scene.curl.get("down.example.com", "/", Scene.NOWHERE).status() == 503);
  }

  @AfterAll
  void close() {
    stage.close();
  }

  @AfterEach
  void rulesGo() {
    target().sh("nft delete table ip lab 2>/dev/null || true");
  }

  private Namespace target() {
    return stage.scene.lab.target(1).namespace();
  }

  private void drop(String what) {
    target()
        .nft(
            "table ip lab { chain input { type filter hook input priority 0; tcp dport %d %s drop; }; }"
                .formatted(Stage.PORT, what));
  }

  private Peer client() throws IOException {
    return stage.connect();
  }

  private long count(Reason reason) {
    return stage.reason(reason.name().toLowerCase(Locale.ROOT));
  }

  /** The site's node has an IPv4 address only; over IPv4 it is served. */
  @Test
  void aNodeWithoutAnAddressOfTheClientsFamily() {
    long before = count(Reason.NO_ADDRESS_IN_FAMILY);
    Curl curl = new Curl(stage.scene.lab, Scene.LIMIT, Family.IPV6);
    assertThat(curl.get("narrow.example.com", "/1k", Scene.NOWHERE).status()).isEqualTo(503);
    assertThat(count(Reason.NO_ADDRESS_IN_FAMILY) - before).isEqualTo(1);
    assertThat(stage.scene.curl.get("narrow.example.com", "/1k", Scene.NOWHERE).status())
        .isEqualTo(200);
  }

  @Test
  void noReasonIsWithoutATest() {
    Set<Reason> all = EnumSet.noneOf(Reason.class);
    Arrays.stream(Reason.values())
        .filter(reason -> reason.code() >= Baton.BATON_REASON_USER())
        .forEach(all::add);
    Set<Reason> reached = EnumSet.copyOf(HERE);
    ELSEWHERE.values().forEach(reached::addAll);
    assertThat(reached).isEqualTo(all);
  }

  @ParameterizedTest
  @CsvSource({
    "UNKNOWN_HOST,        404, GET / HTTP/1.1|Host: nobody.example.net||",
    "NO_NODE_UP,          503, GET / HTTP/1.1|Host: down.example.com||",
    "HEAD_MALFORMED,      400, GET / HTTP/1.1|Host : www.example.com||",
    "NO_HOST,             400, GET / HTTP/1.1|Accept: x||",
    "UNSUPPORTED_REQUEST, 405, CONNECT x:1 HTTP/1.1|Host: x:1||",
    "HEAD_TOO_SLOW,       408, GET / HTTP/1.1|Host: www.exam",
  })
  void aHeadThatLeadsNowhereIsAPage(Reason reason, int status, String head) throws Exception {
    long before = count(reason);
    try (Peer peer = client()) {
      peer.say(head.replace("|", "\r\n"));
      assertThat(peer.receiveHead()).startsWith("HTTP/1.1 " + status + " ");
    }
    assertThat(count(reason) - before).isEqualTo(1);
  }

  @Test
  void aHeadWithoutAnEndIsAPage() throws Exception {
    long before = count(Reason.HEAD_TOO_LARGE);
    try (Peer peer = client()) {
      peer.say("GET / HTTP/1.1\r\nX: " + "x".repeat(20_000));
      assertThat(peer.receiveHead()).startsWith("HTTP/1.1 431 ");
    }
    assertThat(count(Reason.HEAD_TOO_LARGE) - before).isEqualTo(1);
  }

  @Test
  void whoSaysNothingIsLeft() throws Exception {
    long before = count(Reason.HEAD_TOO_SLOW);
    try (Peer peer = client()) {
      peer.receiveToEnd();
      assertThat(peer.seen()).isEqualTo(new Peer.Seen(0, Peer.End.FIN));
    }
    assertThat(count(Reason.HEAD_TOO_SLOW) - before).isEqualTo(1);
  }

  @Test
  void theHostsOwnConnectionIsAPage() throws Exception {
    long before = count(Reason.NOT_THROUGH_PROGRAM);
    try (Sockets dmz = new Sockets(stage.scene.lab.dmz())) {
      SocketChannel channel = dmz.socket(StandardProtocolFamily.INET);
      channel.connect(stage.viaBaton());
      try (Peer peer = new Peer(channel, Peer.Side.CLIENT)) {
        peer.say(new Script.Play("/own").head());
        assertThat(peer.receiveHead()).startsWith("HTTP/1.1 503 ");
      }
    }
    assertThat(count(Reason.NOT_THROUGH_PROGRAM) - before).isEqualTo(1);
  }

  @Test
  void oneConnectionTooManyHasToWait() throws Exception {
    List<Peer> peers = new ArrayList<>();
    long before = count(Reason.TOO_MANY_CONNECTIONS);
    try {
      for (int i = 0; i < MAX_CONNECTIONS; i++) {
        peers.add(client());
        peers.getLast().say("GET / HTTP/1.1\r\n");
      }
      Scene.await(
          "as many as may be",
          Scene.LIMIT,
          () -> stage.count("connections", "before_release") == MAX_CONNECTIONS);
      try (Peer peer = client()) {
        peer.say("GET / HTTP/1.1\r\nHost: nobody.example.net\r\n\r\n");
        Scene.await(
            "its being counted",
            Scene.LIMIT,
            () -> count(Reason.TOO_MANY_CONNECTIONS) - before == 1);
        peer.patience(Duration.ofMillis(200));
        assertThatThrownBy(peer::receiveHead).isInstanceOf(SocketTimeoutException.class);
        peers.removeFirst().close();
        peer.patience(Duration.ofSeconds(10));
        assertThat(peer.receiveHead()).startsWith("HTTP/1.1 404 ");
      }
    } finally {
      for (Peer peer : peers) {
        peer.close();
      }
    }
    stage.awaitNothingHeld(Scene.LIMIT);
  }

  @Test
  void whatTheKernelDoesNotTellIsAPage() throws Exception {
    assumeTrue(Probe.missing("strace").isEmpty(), "missing: strace");
    drop("");
    long before = count(Reason.SNAPSHOT_FAILED);
    try (Peer peer = client()) {
      peer.say(new Script.Play("/never").head());
      Scene.await("set-up", Scene.LIMIT, () -> stage.count("connections", "before_release") == 1);
      // Repair mode is refused once, as by a kernel or a policy that does not know it.
      try (Child strace =
          stage
              .scene
              .lab
              .dmz()
              .start(
                  "strace",
                  "strace",
                  "-f",
                  "-p",
                  Long.toString(stage.scene.controller.pid()),
                  "-e",
                  "trace=setsockopt",
                  "-e",
                  "inject=setsockopt:error=EPERM:when=1")) {
        strace.awaitLine(line -> line.contains("attached"), Scene.LIMIT);
        target().sh("nft delete table ip lab");
        assertThat(peer.receiveHead()).startsWith("HTTP/1.1 502 ");
      }
    }
    assertThat(count(Reason.SNAPSHOT_FAILED) - before).isEqualTo(1);
    stage.awaitNothingHeld(Scene.LIMIT);
  }

  @Test
  void aControllerThatEndsSaysSo() throws Exception {
    drop("");
    try (Peer peer = client()) {
      peer.say(new Script.Play("/never").head());
      Scene.await("set-up", Scene.LIMIT, () -> stage.count("connections", "before_release") == 1);
      assertThat(stage.scene.controller.stop()).isTrue();
      assertThat(peer.receiveHead()).startsWith("HTTP/1.1 503 ");
    } finally {
      if (!stage.scene.controller.isRunning()) {
        stage.scene.controller.start();
      }
    }
    stage.awaitNothingHeld(Scene.LIMIT);
  }

  @Test
  void aReplayWhoseControllerWasKilledIsAReset() throws Exception {
    drop("tcp flags & syn == 0");
    try (Peer peer = client()) {
      peer.say(new Script.Play("/never").head());
      Scene.await("a replay", Scene.LIMIT, () -> stage.elements("baton_replays") == 1);
      stage.scene.controller.kill();
      stage.scene.controller.start();
      peer.patience(Duration.ofSeconds(10));
      peer.receiveToEnd();
      assertThat(peer.seen()).isEqualTo(new Peer.Seen(0, Peer.End.RESET));
    }
    assertThat(count(Reason.REPLAY_ORPHANED)).isEqualTo(1);
    stage.awaitNothingHeld(Scene.LIMIT);
  }
}

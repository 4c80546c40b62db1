package dev.baton.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.lab.Content;
import dev.baton.lab.Curl;
import dev.baton.lab.Family;
import dev.baton.lab.Namespace;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What the DMZ node has acknowledged before the go-live arrives at the target, each byte once. */
@Tag("namespace")
@ExtendWith(SceneExtension.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BacklogTest {
  private static final boolean FULL = Boolean.getBoolean("baton.full");
  private static final long BODY = FULL ? 1L << 30 : 64L << 20;
  private static final Duration LONG = Duration.ofMinutes(5);
  private static final Duration PAUSE = Duration.ofSeconds(10);

  /** So often, in each combination. */
  private static final int UPLOADS = FULL ? 10 : 5;

  private static final int UPLOAD_BYTES = 8 << 20;

  private static final Scripts.Case UPLOAD =
      new Scripts.Case(
          new Script(
              "upload",
              (peer, play) -> {
                peer.say(play.head());
                peer.send(UPLOAD_BYTES);
                peer.halfClose();
                peer.receiveToEnd();
              },
              (peer, play) -> {
                peer.receiveToEnd();
                peer.send(1000);
              }),
          Script.Outcome.of(1000, Peer.End.FIN, UPLOAD_BYTES, Peer.End.FIN));

  private static final String LOSS =
      """
      table inet lab {
        set once4 { type ipv4_addr . inet_service; flags dynamic; }
        set once6 { type ipv6_addr . inet_service; flags dynamic; }
        chain input {
          type filter hook input priority 0
          tcp flags & (syn | ack) == syn ip saddr . tcp sport != @once4 add @once4 { ip saddr . tcp sport } drop
          tcp flags & (syn | ack) == syn ip6 saddr . tcp sport != @once6 add @once6 { ip6 saddr . tcp sport } drop
          meta nfproto ipv4 tcp dport 8080 meta length > 200 numgen inc mod 5 == 0 counter drop
          meta nfproto ipv6 tcp dport 8080 meta length > 200 numgen inc mod 5 == 0 counter drop
        }
      }
      """;

  @TempDir Path folder;
  private final Stages stages = new Stages(settings -> settings);

  @AfterAll
  void close() {
    stages.close();
  }

  private Peer client(Combination combination) throws IOException {
    return stages.of(combination).connect();
  }

  private static String get(String more) {
    return "GET /1k HTTP/1.1\r\nHost: " + Scene.SITE + "\r\n" + more + "\r\n";
  }

  /** An answer of nginx with 1000 bytes of body. */
  private static void answer(Peer peer) throws IOException {
    assertThat(peer.receiveHead())
        .startsWith("HTTP/1.1 200 ")
        .contains("X-Node: qure-2", "Content-Length: 1000");
    peer.skip(1000);
  }

  @ParameterizedTest
  @MethodSource("dev.baton.e2e.Combination#all")
  void threeRequestsInOneSegment(Combination combination) throws Exception {
    try (Peer peer = client(combination)) {
      peer.say(get("") + get("") + get("Connection: close\r\n"));
      for (int i = 0; i < 3; i++) {
        answer(peer);
      }
      peer.receiveToEnd();
      assertThat(peer.seen().end()).isEqualTo(Peer.End.FIN);
    }
  }

  @ParameterizedTest
  @MethodSource("dev.baton.e2e.Combination#all")
  void aRequestAndTheBeginningOfTheNext(Combination combination) throws Exception {
    try (Peer peer = client(combination)) {
      String next = get("Connection: close\r\n");
      peer.say(get("") + next.substring(0, 20));
      answer(peer);
      peer.say(next.substring(20));
      answer(peer);
    }
  }

  @ParameterizedTest
  @MethodSource("dev.baton.e2e.Combination#all")
  void anUrgentByteInTheHead(Combination combination) throws Exception {
    try (Peer peer = client(combination)) {
      String head = get("Connection: close\r\n");
      peer.say(head.substring(0, 30));
      peer.channel().socket().sendUrgentData(head.charAt(30));
      peer.say(head.substring(31));
      answer(peer);
    }
  }

  @Test
  void aPauseInTheMiddleOfTheHead() throws Exception {
    stages.atOnce(
        Combination.all(),
        stage -> {
          try (Peer peer = stage.connect()) {
            String head = get("Connection: close\r\n");
            peer.say(head.substring(0, 30));
            Thread.sleep(PAUSE.toMillis());
            peer.say(head.substring(30));
            answer(peer);
          }
        });
  }

  static Stream<Arguments> bodies() {
    return Combination.all()
        .flatMap(each ->
            Stream.of("Expect:", "Expect: 100-continue").map(header -> Arguments.of(each, header)));
  }

  /** With the head and its body at once, and with a body that waits to be asked for. */
  @ParameterizedTest
  @MethodSource("bodies")
  void aLargeBodyBehindTheHead(Combination combination, String expect) {
    Stage stage = stages.of(combination);
    Path file = folder.resolve("file");
    Content.write(file, BODY, 7);
    String name = "body-" + expect.length();
    Curl curl = new Curl(stage.scene.lab, LONG, combination.family());
    Curl.Reply reply =
        curl.get(Scene.SITE, "/up/" + name, Scene.NOWHERE, "-H", expect, "-T", file.toString());
    assertThat(reply).returns(0, Curl.Reply::exit).returns(201, Curl.Reply::status);
    Path copy = stage.scene.lab.target(1).files().resolve("up").resolve(name);
    assertThat(Content.sha256(copy)).isEqualTo(Content.sha256(file));
    assertThat(copy.toFile().delete()).isTrue();
  }

  /**
   * The target loses the first SYN, so that the old socket takes as much as its buffer holds; then
   * it loses each fifth segment, of the replay and of what comes behind it. In all combinations at
   * once, since most of it is waiting for repetitions.
   */
  @Test
  void aFullReceiveBufferThroughLoss() throws Exception {
    Combination[] hosts = {new Combination(Family.IPV4, "tc"), new Combination(Family.IPV4, "xdp")};
    long[] replayed = new long[hosts.length];
    for (int i = 0; i < hosts.length; i++) {
      target(hosts[i]).nft(LOSS);
      replayed[i] = stages.of(hosts[i]).count("connections", "bytes_replayed");
    }
    try {
      stages.atOnce(Combination.all(), stage -> stage.playMany(UPLOADS, UPLOADS, i -> UPLOAD));
      for (int i = 0; i < hosts.length; i++) {
        assertThat(stages.of(hosts[i]).count("connections", "bytes_replayed") - replayed[i])
            .as("most of what the receive buffer takes, each time")
            .isGreaterThan(2L * UPLOADS * 40_000);
        assertThat(target(hosts[i]).sh("nft list chain inet lab input"))
            .contains("counter packets")
            .doesNotContain("counter packets 0 ");
      }
    } finally {
      for (Combination each : hosts) {
        target(each).sh("nft delete table inet lab 2>/dev/null || true");
      }
    }
  }

  private Namespace target(Combination combination) {
    return stages.of(combination).scene.lab.target(1).namespace();
  }
}

package dev.baton.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.lab.Content;
import dev.baton.lab.Curl;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the DMZ node has acknowledged before the go-live arrives at the target, each byte once. */
@Tag("namespace")
@ExtendWith(SceneExtension.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BacklogTest {
  private static final boolean FULL = Boolean.getBoolean("baton.full");
  private static final long BODY = FULL ? 1L << 30 : 64L << 20;
  private static final Duration LONG = Duration.ofMinutes(5);
  private static final Duration PAUSE = Duration.ofSeconds(10);

  @TempDir Path folder;
  private Stage stage;

  @BeforeAll
  void open() {
    stage = Stage.open(settings -> settings);
  }

  @AfterAll
  void close() {
    stage.close();
  }

  private Peer client() throws IOException {
    return stage.connect(Stage.viaBaton(), null);
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

  @Test
  void threeRequestsInOneSegment() throws Exception {
    try (Peer peer = client()) {
      peer.say(get("") + get("") + get("Connection: close\r\n"));
      for (int i = 0; i < 3; i++) {
        answer(peer);
      }
      peer.receiveToEnd();
      assertThat(peer.seen().end()).isEqualTo(Peer.End.FIN);
    }
  }

  @Test
  void aRequestAndTheBeginningOfTheNext() throws Exception {
    try (Peer peer = client()) {
      String next = get("Connection: close\r\n");
      peer.say(get("") + next.substring(0, 20));
      answer(peer);
      peer.say(next.substring(20));
      answer(peer);
    }
  }

  @Test
  void anUrgentByteInTheHead() throws Exception {
    try (Peer peer = client()) {
      String head = get("Connection: close\r\n");
      peer.say(head.substring(0, 30));
      peer.channel().socket().sendUrgentData(head.charAt(30));
      peer.say(head.substring(31));
      answer(peer);
    }
  }

  @Test
  void aPauseInTheMiddleOfTheHead() throws Exception {
    try (Peer peer = client()) {
      String head = get("Connection: close\r\n");
      peer.say(head.substring(0, 30));
      Thread.sleep(PAUSE.toMillis());
      peer.say(head.substring(30));
      answer(peer);
    }
  }

  /** With the head and its body at once, and with a body that waits to be asked for. */
  @ParameterizedTest
  @ValueSource(strings = {"Expect:", "Expect: 100-continue"})
  void aLargeBodyBehindTheHead(String expect) {
    Path file = folder.resolve("file");
    Content.write(file, BODY, 7);
    String name = "body-" + expect.length();
    Curl curl = new Curl(stage.scene.lab, LONG);
    Curl.Reply reply =
        curl.get(Scene.SITE, "/up/" + name, Scene.NOWHERE, "-H", expect, "-T", file.toString());
    assertThat(reply).returns(0, Curl.Reply::exit).returns(201, Curl.Reply::status);
    assertThat(Content.sha256(stage.scene.lab.target(1).files().resolve("up").resolve(name)))
        .isEqualTo(Content.sha256(file));
  }

  /**
   * The target loses the first SYN, so that the old socket takes as much as its buffer holds; then
   * it loses each fifth segment, of the replay and of what comes behind it.
   */
  @Test
  void aFullReceiveBufferThroughLoss() throws Exception {
    int body = 8 << 20;
    stage
        .scene
        .lab
        .target(1)
        .namespace()
        .nft(
            """
            table ip lab {
              set once { type ipv4_addr . inet_service; flags dynamic; }
              chain input {
                type filter hook input priority 0
                tcp flags & (syn | ack) == syn ip saddr . tcp sport != @once add @once { ip saddr . tcp sport } drop
                tcp dport 8080 meta length > 200 numgen inc mod 5 == 0 counter drop
              }
            }
            """);
    try {
      long replayed = stage.count("connections", "bytes_replayed");
      Script script =
          new Script(
              "upload",
              (peer, play) -> {
                peer.say(play.head());
                peer.send(body);
                peer.halfClose();
                peer.receiveToEnd();
              },
              (peer, play) -> {
                peer.receiveToEnd();
                peer.send(1000);
              });
      stage.playMany(
          20,
          4,
          i -> new Scripts.Case(script, Script.Outcome.of(1000, Peer.End.FIN, body, Peer.End.FIN)));
      assertThat(stage.count("connections", "bytes_replayed") - replayed)
          .as("most of what the receive buffer takes, each time")
          .isGreaterThan(20 * 100_000);
      assertThat(stage.scene.lab.target(1).namespace().sh("nft list chain ip lab input"))
          .doesNotContain("counter packets 0 ");
    } finally {
      stage.scene.lab.target(1).namespace().sh("nft delete table ip lab");
    }
  }
}

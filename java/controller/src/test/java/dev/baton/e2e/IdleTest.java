package dev.baton.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A flow that nobody uses goes, and neither side is told. */
@Tag("namespace")
@ExtendWith(SceneExtension.class)
class IdleTest {
  private static final Duration EXPIRY = Duration.ofSeconds(30);

  @Test
  void anIdleFlowsEntriesGoAndNeitherSideHearsOfIt() throws Exception {
    try (Stage stage = Stage.open(settings -> settings + Stage.SHORT)) {
      Script script =
          new Script(
              "idle",
              (peer, play) -> {
                peer.say(play.head());
                peer.receive(1000);
                Scene.await("entries", Scene.LIMIT, () -> stage.held().entries() == 2);
                stage.awaitNothingHeld(EXPIRY);
                hearsNothing(peer);
                play.meet();
              },
              (peer, play) -> {
                peer.send(1000);
                play.meet();
                hearsNothing(peer);
              });
      // The client's own end then meets no flow; the server's socket ends with the test.
      assertThat(stage.play(script).client()).isEqualTo(new Peer.Seen(1000, Peer.End.OPEN));
    }
  }

  private static void hearsNothing(Peer peer) throws IOException {
    peer.patience(Duration.ofMillis(300));
    try {
      peer.receiveToEnd();
      throw new IOException("it was ended: " + peer.seen());
    } catch (SocketTimeoutException e) {
      // As it should be.
    }
  }
}

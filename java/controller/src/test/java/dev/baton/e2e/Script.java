package dev.baton.e2e;

import java.io.IOException;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * What the two ends of one connection do.
 *
 * @param name part of the request's path
 * @param client begins once it is connected; it must send the head itself
 * @param server begins when the head has come
 */
record Script(String name, Part client, Part server) {
  /** One end's part. */
  interface Part {
    /** Plays it; what is open in the end is closed. */
    void play(Peer peer, Play play) throws Exception;
  }

  /** One performance: the ends can wait for each other beside the network. */
  static final class Play {
    private static final int SECONDS = 30;
    final String path;
    private final CyclicBarrier both = new CyclicBarrier(2);

    Play(String path) {
      this.path = path;
    }

    /** The request head. */
    String head() {
      return head(Stage.SITE);
    }

    /** The request head for a site. */
    String head(String site) {
      return "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n".formatted(path, site);
    }

    /** Goes on when the other end has come here, too. */
    void meet() throws IOException {
      try {
        both.await(SECONDS, TimeUnit.SECONDS);
      } catch (BrokenBarrierException | TimeoutException | InterruptedException e) {
        throw new IOException("the other end did not come", e);
      }
    }
  }

  /** What both ends saw. */
  record Outcome(Peer.Seen client, Peer.Seen server) {
    static Outcome of(long clientGot, Peer.End clientEnd, long serverGot, Peer.End serverEnd) {
      return new Outcome(new Peer.Seen(clientGot, clientEnd), new Peer.Seen(serverGot, serverEnd));
    }
  }
}

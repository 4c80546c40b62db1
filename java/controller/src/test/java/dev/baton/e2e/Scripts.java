package dev.baton.e2e;

import static dev.baton.e2e.Peer.End.FIN;
import static dev.baton.e2e.Peer.End.OPEN;
import static dev.baton.e2e.Peer.End.RESET;

import dev.baton.e2e.Script.Outcome;
import java.util.List;

/** The ways in which a connection may live and die, and what both ends must see of it. */
final class Scripts {
  /** A script, and what both ends see of each other. */
  record Case(Script script, Outcome expected) {
    @Override
    public String toString() {
      return script.name();
    }
  }

  private static final int SOME = 1000;
  private static final int MUCH = 300_000;

  private Scripts() {}

  private static Case of(String name, Script.Part client, Script.Part server, Outcome expected) {
    return new Case(new Script(name, client, server), expected);
  }

  /** All ways that are quick. */
  static final List<Case> QUICK =
      List.of(
          of(
              "the-server-ends-first",
              (peer, play) -> {
                peer.say(play.head());
                peer.receiveToEnd();
              },
              (peer, play) -> {
                peer.send(MUCH);
                peer.halfClose();
                peer.receiveToEnd();
              },
              Outcome.of(MUCH, FIN, 0, FIN)),
          of(
              "the-client-ends-first",
              (peer, play) -> {
                peer.say(play.head());
                peer.receive(MUCH);
                peer.halfClose();
                peer.receiveToEnd();
              },
              (peer, play) -> {
                peer.send(MUCH);
                peer.receiveToEnd();
              },
              Outcome.of(MUCH, FIN, 0, FIN)),
          of(
              "the-client-has-only-a-request",
              (peer, play) -> {
                peer.say(play.head());
                peer.halfClose();
                peer.receiveToEnd();
              },
              (peer, play) -> {
                peer.receiveToEnd();
                peer.send(MUCH);
              },
              Outcome.of(MUCH, FIN, 0, FIN)),
          of(
              "the-client-has-only-a-request-with-a-body",
              (peer, play) -> {
                peer.say(play.head());
                peer.send(MUCH);
                peer.halfClose();
                peer.receiveToEnd();
              },
              (peer, play) -> {
                peer.receiveToEnd();
                peer.send(SOME);
              },
              Outcome.of(SOME, FIN, MUCH, FIN)),
          of(
              "the-client-half-closes-in-the-answer",
              (peer, play) -> {
                peer.say(play.head());
                peer.receive(SOME);
                peer.halfClose();
                peer.receiveToEnd();
              },
              (peer, play) -> {
                peer.send(SOME);
                peer.receiveToEnd();
                peer.send(MUCH);
              },
              Outcome.of(SOME + MUCH, FIN, 0, FIN)),
          of(
              "the-server-half-closes-and-listens-on",
              (peer, play) -> {
                peer.say(play.head());
                peer.receiveToEnd();
                peer.send(MUCH);
              },
              (peer, play) -> {
                peer.send(SOME);
                peer.halfClose();
                peer.receiveToEnd();
              },
              Outcome.of(SOME, FIN, MUCH, FIN)),
          of(
              "both-end-at-once",
              (peer, play) -> {
                peer.say(play.head());
                peer.receive(SOME);
                play.meet();
                peer.halfClose();
                peer.receiveToEnd();
              },
              (peer, play) -> {
                peer.send(SOME);
                play.meet();
                peer.halfClose();
                peer.receiveToEnd();
              },
              Outcome.of(SOME, FIN, 0, FIN)),
          of(
              "the-client-resets",
              (peer, play) -> {
                peer.say(play.head());
                peer.receive(MUCH);
                peer.send(SOME);
                play.meet();
                peer.reset();
              },
              (peer, play) -> {
                peer.send(MUCH);
                peer.receive(SOME);
                play.meet();
                peer.receiveToEnd();
              },
              Outcome.of(MUCH, OPEN, SOME, RESET)),
          of(
              "the-server-resets",
              (peer, play) -> {
                peer.say(play.head());
                peer.receive(MUCH);
                play.meet();
                peer.receiveToEnd();
              },
              (peer, play) -> {
                peer.send(MUCH);
                play.meet();
                peer.reset();
              },
              Outcome.of(MUCH, RESET, 0, OPEN)),
          of(
              "the-server-resets-without-a-word",
              (peer, play) -> {
                peer.say(play.head());
                peer.receiveToEnd();
              },
              (peer, play) -> peer.reset(),
              Outcome.of(0, RESET, 0, OPEN)),
          of(
              "the-client-resets-after-its-end",
              (peer, play) -> {
                peer.say(play.head());
                peer.halfClose();
                peer.receive(SOME);
                play.meet();
                peer.reset();
              },
              (peer, play) -> {
                peer.receiveToEnd();
                peer.send(SOME);
                play.meet();
                peer.sendToReset();
              },
              Outcome.of(SOME, OPEN, 0, RESET)),
          of(
              "the-server-resets-after-its-end",
              (peer, play) -> {
                peer.say(play.head());
                peer.receiveToEnd();
                peer.send(SOME);
                play.meet();
                peer.sendToReset();
              },
              (peer, play) -> {
                peer.send(SOME);
                peer.halfClose();
                peer.receive(SOME);
                play.meet();
                peer.reset();
              },
              Outcome.of(SOME, RESET, SOME, OPEN)),
          of(
              "the-server-leaves-with-bytes-unread",
              (peer, play) -> {
                peer.say(play.head());
                peer.receive(SOME);
                peer.send(SOME);
                play.meet();
                peer.receiveToEnd();
              },
              (peer, play) -> {
                peer.send(SOME);
                peer.receive(1);
                play.meet();
              },
              Outcome.of(SOME, RESET, 1, OPEN)),
          of(
              "the-client-leaves-with-bytes-unread",
              (peer, play) -> {
                peer.say(play.head());
                peer.receive(1);
                play.meet();
              },
              (peer, play) -> {
                peer.send(SOME);
                play.meet();
                peer.receiveToEnd();
              },
              Outcome.of(1, OPEN, 0, RESET)),
          of(
              "both-have-much-to-say",
              (peer, play) -> {
                peer.say(play.head());
                Thread sender =
                    Thread.ofVirtual()
                        .start(() -> {
                          try {
                            peer.send(MUCH);
                            peer.halfClose();
                          } catch (java.io.IOException e) {
                            throw new java.io.UncheckedIOException(e);
                          }
                        });
                peer.receiveToEnd();
                sender.join();
              },
              (peer, play) -> {
                peer.receive(MUCH);
                peer.send(MUCH);
                peer.receiveToEnd();
              },
              Outcome.of(MUCH, FIN, MUCH, FIN)));

  /** An answer that streams on long after the client's FIN. */
  static Case longAnswer(int seconds) {
    return of(
        "an-answer-of-" + seconds + "-seconds",
        (peer, play) -> {
          peer.say(play.head());
          peer.halfClose();
          peer.receiveToEnd();
        },
        (peer, play) -> {
          peer.receiveToEnd();
          for (int i = 0; i < seconds * 10; i++) {
            peer.send(SOME);
            Thread.sleep(100);
          }
        },
        Outcome.of(seconds * 10L * SOME, FIN, 0, FIN));
  }
}

package dev.baton.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.bindings.flow.Baton;
import dev.baton.dataplane.Conversation.Stranger;
import dev.baton.dataplane.Endpoint.Segment;
import dev.baton.dataplane.TestBed.Outcome;
import java.util.List;
import java.util.Random;
import org.assertj.core.api.RecursiveComparisonAssert;

/** Who breaks into a {@link Conversation}, and how much of docs/states.md he is up against. */
final class Strangers {
  private static final int ONE_IN = 6;
  private static final long NUMBERS = 1L << 32;

  /** Further than any segment of a conversation may be from the acknowledgments. */
  private static final long FAR = (4 << 20) + 200_000;

  private static final int[] FLAGS = {
    Packet.ACK,
    Packet.ACK | Packet.PSH,
    Packet.ACK | Packet.FIN,
    Packet.ACK | Packet.RST,
    Packet.RST,
    Packet.SYN,
    Packet.ACK | Packet.SYN
  };

  private Strangers() {}

  /** Nobody. */
  static Stranger none() {
    return stranger(true, here -> {});
  }

  private interface Act {
    void in(Conversation here);
  }

  private static Stranger stranger(boolean leavesTheEnd, Act act) {
    return new Stranger() {
      @Override
      public void breakIn(Conversation here) {
        if (here.random.nextInt(ONE_IN) == 0) {
          act.in(here);
        }
      }

      @Override
      public boolean leavesTheEnd() {
        return leavesTheEnd;
      }
    };
  }

  /**
   * Knows addresses and ports. In the client's name he says what the target would not accept, for
   * its sequence number or its acknowledgment; in the target's he resets at a wrong number. Nothing
   * of the flow is harmed; after the latter it is half-open until its target speaks.
   */
  static Stranger guessingPorts() {
    long[] said = {0};
    return stranger(
        true,
        here -> {
          if (here.random.nextInt(4) == 0) {
            resetAsTarget(here);
          } else {
            said[0] = sayAsClient(here, said[0]);
          }
        });
  }

  /**
   * Knows the client's numbers, too, but for a few thousand. The end may then be noted too early or
   * too late; what the endpoints say to each other is theirs all the same.
   */
  static Stranger guessingNumbers() {
    return stranger(
        false,
        here -> {
          Random random = here.random;
          int flags = FLAGS[random.nextInt(5)];
          long offset = here.acknowledgedUp() + random.nextInt(60_000) - 2000;
          if (offset == here.acknowledgedUp() && (flags & Packet.RST) != 0) {
            offset++; // exactly there, it would be the client's own
          }
          if (here.legs.knowsClock()) {
            long acknowledged = here.sentDown() - random.nextInt(2000);
            here.crossForged(forged(random, true, flags, offset, acknowledged));
          }
        });
  }

  /** Stands in the cluster, where he is believed: the end may be noted too early, or never. */
  static Stranger inTheCluster() {
    return stranger(
        false,
        here -> {
          Random random = here.random;
          if (here.legs.knowsClock()) {
            long offset = far(random, here.sentDown());
            long acknowledged = far(random, here.acknowledgedUp());
            here.crossForged(forged(random, false, FLAGS[random.nextInt(5)], offset, acknowledged));
          }
        });
  }

  private static long far(Random random, long from) {
    return from + FAR + random.nextLong(NUMBERS - 2 * FAR);
  }

  private static Segment forged(
      Random random, boolean up, int flags, long offset, long acknowledged) {
    boolean data = (flags & (Packet.RST | Packet.SYN)) == 0 && random.nextBoolean();
    return new Segment(
        up,
        flags,
        offset,
        data ? 1 + random.nextInt(1000) : 0,
        acknowledged,
        List.of(),
        random.nextInt(65_536),
        random.nextLong(NUMBERS),
        -1);
  }

  /** Now and then he goes on from where he was; returns where he is then. */
  private static long sayAsClient(Conversation here, long said) {
    Random random = here.random;
    boolean closed = here.isClosed();
    // A SYN behind the end is a new connection's; its clock, too, is another.
    int flags = FLAGS[random.nextInt(closed || !here.legs.knowsClock() ? 5 : FLAGS.length)];
    // Nobody looks at the acknowledgment of a RST.
    int wrong = (flags & Packet.ACK) == 0 || (flags & Packet.RST) != 0 ? 1 : 1 + random.nextInt(3);
    long offset = here.acknowledgedUp();
    long acknowledged = here.sentDown();
    long elsewhere = said != 0 && random.nextBoolean() ? said : far(random, offset);
    Segment s =
        forged(
            random,
            true,
            flags,
            (wrong & 1) != 0 ? elsewhere : offset + random.nextInt(1000),
            (wrong & 2) != 0 ? far(random, acknowledged) : acknowledged);
    State up = here.bed.state(here.legs.toTarget);
    State down = here.bed.state(here.legs.toClient);
    if (here.legs.knowsClock()) {
      here.crossForged(s);
    } else {
      Outcome outcome = here.bed.arrives(here.legs.atSender(s));
      assertThat(outcome.verdict()).as("it would set a clock: %s", s).isEqualTo(TestBed.DROP);
      assertThat(outcome.events()).isEmpty();
    }
    assertThat(here.bed.state(here.legs.toClient)).as("%s", s).isEqualTo(down);
    compare(here.bed.state(here.legs.toTarget), s)
        .ignoringFields(isJudged(here, s, up) ? COUNTED : UNJUDGED)
        .isEqualTo(up);
    return (wrong & 1) != 0 ? s.end() : said;
  }

  private static final String[] COUNTED = {"packets", "bytes"};

  /** In a steady flow nothing is looked up, and nothing that he moves matters. */
  private static final String[] UNJUDGED = {
    "packets", "bytes", "sequenceEnd", "acknowledged", "window", "newestTimestamp", "lastSeen"
  };

  /** As docs/states.md has it under "when". */
  private static boolean isJudged(Conversation here, Segment s, State before) {
    int ends = Baton.BATON_STATE_FIN() | Baton.BATON_STATE_PEER_FIN() | Baton.BATON_STATE_CLOSED();
    return s.has(Packet.FIN | Packet.RST | Packet.SYN)
        || !before.has(Baton.BATON_STATE_SEEN())
        || !here.legs.knowsClock()
        || before.has(ends);
  }

  private static void resetAsTarget(Conversation here) {
    Random random = here.random;
    State up = here.bed.state(here.legs.toTarget);
    State down = here.bed.state(here.legs.toClient);
    Segment s =
        forged(
            random,
            false,
            random.nextBoolean() ? Packet.RST : Packet.RST | Packet.ACK,
            far(random, here.sentDown()),
            far(random, here.acknowledgedUp()));
    here.crossForged(s);
    assertThat(here.bed.state(here.legs.toTarget)).as("%s", s).isEqualTo(up);
    compare(here.bed.state(here.legs.toClient), s)
        .ignoringFields("packets", "bytes", "window", "lastSeen", "flags")
        .isEqualTo(down);
    // Half-open: such a RST is a target's that has forgotten the connection, or nobody's.
    assertThat(here.bed.state(here.legs.toClient).flags())
        .as("%s", s)
        .isEqualTo(down.closed() ? down.flags() : down.flags() | Baton.BATON_STATE_RST());
  }

  private static RecursiveComparisonAssert<?> compare(State state, Segment s) {
    return assertThat(state).as("after %s", s).usingRecursiveComparison();
  }
}

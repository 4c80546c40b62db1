package dev.baton.dataplane;

import static dev.baton.dataplane.Options.nop;
import static dev.baton.dataplane.Options.timestamps;
import static dev.baton.dataplane.Packet.ACK;
import static dev.baton.dataplane.Packet.FIN;
import static dev.baton.dataplane.Packet.RST;
import static dev.baton.dataplane.Packet.fromClient;
import static dev.baton.dataplane.Packet.fromTarget;
import static dev.baton.dataplane.Packet.toClient;
import static dev.baton.dataplane.Packet.toTarget;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.bindings.flow.Baton;
import dev.baton.dataplane.TestBed.Outcome;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * In a client's name anyone can send who guesses its port. What others rely on moves only for
 * segments that the target would accept: here the target has acknowledged 1000 bytes and sent 2000.
 */
@BothFamilies
class AcceptableTest extends ProgramTest {
  private static final int NEAR = 4 << 20;
  private static final int FIN_SEEN = Baton.BATON_STATE_FIN();
  private static final int RESET = Baton.BATON_STATE_RST();
  private static final int LEARNED = Baton.BATON_STATE_TS_LEARNED();
  private static final int NEXT = Packet.CLIENT_NEXT + 1000;
  private static final int SENT = Packet.TARGET_NEXT_AT_CLIENT + 2000;

  private final Entry toTarget = Entry.toTarget();
  private final Entry toClient = Entry.toClient();

  /** A segment in the client's name; whether the target would accept it. */
  record Row(String says, boolean acceptable, int sequence, int acknowledgment) {
    Packet packet(int flags) {
      return fromClient().flags(flags).sequence(sequence).acknowledgment(acknowledgment);
    }

    @Override
    public String toString() {
      return says;
    }
  }

  static Stream<Row> segments() {
    return Stream.of(
        new Row("what is expected", true, NEXT, SENT),
        new Row("repeated", true, NEXT - 1000, SENT),
        new Row("ahead of what is lost", true, NEXT + 100_000, SENT),
        new Row("as far ahead as may be", true, NEXT + NEAR, SENT),
        new Row("one too far", false, NEXT + NEAR + 1, SENT),
        new Row("as old as may be", true, NEXT - NEAR, SENT),
        new Row("one too old", false, NEXT - NEAR - 1, SENT),
        new Row("half the space away", false, NEXT ^ 0x8000_0000, SENT),
        new Row("an acknowledgment that lags", true, NEXT, SENT - 1500),
        new Row("that lags as far as may be", true, NEXT, SENT - NEAR),
        new Row("that is one too old", false, NEXT, SENT - NEAR - 1),
        new Row("of what was not sent yet", false, NEXT, SENT + 1),
        new Row("half the space away from what was sent", false, NEXT, SENT ^ 0x8000_0000));
  }

  /** The target has spoken before the client did. */
  private void begin() {
    bed.put(toTarget, toClient);
    bed.arrives(fromTarget().payload(2000).acknowledgment(Packet.CLIENT_NEXT_AT_TARGET + 1000));
  }

  private static void assertSentOn(Outcome outcome) {
    assertThat(outcome.verdict()).as("the target judges for itself").isEqualTo(TestBed.REDIRECT);
    assertThat(outcome.counted()).isEqualTo(each(Baton.BATON_TRANSLATED()));
  }

  /** Nothing but what passed is noted. */
  private void assertNotFollowed(State before) {
    State after = bed.state(toTarget);
    assertThat(after.packets()).isEqualTo(before.packets() + 1);
    assertThat(after)
        .usingRecursiveComparison()
        .ignoringFields("packets", "bytes")
        .isEqualTo(before);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("segments")
  void theFirstSegmentIsFollowedIfItIsAcceptable(Row row) {
    begin();
    State before = bed.state(toTarget);
    assertSentOn(bed.arrives(row.packet(ACK).payload(10)));
    if (row.acceptable) {
      assertThat(bed.state(toTarget).sequenceEnd()).isEqualTo(row.sequence + 10);
      assertThat(bed.state(toTarget).acknowledged()).isEqualTo(row.acknowledgment);
      assertThat(bed.state(toTarget).lastSeen()).isPositive();
    } else {
      assertNotFollowed(before);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("segments")
  void aFinIsNotedIfItIsAcceptable(Row row) {
    begin();
    bed.arrives(fromClient().sequence(NEXT).acknowledgment(SENT));
    State before = bed.state(toTarget);
    assertSentOn(bed.arrives(row.packet(FIN | ACK)));
    boolean ahead = row.acceptable && row.sequence - NEXT >= 0;
    assertThat(bed.state(toTarget).has(FIN_SEEN)).isEqualTo(ahead);
    assertThat(bed.state(toClient).has(Baton.BATON_STATE_PEER_FIN())).isEqualTo(ahead);
    if (!row.acceptable) {
      assertNotFollowed(before);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("segments")
  void aResetThatMayCountIsNotedIfItIsAcceptable(Row row) {
    begin();
    bed.arrives(fromClient().sequence(NEXT).acknowledgment(SENT));
    assertSentOn(bed.arrives(row.packet(RST | ACK)));
    int ahead = row.sequence - NEXT;
    boolean exact = ahead == 0; // the target does not look at a RST's acknowledgment
    boolean noted = exact || (row.acceptable && ahead >= 0 && ahead < NEAR);
    assertThat(bed.state(toTarget).has(RESET)).isEqualTo(noted);
    assertThat(bed.state(toTarget).closed()).isEqualTo(exact);
  }

  @Test
  void aResetSaysNothingForTheReplay() {
    toTarget.options(Baton.BATON_FLOW_REPLAY());
    bed.put(toTarget, toClient);
    bed.putReplay(toClient);
    bed.arrives(fromClient().window(500));
    for (int flags : new int[] {RST, RST | ACK}) {
      assertSentOn(bed.arrives(fromClient().flags(flags).sequence(NEXT).window(0)));
      assertThat(bed.state(toTarget).window()).isEqualTo(500);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("segments")
  void whileAReplaySaysWhatTheClientSaidOnlyTheClientCounts(Row row) {
    toTarget.options(Baton.BATON_FLOW_REPLAY());
    bed.put(toTarget, toClient);
    bed.putReplay(toClient);
    bed.arrives(fromTarget().payload(2000).acknowledgment(Packet.CLIENT_NEXT_AT_TARGET + 1000));
    bed.arrives(fromClient().sequence(NEXT).acknowledgment(SENT - 2000).window(500));
    State before = bed.state(toTarget);
    assertSentOn(bed.arrives(row.packet(ACK).window(9)));
    if (row.acceptable) {
      assertThat(bed.state(toTarget).window()).isEqualTo(9);
    } else {
      assertNotFollowed(before);
    }
    bed.endReplay(toClient);
    bed.arrives(row.packet(ACK).window(8));
    assertThat(bed.state(toTarget).window()).as("nobody looks any more").isEqualTo(8);
    assertThat(bed.state(toTarget).has(Baton.BATON_STATE_REPLAY_DONE())).isTrue();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("segments")
  void aClockIsLearnedFromAnAcceptableSegmentAlone(Row row) {
    toTarget.timestamps();
    begin();
    Packet in = row.packet(ACK).options(nop(2), timestamps(0xdead_beefL, 1));
    Outcome outcome = bed.arrives(in);
    if (row.acceptable) {
      assertSentOn(outcome);
      assertThat(bed.state(toTarget).has(LEARNED)).isTrue();
    } else {
      assertDropped(outcome, in, Baton.BATON_DROP_UNACCEPTABLE());
      assertThat(bed.state(toTarget)).isEqualTo(State.none());
    }
  }

  @Test
  void aForgedClockIsNotHeldAgainstTheClient() {
    toTarget.timestamps();
    bed.put(toTarget, toClient);
    Packet forged =
        fromClient().sequence(5).options(nop(2), timestamps(0x7000_0000L, 0)).payload(1);
    assertDropped(bed.arrives(forged), forged, Baton.BATON_DROP_UNACCEPTABLE());
    int before = (int) (System.nanoTime() / 1_000_000);
    Outcome first = bed.arrives(fromClient().options(nop(2), timestamps(77, 0)).payload(1));
    assertSentOn(first);
    // Where the SYN's clock left off, not two weeks before it (RFC 7323 5, PAWS).
    int sent = ByteBuffer.wrap(first.frame()).getInt(14 + family.header + 20 + 4);
    assertThat(sent - before).isBetween(0, (int) (System.nanoTime() / 1_000_000) - before);
  }

  @Test
  void aResetTeachesNoClock() {
    toTarget.timestamps();
    bed.put(toTarget, toClient);
    Packet reset = fromClient().flags(RST).sequence(Packet.CLIENT_NEXT + 1).acknowledgment(0);
    assertSentOn(bed.arrives(reset.options(nop(2), timestamps(0x7000_0000L, 0))));
    assertThat(bed.state(toTarget).has(LEARNED)).isFalse();
  }

  @Test
  void withoutATimestampThereIsNoClockToSet() {
    toTarget.timestamps();
    bed.put(toTarget, toClient);
    assertTranslated(bed.arrives(fromClient().sequence(5)), toTarget().sequence(0x8000_0006L));
    assertThat(bed.state(toTarget).lastSeen()).isZero();
  }

  @Test
  void aStrangerNeitherKeepsADeadFlowNorEndsALivingOne() {
    begin();
    bed.arrives(fromClient().sequence(NEXT).acknowledgment(SENT));
    bed.arrives(fromClient().flags(FIN | ACK).sequence(NEXT).acknowledgment(SENT));
    State halfOpen = bed.state(toTarget);
    for (Packet forged :
        List.of(
            fromClient().sequence(NEXT + 1).acknowledgment(SENT + 1),
            fromClient().sequence(5).acknowledgment(SENT).payload(100),
            fromClient().flags(RST | ACK).sequence(NEXT + 500).acknowledgment(0))) {
      assertSentOn(bed.arrives(forged));
      assertThat(bed.state(toTarget))
          .usingRecursiveComparison()
          .ignoringFields("packets", "bytes")
          .isEqualTo(halfOpen);
    }
  }

  @Test
  void inBulkNothingIsLookedUp() {
    // The one test that pins what is not judged: what the target would refuse is its own affair.
    begin();
    bed.arrives(fromClient().sequence(NEXT).acknowledgment(SENT));
    bed.arrives(fromClient().sequence(NEXT + 2 * NEAR).acknowledgment(SENT));
    assertThat(bed.state(toTarget).sequenceEnd()).isEqualTo(NEXT + 2 * NEAR);
  }

  @Test
  void theOtherEntryMustBeTheSameFlows() {
    // The DMZ node has used its port again, for another client: that flow's FIN is not this one's.
    bed.put(toTarget, toClient.newDestinationPort(Packet.CLIENT_PORT + 1));
    assertSentOn(bed.arrives(fromClient().flags(FIN | ACK)));
    assertThat(bed.state(toClient)).isEqualTo(State.none());
    bed.put(Entry.pending(1, Long.MAX_VALUE));
    assertSentOn(bed.arrives(fromClient().flags(FIN | ACK)));
    assertThat(bed.state(toTarget).has(FIN_SEEN)).isFalse();
  }

  @Test
  void theTargetIsBelieved() {
    bed.put(toTarget, toClient);
    Packet in = fromTarget().sequence(5).acknowledgment(6).flags(FIN | ACK);
    assertTranslated(
        bed.arrives(in), toClient().sequence(0xb000_0002L).acknowledgment(0x8000_0005L).flags(17));
    assertThat(bed.state(toClient).has(FIN_SEEN)).isTrue();
  }

  /** In mid-flow nobody is judged, so a stranger may seem to have acknowledged the world. */
  @Test
  void aTargetsFinCountsWhateverWasAcknowledgedInTheClientsName() {
    begin();
    bed.arrives(fromClient().sequence(NEXT).acknowledgment(SENT));
    bed.arrives(fromClient().sequence(NEXT).acknowledgment(SENT + 1_000_000));
    int end = Packet.TARGET_NEXT + 2000;
    int upTo = Packet.CLIENT_NEXT_AT_TARGET + 1000;
    bed.arrives(fromTarget().flags(FIN | ACK).sequence(end).acknowledgment(upTo));
    assertThat(bed.state(toClient).has(FIN_SEEN)).isTrue();
    bed.arrives(fromClient().flags(FIN | ACK).sequence(NEXT).acknowledgment(SENT + 1));
    bed.arrives(fromTarget().sequence(end + 1).acknowledgment(upTo + 1));
    assertThat(bed.state(toClient).closed()).isTrue();
    assertThat(bed.state(toTarget).closed()).isTrue();
  }
}

package dev.baton.dataplane;

import static dev.baton.dataplane.Packet.ACK;
import static dev.baton.dataplane.Packet.FIN;
import static dev.baton.dataplane.Packet.PSH;
import static dev.baton.dataplane.Packet.fromClient;
import static dev.baton.dataplane.Packet.fromTarget;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.bindings.flow.Baton;
import dev.baton.dataplane.TestBed.Outcome;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** How a flow ends when both sides say goodbye: told once, and known to both entries. */
@BothFamilies
class LifeTest extends ProgramTest {
  private static final int FIN_SEEN = Baton.BATON_STATE_FIN();
  private static final int PEER_FIN = Baton.BATON_STATE_PEER_FIN();
  private static final int PEER_FIN_ACKED = Baton.BATON_STATE_PEER_FIN_ACKED();
  private static final int SEEN = Baton.BATON_STATE_SEEN();

  private final Entry toTarget = Entry.toTarget();
  private final Entry toClient = Entry.toClient();

  /** A segment from the client, so far beyond the numbers both began with. */
  private static Packet client(int flags, int sent, int received) {
    return fromClient()
        .flags(flags)
        .sequence(Packet.CLIENT_NEXT + sent)
        .acknowledgment(Packet.TARGET_NEXT_AT_CLIENT + received);
  }

  private static Packet target(int flags, int sent, int received) {
    return fromTarget()
        .flags(flags)
        .sequence(Packet.TARGET_NEXT + sent)
        .acknowledgment(Packet.CLIENT_NEXT_AT_TARGET + received);
  }

  /** A conversation, of which the last segment closes the flow. */
  record Goodbye(String says, List<Packet> segments) {
    Goodbye(String says, Packet... segments) {
      this(says, List.of(segments));
    }

    @Override
    public String toString() {
      return says;
    }
  }

  static Stream<Goodbye> goodbyes() {
    int bye = FIN | ACK;
    return Stream.of(
        new Goodbye(
            "the client first, four segments",
            client(bye, 0, 0),
            target(ACK, 0, 1),
            target(bye, 0, 1),
            client(ACK, 1, 1)),
        new Goodbye(
            "the target first, four segments",
            target(bye, 0, 0),
            client(ACK, 0, 1),
            client(bye, 0, 1),
            target(ACK, 1, 1)),
        new Goodbye(
            "the client first, three segments",
            client(bye, 0, 0),
            target(bye, 0, 1),
            client(ACK, 1, 1)),
        new Goodbye(
            "the target first, three segments",
            target(bye, 0, 0),
            client(bye, 0, 1),
            target(ACK, 1, 1)),
        new Goodbye(
            "both at once",
            client(bye, 0, 0),
            target(bye, 0, 0),
            client(ACK, 1, 1),
            target(ACK, 1, 1)),
        new Goodbye(
            "FIN with payload is acknowledged behind it",
            client(bye | PSH, 0, 0).payload(100),
            target(ACK, 0, 100),
            target(bye, 0, 101),
            client(ACK, 101, 0),
            client(ACK, 101, 1)),
        new Goodbye(
            "an acknowledgment short of the FIN is none",
            client(bye, 0, 0),
            target(ACK, 0, 0),
            target(bye, 0, 0),
            client(ACK, 1, 1),
            target(ACK, 1, 1)),
        new Goodbye(
            "data after the other side's FIN, half closed for long",
            client(bye, 0, 0),
            target(ACK, 0, 1),
            target(ACK, 0, 1).payload(1000),
            client(ACK, 1, 1000),
            target(bye, 1000, 1),
            client(ACK, 1, 1001)),
        new Goodbye(
            "a FIN sent again says nothing new",
            client(bye, 0, 0),
            client(bye, 0, 0),
            target(ACK, 0, 1),
            target(bye, 0, 1),
            target(bye, 0, 1),
            client(ACK, 1, 1)),
        new Goodbye(
            "the FIN overtakes the data before it",
            client(bye, 50, 0),
            target(ACK, 0, 0),
            client(ACK, 0, 0).payload(50),
            target(ACK, 0, 51),
            target(bye, 0, 51),
            client(ACK, 51, 1)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("goodbyes")
  void bothFinsAcknowledgedCloseThePairOnce(Goodbye row) {
    bed.put(toTarget, toClient);
    List<Packet> segments = row.segments;
    for (Packet segment : segments.subList(0, segments.size() - 1)) {
      assertThat(bed.arrives(segment).events()).isEmpty();
      assertThat(bed.state(toTarget).closed()).isFalse();
      assertThat(bed.state(toClient).closed()).isFalse();
    }
    assertClosedBy(bed.arrives(segments.getLast()), segments.getLast());
    assertThat(bed.state(toTarget).has(Baton.BATON_STATE_RST())).isFalse();
    // The last ACK was lost, and both repeat themselves: stragglers are translated, in silence.
    for (Packet segment : segments.subList(segments.size() - 2, segments.size())) {
      Outcome again = bed.arrives(segment);
      assertThat(again.verdict()).isEqualTo(TestBed.REDIRECT);
      assertThat(again.events()).isEmpty();
    }
  }

  private void assertClosedBy(Outcome outcome, Packet last) {
    assertThat(outcome.verdict()).isEqualTo(TestBed.REDIRECT);
    assertThat(outcome.events()).hasSize(1);
    Event event = outcome.events().getFirst();
    assertThat(event.type()).isEqualTo(Baton.BATON_EVENT_CLOSED());
    assertThat(event.direction())
        .isEqualTo(
            last.source == Packet.CLIENT ? Baton.BATON_TO_TARGET() : Baton.BATON_TO_CLIENT());
    assertThat(event.slot()).isEqualTo(Entry.SLOT);
    assertThat(event.instance()).isEqualTo(Entry.INSTANCE);
    // Whichever side it was, the key is the one the event loop knows the flow by.
    assertThat(event.keySource()).isEqualTo(Packet.TARGET);
    assertThat(event.keySourcePort()).isEqualTo(Packet.TARGET_PORT);
    assertThat(event.keyDestination()).isEqualTo(Packet.OWN);
    assertThat(event.keyDestinationPort()).isEqualTo(Packet.OWN_PORT);
    assertThat(bed.state(toTarget).closed()).isTrue();
    assertThat(bed.state(toClient).closed()).isTrue();
  }

  @Test
  void aFinIsNotedInBothEntriesEachInItsOwnNumbers() {
    bed.put(toTarget, toClient);
    bed.arrives(client(FIN | ACK, 0, 0).payload(100));
    State up = bed.state(toTarget);
    assertThat(up.flags()).isEqualTo(SEEN | FIN_SEEN);
    assertThat(up.finEnd()).isEqualTo(Packet.CLIENT_NEXT + 101);
    State down = bed.state(toClient);
    assertThat(down.flags()).isEqualTo(PEER_FIN);
    assertThat(down.peerFinEnd()).isEqualTo(Packet.CLIENT_NEXT_AT_TARGET + 101);

    bed.arrives(target(ACK, 0, 100));
    assertThat(bed.state(toClient).flags()).isEqualTo(SEEN | PEER_FIN);
    bed.arrives(target(ACK, 0, 101));
    assertThat(bed.state(toClient).flags()).isEqualTo(SEEN | PEER_FIN | PEER_FIN_ACKED);
  }

  @Test
  void theAcknowledgmentOfAFinIsComparedAcrossTheWrap() {
    // On the target's leg the FIN ends at 0, and what is just before that is a huge number.
    bed.put(toTarget.start(-Entry.SEQUENCE_ADD - 1), toClient);
    bed.arrives(fromClient().flags(FIN | ACK).sequence(-Entry.SEQUENCE_ADD - 1));
    assertThat(bed.state(toTarget).finEnd()).isEqualTo(-Entry.SEQUENCE_ADD);
    assertThat(bed.state(toClient).peerFinEnd()).isZero();
    bed.arrives(fromTarget().acknowledgment(-1));
    assertThat(bed.state(toClient).has(PEER_FIN_ACKED)).isFalse();
    bed.arrives(fromTarget().acknowledgment(0));
    assertThat(bed.state(toClient).has(PEER_FIN_ACKED)).isTrue();
  }

  @Test
  void aFinThatPassedBeforeTheOtherEntryWasThereIsFound() {
    bed.put(toClient);
    bed.arrives(target(FIN | ACK, 0, 0).payload(10));
    bed.put(toTarget);
    Outcome outcome = bed.arrives(client(ACK, 0, 11));
    assertThat(outcome.events()).isEmpty();
    State up = bed.state(toTarget);
    assertThat(up.flags()).isEqualTo(SEEN | PEER_FIN | PEER_FIN_ACKED);
    assertThat(up.peerFinEnd()).isEqualTo(Packet.TARGET_NEXT_AT_CLIENT + 11);
    bed.arrives(client(FIN | ACK, 0, 11));
    Packet last = target(ACK, 11, 1);
    assertClosedBy(bed.arrives(last), last);
  }

  @Test
  void itIsFoundEvenWhenTheFirstSegmentDoesNotAcknowledgeIt() {
    bed.put(toClient);
    bed.arrives(target(FIN | ACK, 0, 0));
    bed.put(toTarget);
    bed.arrives(client(ACK, 0, 0));
    assertThat(bed.state(toTarget).flags()).isEqualTo(SEEN | PEER_FIN);
    bed.arrives(client(ACK, 0, 1));
    assertThat(bed.state(toTarget).flags()).isEqualTo(SEEN | PEER_FIN | PEER_FIN_ACKED);
  }

  @Test
  void aReplayedFinIsNotedByTheGuardAndCloses() {
    bed.put(toTarget, toClient);
    Packet replayed = Packet.toTarget().flags(FIN | ACK).payload(20);
    Outcome leaves = bed.leaves(replayed, Baton.BATON_MARK_OWN());
    assertPassed(leaves, replayed);
    assertThat(bed.state(toClient).flags()).isEqualTo(PEER_FIN);
    assertThat(bed.state(toClient).peerFinEnd()).isEqualTo(Packet.CLIENT_NEXT_AT_TARGET + 21);
    assertThat(bed.state(toTarget).flags()).isEqualTo(FIN_SEEN);
    assertThat(bed.state(toTarget).finEnd()).isEqualTo(Packet.CLIENT_NEXT + 21);

    bed.arrives(target(FIN | ACK, 0, 21));
    Packet last = client(ACK, 21, 1);
    assertClosedBy(bed.arrives(last), last);
  }

  @Test
  void aReplayedFinIsNotedAndAcknowledgedWhileTheOtherEntryIsMissing() {
    bed.put(toClient);
    bed.leaves(Packet.toTarget().flags(FIN | ACK), Baton.BATON_MARK_OWN());
    assertThat(bed.state(toClient).peerFinEnd()).isEqualTo(Packet.CLIENT_NEXT_AT_TARGET + 1);
    bed.arrives(target(FIN | ACK, 0, 1));
    assertThat(bed.state(toClient).flags()).isEqualTo(SEEN | FIN_SEEN | PEER_FIN | PEER_FIN_ACKED);
    bed.put(toTarget);
    Packet last = client(ACK, 1, 1);
    assertClosedBy(bed.arrives(last), last);
  }

  @Test
  void aFinToTheClientThatBatonItselfSendsIsNotTheClientsFin() {
    bed.put(toTarget, toClient);
    Packet own = Packet.toClient().flags(FIN | ACK);
    assertPassed(bed.leaves(own, Baton.BATON_MARK_OWN()), own);
    assertThat(bed.state(toTarget).flags()).isZero();
    assertThat(bed.state(toClient).flags()).isZero();
  }
}

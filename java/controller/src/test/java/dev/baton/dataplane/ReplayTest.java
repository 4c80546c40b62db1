package dev.baton.dataplane;

import static dev.baton.dataplane.Options.mss;
import static dev.baton.dataplane.Options.nop;
import static dev.baton.dataplane.Options.timestamps;
import static dev.baton.dataplane.Packet.ACK;
import static dev.baton.dataplane.Packet.RST;
import static dev.baton.dataplane.Packet.SYN;
import static dev.baton.dataplane.Packet.fromClient;
import static dev.baton.dataplane.Packet.fromTarget;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.bindings.flow.Baton;
import dev.baton.dataplane.TestBed.Outcome;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the event loop hears while it replays backlog, and that it hears no more afterwards. */
@BothFamilies
class ReplayTest extends ProgramTest {
  private static final int ACKED = Packet.CLIENT_NEXT_AT_TARGET;

  private final Entry toTarget = Entry.toTarget();
  private final Entry toClient =
      Entry.toClient().options(Baton.BATON_FLOW_REPLAY() | Baton.BATON_FLOW_TIMESTAMPS());

  @BeforeEach
  void replays() {
    bed.put(toTarget, toClient);
    bed.putReplay(toClient);
  }

  /** A segment, behind one that acknowledged 100 bytes; whether it is told. */
  record Row(String says, boolean told, Packet in) {
    @Override
    public String toString() {
      return says;
    }
  }

  static Stream<Row> segments() {
    return Stream.of(
        new Row("more is acknowledged", true, fromTarget().acknowledgment(ACKED + 200)),
        new Row(
            "the same again: a duplicate, a loss perhaps",
            true,
            fromTarget().acknowledgment(ACKED + 100)),
        new Row(
            "less: an old one, which does no harm", true, fromTarget().acknowledgment(ACKED + 50)),
        new Row(
            "data that acknowledges more",
            true,
            fromTarget().payload(10).acknowledgment(ACKED + 101)),
        new Row(
            "data that acknowledges nothing new is no duplicate ACK",
            false,
            fromTarget().payload(10).acknowledgment(ACKED + 100)),
        new Row("without ACK", false, fromTarget().flags(RST).sequence(1)),
        new Row(
            "RST with ACK",
            true,
            fromTarget().flags(RST | ACK).sequence(1).acknowledgment(ACKED + 100)),
        new Row("the client's segments are not the target's", false, fromClient()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("segments")
  void acknowledgmentsAreTold(Row row) {
    assertThat(bed.arrives(fromTarget().acknowledgment(ACKED + 100)).events()).hasSize(1);
    Outcome outcome = bed.arrives(row.in);
    assertThat(outcome.verdict()).isEqualTo(TestBed.REDIRECT);
    assertThat(types(outcome)).isEqualTo(row.told ? List.of(Baton.BATON_EVENT_ACK()) : List.of());
  }

  /**
   * What the client repeats of a head that became another would be taken for the replay; what it
   * has sent since, and segments without data, are its own as ever.
   */
  @Test
  void whatIsRepeatedOfARewrittenHeadWaitsForTheReplay() {
    bed.put(
        Entry.toTarget().options(Baton.BATON_FLOW_REPLAY() | Baton.BATON_FLOW_REWRITTEN()),
        toClient);
    bed.putReplay(toClient);
    Packet repeated = fromClient().sequence(Packet.CLIENT_NEXT - 100).payload(100);
    Packet overlapping = fromClient().sequence(Packet.CLIENT_NEXT - 1).payload(100);
    for (Packet packet : List.of(repeated, overlapping)) {
      assertDropped(bed.arrives(packet), packet, Baton.BATON_DROP_REPEATED());
    }
    assertThat(bed.arrives(fromClient().payload(100)).verdict()).isEqualTo(TestBed.REDIRECT);
    assertThat(bed.arrives(fromClient().sequence(Packet.CLIENT_NEXT - 1)).verdict())
        .isEqualTo(TestBed.REDIRECT);
    bed.endReplay(toClient);
    assertThat(bed.arrives(repeated).verdict()).isEqualTo(TestBed.REDIRECT);
    bed.clear();
    replays();
    assertThat(bed.arrives(repeated).verdict()).as("an unchanged head").isEqualTo(TestBed.REDIRECT);
  }

  @Test
  void anAcknowledgmentIsToldAsItCame() {
    long before = System.nanoTime();
    Outcome outcome =
        bed.arrives(
            fromTarget()
                .acknowledgment(ACKED + 7)
                .window(0x8001)
                .options(nop(2), timestamps(0xffff_fff0L, 22)));
    Event event = outcome.events().getFirst();
    assertThat(event.time()).isBetween(before, System.nanoTime());
    assertThat(event)
        .isEqualTo(
            new Event(
                Baton.BATON_EVENT_ACK(),
                Baton.BATON_TO_CLIENT(),
                Packet.TARGET_NEXT,
                ACKED + 7,
                0x8001,
                ACK,
                0,
                Baton.BATON_SCALE_NONE(),
                false,
                true,
                -16,
                22,
                Entry.INSTANCE,
                Entry.SLOT,
                event.time(),
                Packet.TARGET,
                Packet.TARGET_PORT,
                Packet.OWN,
                Packet.OWN_PORT));
  }

  @Test
  void theFirstDataIsToldWhateverItAcknowledges() {
    assertThat(types(bed.arrives(fromTarget().payload(10).acknowledgment(ACKED - 5))))
        .containsExactly(Baton.BATON_EVENT_ACK());
  }

  @Test
  void nothingIsToldOnceTheReplayIsFinished() {
    bed.endReplay(toClient);
    assertThat(bed.arrives(fromTarget()).events()).isEmpty();
    assertThat(bed.state(toClient).has(Baton.BATON_STATE_REPLAY_DONE())).isTrue();
    bed.putReplay(toClient);
    assertThat(bed.arrives(fromTarget()).events()).as("it is not looked up again").isEmpty();
  }

  @Test
  void nothingIsToldOfAFlowThatWasNotReplayed() {
    bed.put(Entry.toClient());
    assertThat(bed.arrives(fromTarget()).events()).isEmpty();
    assertThat(bed.state(Entry.toClient()).has(Baton.BATON_STATE_REPLAY_DONE())).isFalse();
  }

  @Test
  void aSynAckAgainIsToldAndDroppedWhileTheReplayIsUnfinished() {
    Packet again = fromTarget().flags(SYN | ACK).options(mss(1400));
    Outcome outcome = bed.arrives(again);
    assertLeftAlone(outcome, again, TestBed.DROP, Baton.BATON_DROP_SYN_IN_FLOW());
    assertThat(types(outcome)).containsExactly(Baton.BATON_EVENT_SYNACK_AGAIN());
    assertThat(bed.state(toClient)).as("it is not followed").isEqualTo(State.none());
  }

  @Test
  void aSynAckAgainIsOnlyDroppedOnceTheReplayIsFinished() {
    bed.put(toClient.flags(Baton.BATON_STATE_REPLAY_DONE()));
    Packet again = fromTarget().flags(SYN | ACK);
    assertDropped(bed.arrives(again), again, Baton.BATON_DROP_SYN_IN_FLOW());
  }

  @Test
  void anEventWithoutARingIsCountedAndTheSegmentGoesOn() {
    bed.put(Entry.toClient().options(Baton.BATON_FLOW_REPLAY()).ring(63));
    Outcome outcome = bed.arrives(fromTarget());
    assertThat(outcome.verdict()).isEqualTo(TestBed.REDIRECT);
    assertThat(outcome.counted())
        .containsOnlyKeys(Baton.BATON_TRANSLATED(), Baton.BATON_DROP_RING_FULL());
    assertThat(outcome.events()).isEmpty();
  }

  @Test
  void anEventOfARingThatCannotBeIsCounted() {
    bed.put(Entry.toClient().options(Baton.BATON_FLOW_REPLAY()).ring(Baton.BATON_RINGS_MAX()));
    assertThat(bed.arrives(fromTarget()).counted())
        .containsOnlyKeys(Baton.BATON_TRANSLATED(), Baton.BATON_DROP_RING_FULL());
  }

  private static List<Integer> types(Outcome outcome) {
    return outcome.events().stream().map(Event::type).toList();
  }
}

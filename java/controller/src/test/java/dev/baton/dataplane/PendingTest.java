package dev.baton.dataplane;

import static dev.baton.dataplane.Options.mss;
import static dev.baton.dataplane.Options.nop;
import static dev.baton.dataplane.Options.raw;
import static dev.baton.dataplane.Options.sackPermitted;
import static dev.baton.dataplane.Options.timestamps;
import static dev.baton.dataplane.Options.windowScale;
import static dev.baton.dataplane.Packet.ACK;
import static dev.baton.dataplane.Packet.FIN;
import static dev.baton.dataplane.Packet.PSH;
import static dev.baton.dataplane.Packet.RST;
import static dev.baton.dataplane.Packet.SYN;
import static dev.baton.dataplane.Packet.fromTarget;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.bindings.flow.Baton;
import dev.baton.dataplane.TestBed.Outcome;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The answer to a SYN that is out goes to the event loop, never to the stack. */
@BothFamilies
class PendingTest extends ProgramTest {
  private static final int SYN_SEQUENCE = 0xffff_ffff;

  /** The only acknowledgment that covers that SYN. */
  private static final int EXACT = 0;

  private final Entry pending = Entry.pending(SYN_SEQUENCE, Long.MAX_VALUE);

  /** An answer; the event it makes, or the reason it is dropped for. */
  record Row(String says, int event, int reason, Packet in) {
    @Override
    public String toString() {
      return says;
    }
  }

  private static Row told(String says, int event, Packet in) {
    return new Row(says, event, Baton.BATON_TO_USER(), in);
  }

  private static Row dropped(String says, int reason, Packet in) {
    return new Row(says, 0, reason, in);
  }

  private static Packet answer(int flags, int acknowledgment) {
    return fromTarget().flags(flags).acknowledgment(acknowledgment);
  }

  static Stream<Row> answers() {
    int synAck = Baton.BATON_EVENT_SYNACK();
    int reset = Baton.BATON_EVENT_RST();
    int challenge = Baton.BATON_EVENT_CHALLENGE();
    int badAck = Baton.BATON_DROP_BAD_ACK();
    int other = Baton.BATON_DROP_PENDING_OTHER();
    int malformed = Baton.BATON_DROP_MALFORMED();
    return Stream.of(
        told("SYN,ACK", synAck, answer(SYN | ACK, EXACT)),
        told(
            "SYN,ACK with data, as with TCP fast open",
            synAck,
            answer(SYN | ACK, EXACT).payload(10)),
        told("SYN,ACK with ECN flags", synAck, answer(SYN | ACK | Packet.ECE, EXACT)),
        told(
            "SYN,ACK in its last hop: it goes no further", synAck, answer(SYN | ACK, EXACT).ttl(1)),
        dropped(
            "SYN,ACK that acknowledges less could be forged", badAck, answer(SYN | ACK, EXACT - 1)),
        dropped(
            "SYN,ACK that acknowledges more could be forged", badAck, answer(SYN | ACK, EXACT + 1)),
        told("RST,ACK: nobody listens", reset, answer(RST | ACK, EXACT)),
        told("RST with SYN is a RST", reset, answer(RST | SYN | ACK, EXACT)),
        dropped(
            "RST,ACK with another number could be forged", badAck, answer(RST | ACK, EXACT + 1)),
        dropped("RST without ACK says nothing about this SYN", badAck, answer(RST, EXACT)),
        told("a challenge ACK: the target still knows the tuple", challenge, answer(ACK, 777)),
        told("an ACK with data is one too", challenge, answer(ACK | PSH, 777).payload(8)),
        told("so is FIN,ACK", challenge, answer(FIN | ACK, 777)),
        dropped("SYN without ACK: not an answer", other, answer(SYN, 0)),
        dropped("FIN alone", other, answer(FIN, 0)),
        dropped("no flag at all", other, answer(0, 0)),
        dropped("options that lie", malformed, answer(SYN | ACK, EXACT).options(raw(2, 0, 5, 0))),
        dropped("a header that lies", malformed, answer(SYN | ACK, EXACT).headerWords(3)),
        dropped(
            "IP options",
            Baton.BATON_DROP_IP_OPTIONS(),
            answer(SYN | ACK, EXACT).ipOptions(1, 1, 1, 1)),
        dropped(
            "a first fragment",
            Baton.BATON_DROP_FRAGMENT(),
            answer(SYN | ACK, EXACT).fragment(0x2000)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("answers")
  void anAnswerIsToldOrDroppedButNeverPassed(Row row) {
    bed.put(pending);
    Outcome outcome = bed.arrives(row.in);
    assertLeftAlone(outcome, row.in, TestBed.DROP, row.reason);
    assertThat(outcome.events().stream().map(Event::type).toList())
        .isEqualTo(row.event == 0 ? List.of() : List.of(row.event));
    assertThat(bed.state(pending)).isEqualTo(State.none());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("answers")
  void anAnswerThatComesTooLateIsTheStacks(Row row) {
    bed.put(Entry.pending(SYN_SEQUENCE, System.nanoTime() - 1));
    Outcome outcome = bed.arrives(row.in);
    boolean unfit =
        row.reason == Baton.BATON_DROP_IP_OPTIONS()
            || row.reason == Baton.BATON_DROP_FRAGMENT()
            || row.says.equals("a header that lies");
    if (unfit) {
      assertDropped(outcome, row.in, row.reason);
    } else {
      assertPassed(outcome, row.in, Baton.BATON_PASS_EXPIRED());
    }
  }

  @Test
  void aSynAckIsToldWithAllThatItSays() {
    bed.put(pending);
    Packet in =
        answer(SYN | ACK, EXACT)
            .window(28_960)
            .options(
                mss(1400), sackPermitted(), timestamps(0xfedc_ba98L, 17), nop(1), windowScale(0));
    long before = System.nanoTime();
    Event event = bed.arrives(in).events().getFirst();
    assertThat(event.time()).isBetween(before, System.nanoTime());
    assertThat(event)
        .isEqualTo(
            new Event(
                Baton.BATON_EVENT_SYNACK(),
                Baton.BATON_TO_CLIENT(),
                Packet.TARGET_NEXT,
                EXACT,
                28_960,
                SYN | ACK,
                1400,
                0,
                true,
                true,
                0xfedc_ba98,
                17,
                Entry.INSTANCE,
                Entry.SLOT,
                event.time(),
                Packet.TARGET,
                Packet.TARGET_PORT,
                Packet.OWN,
                Packet.OWN_PORT));
  }

  @Test
  void aSynAckWithoutOptionsSaysThatThereAreNone() {
    bed.put(pending);
    // What the packet before has left in the parser's buffer must not show.
    bed.arrives(
        answer(SYN | ACK, EXACT)
            .options(mss(1400), sackPermitted(), timestamps(5, 6), nop(1), windowScale(9)));
    Event event = bed.arrives(answer(SYN | ACK, EXACT)).events().getFirst();
    assertThat(event.mss()).isZero();
    assertThat(event.windowScale()).isEqualTo(Baton.BATON_SCALE_NONE());
    assertThat(event.sackPermitted()).isFalse();
    assertThat(event.timestamps()).isFalse();
    assertThat(event.tsval()).isZero();
    assertThat(event.tsecr()).isZero();
  }

  @Test
  void optionsOfTheWrongLengthSayNothing() {
    bed.put(pending);
    Packet in =
        answer(SYN | ACK, EXACT).options(raw(2, 3, 9), raw(3, 4, 7, 7), raw(4, 3, 0), nop(2));
    Event event = bed.arrives(in).events().getFirst();
    assertThat(event.mss()).isZero();
    assertThat(event.windowScale()).isEqualTo(Baton.BATON_SCALE_NONE());
    assertThat(event.sackPermitted()).isFalse();
  }

  @Test
  void aFullRingIsCountedAndLosesOnlyWhatDoesNotFit() {
    bed.put(pending);
    long before = bed.counter(Baton.BATON_DROP_RING_FULL());
    // 1 MiB holds 10922 records of 88 bytes and a header of 8.
    bed.arrivesOften(answer(SYN | ACK, EXACT), 11_000);
    assertThat(bed.counter(Baton.BATON_DROP_RING_FULL()) - before).isEqualTo(11_000 - 10_922);
    assertThat(bed.events()).hasSize(10_922);
  }
}

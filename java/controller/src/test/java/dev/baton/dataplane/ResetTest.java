package dev.baton.dataplane;

import static dev.baton.dataplane.Options.mss;
import static dev.baton.dataplane.Options.nop;
import static dev.baton.dataplane.Options.redirect;
import static dev.baton.dataplane.Packet.ACK;
import static dev.baton.dataplane.Packet.FIN;
import static dev.baton.dataplane.Packet.RST;
import static dev.baton.dataplane.Packet.SYN;
import static dev.baton.dataplane.Packet.fromClient;
import static dev.baton.dataplane.Packet.fromTarget;
import static dev.baton.dataplane.Packet.toClient;
import static dev.baton.dataplane.Packet.toTarget;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.baton.bindings.flow.Baton;
import dev.baton.dataplane.TestBed.Outcome;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** RST counts only at the sequence number the receiver expects (RFC 5961 3); SYN in mid-flow. */
@BothFamilies
class ResetTest extends ProgramTest {
  private static final int CLIENT = Packet.CLIENT_NEXT;
  private static final int TARGET = Packet.TARGET_NEXT;

  /** CLOCK_MONOTONIC_COARSE goes on by one tick, at least every 10 ms. */
  private static final long COARSE = 30_000_000;

  private final Entry toTarget = Entry.toTarget();
  private final Entry toClient = Entry.toClient();

  /** What went before, and the RST; whether it ends the flow. */
  record Row(String says, boolean ends, Packet reset, List<Packet> before) {
    Row(String says, boolean ends, Packet reset, Packet... before) {
      this(says, ends, reset, List.of(before));
    }

    @Override
    public String toString() {
      return says;
    }
  }

  private static Packet clientReset(int sequence) {
    return fromClient().flags(RST).sequence(sequence).acknowledgment(0);
  }

  private static Packet clientAborts(int sequence) {
    return fromClient().flags(RST | ACK).sequence(sequence);
  }

  private static Packet targetReset(int sequence) {
    return fromTarget().flags(RST).sequence(sequence).acknowledgment(0);
  }

  static Stream<Row> resets() {
    Packet request = fromClient().payload(100);
    Packet response = fromTarget().payload(200).acknowledgment(Packet.CLIENT_NEXT_AT_TARGET + 100);
    Packet acknowledges = fromTarget().acknowledgment(Packet.CLIENT_NEXT_AT_TARGET + 40);
    return Stream.of(
        new Row("the client's first segment, where it is expected", true, clientReset(CLIENT)),
        new Row("one too early", false, clientReset(CLIENT - 1)),
        new Row("one too late", false, clientReset(CLIENT + 1)),
        new Row("half the space away", false, clientReset(CLIENT ^ 0x8000_0000)),
        new Row(
            "behind what the client sent: anyone may have sent that in its name",
            false,
            clientReset(CLIENT + 100),
            request),
        new Row(
            "where the client began, while nothing is acknowledged",
            true,
            clientReset(CLIENT),
            request),
        new Row(
            "where the client began, after that was acknowledged",
            false,
            clientReset(CLIENT),
            request,
            acknowledges),
        new Row(
            "what the target acknowledged is what it expects, when more is lost",
            true,
            clientReset(CLIENT + 40),
            request,
            acknowledges),
        new Row(
            "with ACK likewise",
            true,
            fromClient().flags(RST | ACK).sequence(CLIENT + 40),
            request,
            acknowledges),
        new Row(
            "with an acknowledgment of what was never sent: the target does not look at it",
            true,
            clientAborts(CLIENT + 40).acknowledgment(Packet.TARGET_NEXT_AT_CLIENT + 99_999),
            request,
            acknowledges),
        new Row(
            "with one of long ago likewise",
            true,
            clientAborts(CLIENT + 40).acknowledgment(Packet.TARGET_NEXT_AT_CLIENT ^ 0x8000_0000),
            request,
            acknowledges),
        new Row("the target's first segment, where it is expected", true, targetReset(TARGET)),
        new Row("behind what the target sent", true, targetReset(TARGET + 200), request, response),
        new Row(
            "the same RST twice does not make itself expected",
            false,
            clientReset(CLIENT + 500),
            request,
            clientReset(CLIENT + 500)),
        new Row(
            "nor when it is the first that is seen",
            false,
            clientReset(CLIENT + 500),
            clientReset(CLIENT + 500)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("resets")
  void aResetIsSentOnAndEndsTheFlowIfExact(Row row) {
    bed.put(toTarget, toClient);
    for (Packet packet : row.before) {
      assertThat(bed.arrives(packet).events()).isEmpty();
    }
    boolean client = row.reset.source == Packet.CLIENT;
    Outcome outcome = bed.arrives(row.reset);
    assertThat(outcome.verdict()).as("the receiver judges for itself").isEqualTo(TestBed.REDIRECT);
    assertThat(outcome.events().stream().map(Event::type).toList())
        .isEqualTo(row.ends ? List.of(Baton.BATON_EVENT_CLOSED()) : List.of());
    assertThat(bed.state(toTarget).closed()).isEqualTo(row.ends);
    assertThat(bed.state(toClient).closed()).isEqualTo(row.ends);
    assertThat(bed.state(client ? toTarget : toClient).has(Baton.BATON_STATE_RST()))
        .isEqualTo(row.ends);
    assertThat(bed.state(client ? toClient : toTarget).has(Baton.BATON_STATE_RST())).isFalse();
  }

  /** The target may have got that far: the pair counts as half-open until the client goes on. */
  @Test
  void aClientsResetAheadOfTheAcknowledgmentsIsNotedUntilItSendsSomethingElse() {
    bed.put(toTarget, toClient);
    bed.arrives(fromClient().payload(100));
    bed.arrives(fromTarget().acknowledgment(Packet.CLIENT_NEXT_AT_TARGET + 40));
    assertThat(bed.arrives(clientReset(CLIENT + 100)).events()).isEmpty();
    assertThat(bed.state(toTarget).has(Baton.BATON_STATE_RST()))
        .as("without an acknowledgment it may be anybody's")
        .isFalse();
    assertThat(bed.arrives(clientAborts(CLIENT + 100)).events()).isEmpty();
    assertThat(bed.state(toTarget).has(Baton.BATON_STATE_RST())).isTrue();
    assertThat(bed.state(toTarget).closed()).isFalse();
    bed.arrives(fromClient().sequence(CLIENT + 100).payload(1));
    assertThat(bed.state(toTarget).has(Baton.BATON_STATE_RST())).isFalse();
  }

  @Test
  void aClientsResetFarAheadIsNotNoted() {
    bed.put(toTarget, toClient);
    bed.arrives(fromClient().payload(100));
    bed.arrives(fromTarget().acknowledgment(Packet.CLIENT_NEXT_AT_TARGET + 40));
    assertThat(bed.arrives(clientAborts(CLIENT + 40 + (4 << 20))).events()).isEmpty();
    assertThat(bed.state(toTarget).has(Baton.BATON_STATE_RST())).isFalse();
  }

  /** Whoever asks a target that has forgotten the connection chooses the number of the answer. */
  @Test
  void aTargetsResetAtAnotherNumberIsNotedUntilItSendsSomethingElse() {
    bed.put(toTarget, toClient);
    for (int off : new int[] {1, -1, 1 << 31}) {
      Outcome outcome = bed.arrives(targetReset(TARGET + off));
      assertThat(outcome.verdict()).isEqualTo(TestBed.REDIRECT);
      assertThat(outcome.events()).isEmpty();
      assertThat(bed.state(toClient).has(Baton.BATON_STATE_RST())).isTrue();
      assertThat(bed.state(toClient).closed()).isFalse();
      bed.arrives(fromTarget());
      assertThat(bed.state(toClient).has(Baton.BATON_STATE_RST())).isFalse();
    }
    assertThat(bed.state(toTarget).has(Baton.BATON_STATE_RST())).isFalse();
  }

  @Test
  void aClientsResetDoesNotMakeTheTargetsExpected() {
    bed.put(toTarget, toClient);
    bed.arrives(fromClient().payload(100));
    bed.arrives(fromTarget().payload(200));
    bed.arrives(clientAborts(CLIENT + 7).acknowledgment(Packet.TARGET_NEXT_AT_CLIENT + 900));
    assertThat(bed.arrives(targetReset(TARGET + 900)).events()).isEmpty();
    assertThat(bed.state(toClient).closed()).isFalse();
  }

  @Test
  void anEntryIsNotKeptByRepeatedResets() {
    bed.put(toTarget, toClient);
    bed.arrives(fromClient().payload(100));
    bed.arrives(fromTarget().payload(50));
    bed.arrives(targetReset(TARGET + 49));
    long noted = bed.state(toClient).lastSeen();
    assertThat(noted).isPositive();
    await().until(() -> System.nanoTime() - noted > COARSE);
    assertThat(bed.arrives(targetReset(TARGET + 49)).verdict()).isEqualTo(TestBed.REDIRECT);
    assertThat(bed.state(toClient).lastSeen()).isEqualTo(noted);
    bed.arrives(fromTarget());
    assertThat(bed.state(toClient).lastSeen()).as("anything else keeps it").isGreaterThan(noted);
  }

  @Test
  void aSynThatIsAResetOrAFinAsWellIsDropped() {
    // Linux would obey the RST before it looks at the SYN.
    for (int end : new int[] {RST, FIN, RST | FIN, RST | ACK, FIN | ACK}) {
      Packet in = fromClient().flags(SYN | end);
      bed.put(toTarget, toClient);
      assertDropped(bed.arrives(in), in, Baton.BATON_DROP_MALFORMED());
      assertThat(bed.state(toTarget)).isEqualTo(State.none());
      bed.put(toTarget.flags(Baton.BATON_STATE_CLOSED()));
      assertDropped(bed.arrives(in), in, Baton.BATON_DROP_MALFORMED());
      assertThat(bed.find(toTarget)).as("it begins nothing").isPresent();
      toTarget.flags(0);
    }
  }

  @Test
  void aSecondResetIsSentOnButNotTold() {
    bed.put(toTarget, toClient);
    assertThat(bed.arrives(clientReset(CLIENT)).events()).hasSize(1);
    Outcome again = bed.arrives(clientReset(CLIENT));
    assertTranslated(
        again, toTarget().flags(RST).acknowledgment(0).sequence(Packet.CLIENT_NEXT_AT_TARGET));
    assertThat(again.events()).isEmpty();
    assertThat(bed.arrives(targetReset(TARGET)).events()).isEmpty();
  }

  @Test
  void aResetEndsAFlowWhoseOtherEntryIsMissing() {
    bed.put(toClient);
    assertThat(bed.arrives(targetReset(TARGET)).events()).hasSize(1);
    assertThat(bed.state(toClient).closed()).isTrue();
  }

  @Test
  void aNewSynOnATupleThatClosedEndsTheEntryAndPasses() {
    bed.put(toTarget.flags(Baton.BATON_STATE_CLOSED()), toClient);
    Packet syn = fromClient().flags(SYN).sequence(5).acknowledgment(0).options(mss(1460));
    assertPassed(bed.arrives(syn), syn, Baton.BATON_PASS_SYN_AFTER_CLOSE());
    assertThat(bed.find(toTarget)).isEmpty();
    assertThat(bed.find(toClient)).as("stragglers of the target still find theirs").isPresent();
    assertPassed(bed.arrives(syn), syn);
  }

  @Test
  void aSynToALivingFlowIsTheTargetsToChallenge() {
    bed.put(toTarget, toClient);
    Packet syn = fromClient().flags(SYN).sequence(5).options(mss(1460));
    Outcome outcome = bed.arrives(syn);
    assertTranslated(
        outcome,
        toTarget()
            .flags(SYN)
            .sequence(0x8000_0006L)
            .acknowledgment(syn.acknowledgment)
            .options(mss(1460)));
    assertThat(bed.state(toTarget).sequenceEnd()).as("it is not followed").isZero();
  }

  @Test
  void aSynAckFromTheClientDoesNotEndAClosedEntry() {
    bed.put(toTarget.flags(Baton.BATON_STATE_CLOSED()));
    assertTranslated(bed.arrives(fromClient().flags(SYN | ACK)), toTarget().flags(SYN | ACK));
    assertThat(bed.find(toTarget)).isPresent();
  }

  @Test
  void aSynWithRedirectNeverReachesATarget() {
    // The target may have forgotten the connection; it would take the client for another one.
    Packet forged = fromClient().flags(SYN).options(redirect(), nop(3));
    bed.put(toTarget);
    assertDropped(bed.arrives(forged), forged, Baton.BATON_DROP_OPTION_FROM_OUTSIDE());
    bed.put(toTarget.flags(Baton.BATON_STATE_CLOSED()));
    assertDropped(bed.arrives(forged), forged, Baton.BATON_DROP_OPTION_FROM_OUTSIDE());
    assertThat(bed.find(toTarget)).isPresent();
  }

  @Test
  void whatFollowsACloseIsStillTranslated() {
    bed.put(toTarget.flags(Baton.BATON_STATE_CLOSED()));
    bed.put(toClient.flags(Baton.BATON_STATE_CLOSED()));
    assertTranslated(bed.arrives(fromClient().payload(9)), toTarget().payload(9));
    assertTranslated(bed.arrives(fromTarget().payload(9)), toClient().payload(9));
  }
}

package dev.baton.dataplane;

import static dev.baton.dataplane.Packet.ACK;
import static dev.baton.dataplane.Packet.FIN;
import static dev.baton.dataplane.Packet.RST;
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

/**
 * A closed pair lives again when the side that is said to have ended shows that it has not. Each
 * conversation begins with 100 bytes from the client and 200 from the target, all acknowledged.
 */
@BothFamilies
class RevivalTest extends ProgramTest {
  private static final int BYE = FIN | ACK;
  private static final int ENDS =
      Baton.BATON_STATE_FIN()
          | Baton.BATON_STATE_PEER_FIN()
          | Baton.BATON_STATE_PEER_FIN_ACKED()
          | Baton.BATON_STATE_RST();

  private final Entry toTarget = Entry.toTarget();
  private final Entry toClient = Entry.toClient();

  /** A segment from the client, so far beyond the 100 and 200 bytes. */
  private static Packet client(int flags, int sent, int received) {
    return fromClient()
        .flags(flags)
        .sequence(Packet.CLIENT_NEXT + 100 + sent)
        .acknowledgment(Packet.TARGET_NEXT_AT_CLIENT + 200 + received);
  }

  private static Packet target(int flags, int sent, int received) {
    return fromTarget()
        .flags(flags)
        .sequence(Packet.TARGET_NEXT + 200 + sent)
        .acknowledgment(Packet.CLIENT_NEXT_AT_TARGET + 100 + received);
  }

  /** How it ended, what comes then, and whether the last of that shows life. */
  record Row(String says, boolean revived, List<Packet> end, List<Packet> then) {
    @Override
    public String toString() {
      return says;
    }
  }

  private static List<Packet> fins() {
    return List.of(client(BYE, 0, 0), target(BYE, 0, 1), client(ACK, 1, 1));
  }

  private static List<Packet> clientReset() {
    return List.of(client(RST, 0, 0).acknowledgment(0));
  }

  private static List<Packet> targetReset() {
    return List.of(target(RST, 0, 0).acknowledgment(0));
  }

  private static Row lives(String says, List<Packet> end, Packet... then) {
    return new Row("lives: " + says, true, end, List.of(then));
  }

  private static Row straggles(String says, List<Packet> end, Packet... then) {
    return new Row("straggles: " + says, false, end, List.of(then));
  }

  static Stream<Row> afterFins() {
    return Stream.of(
        lives("the client sends on", fins(), client(ACK, 1, 1).payload(10)),
        lives("the client's data overlaps", fins(), client(ACK, 0, 1).payload(10)),
        lives("its FIN comes later than it seemed", fins(), client(BYE, 5, 1)),
        lives("the target sends on", fins(), target(ACK, 1, 1).payload(10)),
        lives("an ACK of the target's that is beyond its FIN", fins(), target(ACK, 50, 1)),
        straggles("the client's FIN again", fins(), client(BYE, 0, 0)),
        straggles("with its last data", fins(), client(BYE, -50, 0).payload(50)),
        straggles("the target's FIN again", fins(), target(BYE, 0, 1)),
        straggles("the client's old data", fins(), client(ACK, -100, 0).payload(100)),
        straggles("the target's old data", fins(), target(ACK, -200, 0).payload(200)),
        straggles("an old ACK", fins(), client(ACK, 0, -200)),
        straggles("the last ACK again", fins(), client(ACK, 1, 1)),
        straggles("the target's last ACK", fins(), target(ACK, 1, 1)),
        straggles("a probe of the client's, one back", fins(), client(ACK, 0, 1)),
        straggles("a RST behind it all", fins(), client(RST | ACK, 2, 1)),
        straggles("a RST of the target's", fins(), target(RST | ACK, 2, 1)),
        straggles("data that the target would refuse", fins(), client(ACK, 5 << 20, 1).payload(10)),
        straggles("data with an unheard-of ACK", fins(), client(ACK, 1, 2).payload(10)));
  }

  static Stream<Row> afterAReset() {
    return Stream.of(
        lives("the client sends on", clientReset(), client(ACK, 0, 0).payload(10)),
        lives(
            "the client acknowledges what came since",
            clientReset(),
            target(ACK, 0, 0).payload(30),
            client(ACK, 0, 30)),
        lives("the target sends on", targetReset(), target(ACK, 0, 0).payload(10)),
        lives(
            "the target acknowledges what came since",
            targetReset(),
            client(ACK, 0, 0).payload(30),
            target(ACK, 0, 30)),
        straggles("the same RST", clientReset(), client(RST, 0, 0)),
        straggles("old data", clientReset(), client(ACK, -100, 0).payload(100)),
        straggles("old data of the target's", targetReset(), target(ACK, -200, 0).payload(200)),
        straggles("an old ACK", clientReset(), client(ACK, 0, -100)),
        straggles("the newest ACK again", clientReset(), client(ACK, 0, 0)),
        straggles("a FIN alone", clientReset(), client(BYE, 0, 0)),
        straggles(
            "what the other side goes on with",
            clientReset(),
            target(ACK, 0, 0).payload(30),
            target(ACK, 30, 0).payload(30)),
        straggles("what the client goes on with", targetReset(), client(ACK, 0, 0).payload(30)),
        straggles("an ACK of what was not sent", clientReset(), client(ACK, 0, 30)),
        straggles(
            "data that the target would refuse",
            clientReset(),
            client(ACK, 5 << 20, 0).payload(10)));
  }

  private void close(List<Packet> end) {
    bed.put(toTarget, toClient);
    bed.arrives(client(ACK, -100, -200).payload(100));
    bed.arrives(target(ACK, -200, 0).payload(200));
    bed.arrives(client(ACK, 0, 0));
    for (Packet packet : end) {
      bed.arrives(packet);
    }
    assertThat(bed.state(toTarget).closed()).isTrue();
    assertThat(bed.state(toClient).closed()).isTrue();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource({"afterFins", "afterAReset"})
  void onlyWhatShowsLifeRevives(Row row) {
    close(row.end);
    for (Packet packet : row.then.subList(0, row.then.size() - 1)) {
      bed.arrives(packet);
      assertThat(bed.state(toTarget).closed()).isTrue();
    }
    Outcome outcome = bed.arrives(row.then.getLast());
    assertThat(outcome.verdict()).isEqualTo(TestBed.REDIRECT);
    assertThat(outcome.counted())
        .isEqualTo(
            row.revived
                ? each(Baton.BATON_TRANSLATED(), Baton.BATON_REVIVED())
                : each(Baton.BATON_TRANSLATED()));
    assertThat(bed.state(toTarget).closed()).isEqualTo(!row.revived);
    assertThat(bed.state(toClient).closed()).isEqualTo(!row.revived);
    assertThat(outcome.events()).isEmpty();
  }

  @Test
  void theFinThatWasNotIsTakenBackAndTheOtherStands() {
    close(fins());
    bed.arrives(client(ACK, 1, 1).payload(10));
    assertThat(bed.state(toTarget).flags() & ENDS)
        .isEqualTo(Baton.BATON_STATE_PEER_FIN() | Baton.BATON_STATE_PEER_FIN_ACKED());
    assertThat(bed.state(toClient).flags() & ENDS).isEqualTo(Baton.BATON_STATE_FIN());
    // It ends as any other does.
    bed.arrives(target(ACK, 1, 11));
    bed.arrives(client(BYE, 11, 1));
    assertThat(types(bed.arrives(target(ACK, 1, 12)))).containsExactly(Baton.BATON_EVENT_CLOSED());
    assertThat(bed.state(toTarget).closed()).isTrue();
  }

  @Test
  void theResetThatWasNotIsTakenBack() {
    close(clientReset());
    bed.arrives(client(ACK, 0, 0).payload(10));
    assertThat(bed.state(toTarget).flags() & ENDS).isZero();
    assertThat(bed.state(toClient).flags() & ENDS).isZero();
    bed.arrives(target(ACK, 0, 10));
    assertThat(types(bed.arrives(client(RST, 10, 0)))).containsExactly(Baton.BATON_EVENT_CLOSED());
  }

  @Test
  void aHalfOpenPairTakesAFinBackToo() {
    bed.put(toTarget, toClient);
    bed.arrives(client(ACK, -100, -200).payload(100));
    bed.arrives(target(ACK, -200, 0).payload(200));
    bed.arrives(client(BYE, 0, 0));
    Outcome outcome = bed.arrives(client(ACK, 0, 0).payload(10));
    assertThat(outcome.counted()).isEqualTo(each(Baton.BATON_TRANSLATED()));
    assertThat(bed.state(toTarget).flags() & ENDS).isZero();
    assertThat(bed.state(toClient).flags() & ENDS).isZero();
  }

  /** Neither segment needs to be one that the target takes: their checksums are wrong. */
  @Test
  void aClientThatClosesAndRevivesItsFlowLeavesRoomInTheRing() {
    bed.put(toTarget, toClient);
    bed.arrives(client(ACK, -100, -200).payload(100));
    bed.arrives(target(ACK, -200, 0).payload(200));
    Packet reset = client(RST, 0, 0).checksumOff(1);
    long before = bed.counter(Baton.BATON_DROP_RING_FULL());
    // 1 MiB holds 10922 events; the half is 5461 of them, and one more.
    for (int i = 0; i < 6000; i++) {
      bed.forward(reset);
      bed.forward(client(ACK, i, 0).payload(1).checksumOff(1));
    }
    assertThat(bed.counter(Baton.BATON_DROP_RING_FULL()) - before).isEqualTo(6000 - 5462);
    bed.put(Entry.pending(99, Long.MAX_VALUE));
    Packet answer = fromTarget().flags(Packet.SYN | ACK).acknowledgment(100);
    List<Event> events = bed.arrives(answer).events();
    assertThat(events).hasSize(5462 + 1);
    assertThat(events.getLast().type()).isEqualTo(Baton.BATON_EVENT_SYNACK());
  }

  private static List<Integer> types(Outcome outcome) {
    return outcome.events().stream().map(Event::type).toList();
  }
}

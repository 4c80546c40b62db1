package dev.baton.dataplane;

import static dev.baton.dataplane.Options.nop;
import static dev.baton.dataplane.Options.timestamps;
import static dev.baton.dataplane.Packet.ACK;
import static dev.baton.dataplane.Packet.RST;
import static dev.baton.dataplane.Packet.fromClient;
import static dev.baton.dataplane.Packet.fromTarget;
import static dev.baton.dataplane.Packet.toClient;
import static dev.baton.dataplane.Packet.toTarget;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.bindings.flow.Baton;
import dev.baton.dataplane.TestBed.Outcome;
import java.nio.ByteBuffer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Timestamps (RFC 7323): four clocks, of which the client's is learned from its first segment. The
 * entries of these tables add 5000 to the client's echoes and take it from the target's clock.
 */
@BothFamilies
class TimestampTest extends ProgramTest {
  private static final int ADD = 1_000_000;

  /**
   * One packet.
   *
   * @param partner the other direction
   * @param newest the newest TSval sent on to the target, afterwards
   * @param learned ts_learned_add of the entry afterwards, 0 when it is not known
   */
  record Row(
      String says, Entry entry, Entry partner, Packet in, Packet out, int newest, int learned) {
    @Override
    public String toString() {
      return says;
    }
  }

  private static Packet with(Packet packet, long value, long echo) {
    return packet.options(nop(2), timestamps(value, echo));
  }

  /** From the client, whose clock is known. */
  private static Row up(String says, int newest, Packet in, Packet out) {
    Entry entry = Entry.toTarget().timestamps().learned(ADD, 1_500_000);
    return new Row("client: " + says, entry, Entry.toClient(), in, out, newest, ADD);
  }

  /** From the target; its entry knows the client's clock. */
  private static Row down(String says, Packet in, Packet out) {
    Entry entry = Entry.toClient().timestamps().learned(-ADD, 0);
    return new Row("target: " + says, entry, Entry.toTarget(), in, out, 0, -ADD);
  }

  static Stream<Row> clientClockIsKnown() {
    return Stream.of(
        up(
            "TSval and TSecr become the other leg's",
            1_600_000,
            with(fromClient(), 600_000, 7000),
            with(toTarget(), 1_600_000, 12_000)),
        up(
            "an older TSval is sent on but is not the newest",
            1_500_000,
            with(fromClient(), 400_000, 7000),
            with(toTarget(), 1_400_000, 12_000)),
        up(
            "TSval wraps on the target's leg",
            1_500_000,
            with(fromClient(), 0xffff_ffffL, 7000),
            with(toTarget(), 999_999, 12_000)),
        up(
            "TSval becomes 0",
            1_500_000,
            with(fromClient(), 0xfff0_bdc0L, 7000),
            with(toTarget(), 0, 12_000)),
        up(
            "TSecr wraps",
            1_600_000,
            with(fromClient(), 600_000, 0xffff_f000L),
            with(toTarget(), 1_600_000, 904)),
        up(
            "TSecr 0 echoes nothing and stays 0",
            1_600_000,
            with(fromClient(), 600_000, 0),
            with(toTarget(), 1_600_000, 0)),
        up(
            "without ACK the echo is not valid: 0 (RFC 7323 3.2); it may be anybody's",
            1_500_000,
            with(fromClient().flags(RST).sequence(5).acknowledgment(0), 600_000, 7000),
            with(toTarget().flags(RST).sequence(0x8000_0006L).acknowledgment(0), 1_600_000, 0)),
        down(
            "TSval and TSecr become the other leg's",
            with(fromTarget(), 12_000, 1_600_000),
            with(toClient(), 7000, 600_000)),
        down(
            "TSval wraps",
            with(fromTarget(), 4999, 1_600_000),
            with(toClient(), 0xffff_ffffL, 600_000)),
        down(
            "TSecr wraps",
            with(fromTarget(), 12_000, 999_999),
            with(toClient(), 7000, 0xffff_ffffL)),
        down("TSecr 0 stays 0", with(fromTarget(), 12_000, 0), with(toClient(), 7000, 0)),
        down(
            "without ACK the echo is not valid: 0",
            with(fromTarget().flags(RST).sequence(5).acknowledgment(0), 12_000, 1_600_000),
            with(toClient().flags(RST).sequence(0xb000_0002L).acknowledgment(0), 7000, 0)));
  }

  static Stream<Row> clientClockIsNotKnownHere() {
    Packet in = with(fromTarget(), 12_000, 1_600_000);
    Entry fresh = Entry.toClient().timestamps();
    return Stream.of(
        new Row(
            "target: nothing to echo before the client has spoken",
            fresh,
            Entry.toTarget().timestamps(),
            in,
            with(toClient(), 7000, 0),
            0,
            0),
        new Row(
            "target: then the other entry knows, and this one learns from it",
            fresh,
            Entry.toTarget().timestamps().learned(ADD, 0),
            in,
            with(toClient(), 7000, 600_000),
            0,
            -ADD),
        new Row(
            "target: an echo of 0 teaches nothing",
            fresh,
            Entry.toTarget().timestamps().learned(ADD, 0),
            with(fromTarget(), 12_000, 0),
            with(toClient(), 7000, 0),
            0,
            0));
  }

  static Stream<Row> flowWithoutTimestamps() {
    return Stream.of(
        new Row(
            "client: what was not agreed on stays as it is",
            Entry.toTarget(),
            Entry.toClient(),
            with(fromClient(), 1, 2),
            with(toTarget(), 1, 2),
            0,
            0),
        new Row(
            "target: likewise",
            Entry.toClient(),
            Entry.toTarget(),
            with(fromTarget(), 1, 2),
            with(toClient(), 1, 2),
            0,
            0),
        new Row(
            "client: a flow that has them passes a segment that has none",
            Entry.toTarget().timestamps(),
            Entry.toClient(),
            fromClient(),
            toTarget(),
            0,
            0));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource({"clientClockIsKnown", "clientClockIsNotKnownHere", "flowWithoutTimestamps"})
  void areTranslated(Row row) {
    bed.put(row.entry, row.partner);
    assertTranslated(bed.arrives(row.in), row.out);
    State state = bed.state(row.entry);
    assertThat(state.newestTimestamp()).isEqualTo(row.newest);
    assertThat(state.learnedAdd()).isEqualTo(row.learned);
    assertThat(state.has(Baton.BATON_STATE_TS_LEARNED())).isEqualTo(row.learned != 0);
  }

  @Test
  void nothingIsEchoedWhileTheOtherEntryIsMissing() {
    bed.put(Entry.toClient().timestamps());
    Outcome outcome = bed.arrives(with(fromTarget(), 12_000, 1_600_000));
    assertTranslated(outcome, with(toClient(), 7000, 0));
  }

  @Test
  void theFirstSegmentSetsTheClientsClockToTheOneTheTargetKnows() {
    // The SYN's clock was the monotonic clock's milliseconds plus clock_add, and runs on.
    int clockAdd = 0x7654_3210;
    Entry entry = Entry.toTarget().timestamps().clockAdd(clockAdd);
    Entry partner = Entry.toClient().timestamps();
    bed.put(entry, partner);
    int before = (int) (System.nanoTime() / 1_000_000) + clockAdd;
    Outcome first = bed.arrives(with(fromClient(), 0xffff_fff0L, 7000));
    int after = (int) (System.nanoTime() / 1_000_000) + clockAdd;
    int sent = tsval(first);
    assertThat(sent - before).isBetween(0, after - before);
    assertTranslated(first, with(toTarget(), sent, 12_000));
    assertThat(bed.state(entry).learnedAdd()).isEqualTo(sent + 0x10);
    assertThat(bed.state(entry).newestTimestamp()).isEqualTo(sent);

    // From then on the client's own clock counts, here across its wrap.
    Outcome second = bed.arrives(with(fromClient(), 0x20, 7000));
    assertTranslated(second, with(toTarget(), sent + 0x30, 12_000));
    assertThat(bed.state(entry).newestTimestamp()).isEqualTo(sent + 0x30);

    Outcome echo = bed.arrives(with(fromTarget(), 12_000, sent + 0x30));
    assertTranslated(echo, with(toClient(), 7000, 0x20));
    assertThat(bed.state(partner).learnedAdd()).isEqualTo(-(sent + 0x10));
  }

  @Test
  void anOldSegmentFromTheClientDoesNotTurnTheClockBack() {
    Entry entry = Entry.toTarget().timestamps().learned(0, 0xffff_fff0);
    bed.put(entry, Entry.toClient());
    bed.arrives(with(fromClient(), 0x10, 0));
    bed.arrives(with(fromClient().flags(ACK), 0xffff_fff8L, 0));
    assertThat(bed.state(entry).newestTimestamp()).as("beyond the wrap").isEqualTo(0x10);
  }

  private int tsval(Outcome outcome) {
    return ByteBuffer.wrap(outcome.frame()).getInt(14 + family.header + 20 + 4);
  }
}

package dev.baton.dataplane;

import static dev.baton.dataplane.Options.nop;
import static dev.baton.dataplane.Options.raw;
import static dev.baton.dataplane.Options.timestamps;
import static dev.baton.dataplane.Packet.ACK;
import static dev.baton.dataplane.Packet.FIN;
import static dev.baton.dataplane.Packet.RST;
import static dev.baton.dataplane.Packet.SYN;
import static dev.baton.dataplane.Packet.fromClient;
import static dev.baton.dataplane.Packet.fromTarget;
import static dev.baton.dataplane.Packet.toClient;
import static dev.baton.dataplane.Packet.toTarget;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.bindings.flow.Baton;
import dev.baton.dataplane.TestBed.Outcome;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * XDP forwards established flows exactly as tc does, and leaves everything else to it: unmodified,
 * and without a trace in the entry.
 */
@BothFamilies
class XdpTest extends ProgramTest {
  private static final int PASS = 2;
  private static final int REDIRECT = 4;
  private static final long NEXT_HOP = 0x0605_0403_0212L;
  private static final long OWN_MAC = 0x1615_1413_1202L;
  private static final int ENDS = SYN | FIN | RST;

  @BeforeEach
  void useXdp() {
    bed.link(Baton.BATON_TO_TARGET(), Entry.LOOPBACK, OWN_MAC);
    bed.link(Baton.BATON_TO_CLIENT(), Entry.LOOPBACK, OWN_MAC);
  }

  /**
   * A next hop as the guard notes it, so many units of 67 ms ago, or one more: the programs' clock
   * may be a tick behind this one.
   */
  static long hop(long mac, long ago) {
    long now = (System.nanoTime() >> Baton.BATON_HOP_SHIFT()) - ago - 1;
    return (now << 48) | mac;
  }

  /** An entry as it is when the flow has been going for a while. */
  private static Entry steady(Entry entry) {
    return entry.andFlags(Baton.BATON_STATE_SEEN()).hop(hop(NEXT_HOP, 0));
  }

  private static void assertForwarded(Outcome outcome, Packet out) {
    assertThat(outcome.verdict()).as("verdict").isEqualTo(REDIRECT);
    assertThat(outcome.counted()).as("counters").isEqualTo(each(Baton.BATON_XDP_TRANSLATED()));
    assertThat(outcome.frame())
        .as("frame")
        .isEqualTo(out.ethernet(NEXT_HOP, OWN_MAC).frame(bed.family()));
    assertThat(outcome.events()).isEmpty();
  }

  private static void assertLeftToTc(Outcome outcome, Packet in, int... reasons) {
    assertLeftAlone(outcome, in, PASS, reasons);
    assertThat(outcome.events()).isEmpty();
  }

  /** Whatever tc translates in mid-flow; what begins or ends a flow is tc's alone. */
  private void assertLikeTc(Entry entry, Packet in, Packet out) {
    bed.put(Entry.toTarget(), Entry.toClient());
    bed.put(steady(entry));
    State before = bed.state(entry);
    Outcome outcome = bed.arrivesAtXdp(in);
    if ((in.flags & ENDS) != 0) {
      assertLeftToTc(outcome, in, Baton.BATON_XDP_TO_TC());
      assertThat(bed.state(entry)).isEqualTo(before);
      return;
    }
    assertForwarded(outcome, out);
    State byXdp = bed.state(entry);
    bed.put(entry);
    bed.arrives(in);
    assertThat(byXdp.at(0)).as("remembered").isEqualTo(bed.state(entry).at(0));
  }

  static Stream<TranslateTest.Row> headers() {
    return Stream.of(
            TranslateTest.numbers(),
            TranslateTest.windows(),
            TranslateTest.headers(),
            TranslateTest.payloads())
        .flatMap(rows -> rows);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("headers")
  void headersAreTranslatedAsByTc(TranslateTest.Row row) {
    assertLikeTc(row.entry(), row.in(), row.out());
  }

  static Stream<OptionsTest.Row> options() {
    return Stream.of(OptionsTest.sacks(), OptionsTest.positions(), OptionsTest.strangers())
        .flatMap(rows -> rows);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("options")
  void optionsAreTranslatedAsByTc(OptionsTest.Row row) {
    boolean up = row.in().source == Packet.CLIENT;
    Entry entry = up ? Entry.toTarget() : Entry.toClient();
    assertLikeTc(
        entry.timestamps().learned(up ? OptionsTest.ADD : -OptionsTest.ADD, 0),
        row.in(),
        row.out());
  }

  static Stream<TimestampTest.Row> clocks() {
    return TimestampTest.clientClockIsKnown();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("clocks")
  void timestampsAreTranslatedAsByTc(TimestampTest.Row row) {
    assertLikeTc(row.entry(), row.in(), row.out());
  }

  /** What keeps an entry or a packet from XDP. */
  record Row(String says, Entry entry, Packet in) {
    @Override
    public String toString() {
      return says;
    }
  }

  private static Row state(String says, int flags) {
    return new Row(says, steady(Entry.toTarget()).flags(flags), fromClient());
  }

  private static Row packet(String says, Packet in) {
    return new Row(says, steady(Entry.toTarget()), in);
  }

  static Stream<Row> toTc() {
    int seen = Baton.BATON_STATE_SEEN();
    return Stream.of(
        state("the first segment of a direction", 0),
        state("behind a RST that may not have counted", seen | Baton.BATON_STATE_RST()),
        state("a pair that lingers", seen | Baton.BATON_STATE_CLOSED()),
        state(
            "the acknowledgment of the other side's FIN is awaited",
            seen | Baton.BATON_STATE_PEER_FIN()),
        new Row(
            "the client's clock is not known",
            steady(Entry.toTarget().timestamps()),
            fromClient().options(nop(2), timestamps(1, 2))),
        new Row(
            "nor does the other direction know it",
            steady(Entry.toClient().timestamps()),
            fromTarget().options(nop(2), timestamps(1, 2))),
        new Row(
            "a replay whose event loop must hear of acknowledgments",
            steady(Entry.toClient().options(Baton.BATON_FLOW_REPLAY())),
            fromTarget()),
        new Row(
            "a replay that takes over what is remembered of the client's",
            steady(Entry.toTarget().options(Baton.BATON_FLOW_REPLAY())),
            fromClient()),
        state("a client that has said goodbye", seen | Baton.BATON_STATE_FIN()),
        state(
            "a client whose target has",
            seen | Baton.BATON_STATE_PEER_FIN() | Baton.BATON_STATE_PEER_FIN_ACKED()),
        new Row("no next hop", steady(Entry.toTarget()).hop(0), fromClient()),
        new Row(
            "a next hop of a second ago",
            steady(Entry.toTarget()).hop(hop(NEXT_HOP, 16)),
            fromClient()),
        new Row(
            "a next hop of an hour ago",
            steady(Entry.toTarget()).hop(hop(NEXT_HOP, 60_000)),
            fromClient()),
        new Row(
            "more than the receiver takes, in one segment",
            steady(Entry.toTarget()).mtu(1399),
            fromClient().payload(1360).totalLength(0)),
        packet("SYN", fromClient().flags(SYN)),
        packet("FIN", fromClient().flags(FIN | ACK)),
        packet("RST", fromClient().flags(RST | ACK)),
        packet("the last hop", fromClient().ttl(1)),
        packet("IP options, or an extension header", fromClient().ipOptions(1, 1, 1, 1)),
        packet("a first fragment", fromClient().fragment(0x2000)),
        packet("a TCP header that lies", fromClient().headerWords(4)),
        packet("options that lie", fromClient().options(raw(8, 0, 1, 1))),
        new Row(
            "an answer to a SYN",
            Entry.pending(99, Long.MAX_VALUE).hop(hop(NEXT_HOP, 0)),
            fromTarget().flags(SYN | ACK).acknowledgment(100)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("toTc")
  void isTcsToJudge(Row row) {
    bed.put(row.entry);
    State before = bed.state(row.entry);
    assertLeftToTc(bed.arrivesAtXdp(row.in), row.in, Baton.BATON_XDP_TO_TC());
    assertThat(bed.state(row.entry)).isEqualTo(before);
  }

  static Stream<Row> foreign() {
    Entry entry = steady(Entry.toTarget());
    return Stream.of(
        new Row("another port", entry, Packet.tcp(Packet.CLIENT, 1, Packet.LISTENER, 80)),
        new Row("UDP", entry, fromClient().protocol(17)),
        new Row("a later fragment", entry, fromClient().fragment(5)),
        new Row("the other IP version", entry, fromClient().otherEtherType().otherVersion()),
        new Row("a VLAN's", entry, fromClient().tag(0x81, 0, 0, 5)),
        new Row("a priority tag", entry, fromClient().tag(0x81, 0, 0xe0, 0)),
        new Row("a provider's VLAN", entry, fromClient().tag(0x88, 0xa8, 0, 5, 0x81, 0, 0, 6)),
        new Row("cut short", entry, fromClient().cut(53)),
        new Row("of another interface", steady(Entry.toTarget()).ingress(4711), fromClient()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("foreign")
  void isNotOfTheFlowAndNotCounted(Row row) {
    bed.put(row.entry);
    State before = bed.state(row.entry);
    assertLeftToTc(bed.arrivesAtXdp(row.in), row.in);
    assertThat(bed.state(row.entry)).isEqualTo(before);
  }

  static Stream<Row> steadyAllTheSame() {
    int seen = Baton.BATON_STATE_SEEN();
    int acknowledged = Baton.BATON_STATE_PEER_FIN() | Baton.BATON_STATE_PEER_FIN_ACKED();
    int replay = Baton.BATON_FLOW_REPLAY();
    return Stream.of(
        new Row(
            "an answer that streams on behind the client's FIN",
            steady(Entry.toClient()).flags(seen | acknowledged),
            fromTarget().payload(100)),
        new Row(
            "a replay that is done",
            steady(Entry.toClient().options(replay)).flags(seen | Baton.BATON_STATE_REPLAY_DONE()),
            fromTarget()),
        new Row(
            "the client when its replay is done",
            steady(Entry.toTarget().options(replay)).flags(seen | Baton.BATON_STATE_REPLAY_DONE()),
            fromClient()),
        new Row(
            "a next hop that is a little old",
            steady(Entry.toTarget()).hop(hop(NEXT_HOP, 12)),
            fromClient()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("steadyAllTheSame")
  void isForwarded(Row row) {
    bed.put(row.entry);
    Packet out = row.in.source == Packet.CLIENT ? toTarget() : toClient();
    assertForwarded(bed.arrivesAtXdp(row.in), out.payload(row.in.payload.length));
  }

  @Test
  void theLargestSegmentThatTheReceiverTakesIsForwarded() {
    bed.put(steady(Entry.toTarget()).mtu(family.header + 20 + 1000));
    assertForwarded(bed.arrivesAtXdp(fromClient().payload(1000)), toTarget().payload(1000));
    Packet more = fromClient().payload(1001);
    assertLeftToTc(bed.arrivesAtXdp(more), more, Baton.BATON_XDP_TO_TC());
  }

  @Test
  void whatTheInterfaceCannotTakeIsTcsToJudge() {
    // None of these frames exceeds the loopback's MTU; an interface that is gone takes nothing.
    int gone = 4711;
    bed.put(steady(Entry.toTarget()).egress(gone));
    bed.link(Baton.BATON_TO_TARGET(), gone, OWN_MAC);
    Packet in = fromClient();
    assertLeftToTc(bed.arrivesAtXdp(in), in, Baton.BATON_XDP_TO_TC());
  }

  @Test
  void whereXdpIsNotInUseNothingIsForwarded() {
    bed.put(steady(Entry.toTarget()));
    bed.link(Baton.BATON_TO_TARGET(), Entry.LOOPBACK + 1, OWN_MAC);
    Packet in = fromClient();
    assertLeftToTc(bed.arrivesAtXdp(in), in, Baton.BATON_XDP_TO_TC());
  }
}

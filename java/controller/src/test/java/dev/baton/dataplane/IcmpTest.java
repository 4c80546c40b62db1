package dev.baton.dataplane;

import static dev.baton.dataplane.IcmpError.about;
import static dev.baton.dataplane.IcmpError.between;
import static dev.baton.dataplane.Options.nop;
import static dev.baton.dataplane.Options.timestamps;
import static dev.baton.dataplane.Packet.RST;
import static dev.baton.dataplane.Packet.SYN;
import static dev.baton.dataplane.Packet.fromClient;
import static dev.baton.dataplane.Packet.fromTarget;
import static dev.baton.dataplane.Packet.toClient;
import static dev.baton.dataplane.Packet.toTarget;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.bindings.flow.Baton;
import dev.baton.dataplane.IcmpError.Kind;
import dev.baton.dataplane.TestBed.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** ICMP errors about a flow reach the side whose packet they quote, in that side's own numbers. */
@BothFamilies
class IcmpTest extends ProgramTest {
  private static final int EINVAL = 22;
  private static final int SYN_SEQUENCE = 0x1234_5678;

  private final Entry toTarget = Entry.toTarget();
  private final Entry toClient = Entry.toClient();

  /** An error as it arrives and as it leaves. */
  record Row(String says, IcmpError in, IcmpError out) {
    @Override
    public String toString() {
      return says;
    }
  }

  /** About a packet on its way to the target; the client hears of it. */
  private static Row up(String says, Kind kind, int quotes, Packet out, Packet sent) {
    return new Row(
        "%s, to the target: %s".formatted(kind, says),
        about(out, kind).quotes(quotes).mtu(1300),
        between(Packet.LISTENER, Packet.CLIENT, kind, sent).quotes(quotes).mtu(1300).ttl(63));
  }

  private static Row down(String says, Kind kind, int quotes, Packet out, Packet sent) {
    return new Row(
        "%s, to the client: %s".formatted(kind, says),
        about(out, kind).quotes(quotes).mtu(1300),
        between(Packet.OWN, Packet.TARGET, kind, sent).quotes(quotes).mtu(1300).ttl(63));
  }

  static Stream<Row> errors() {
    List<Row> rows = new ArrayList<>();
    for (Kind kind : Kind.values()) {
      for (int quotes : new int[] {8, 12, 16, 20, 32, 1000}) {
        String says = quotes + " bytes";
        rows.add(up(says, kind, quotes, payload(toTarget()), payload(fromClient().ttl(63))));
        rows.add(down(says, kind, quotes, payload(toClient()), payload(fromTarget().ttl(63))));
      }
    }
    rows.add(
        up(
            "its numbers wrap",
            Kind.TOO_BIG,
            20,
            toTarget().sequence(0).acknowledgment(0x4fff_fff3L),
            fromClient().sequence(0x7fff_ffffL).acknowledgment(0xffff_fff0L).ttl(63)));
    rows.add(
        down(
            "a RST without acknowledgment",
            Kind.HOST_UNREACHABLE,
            20,
            toClient().flags(RST).acknowledgment(0xdead),
            fromTarget().flags(RST).acknowledgment(0xdead).ttl(63)));
    rows.add(
        up(
            "it had used up its last hop",
            Kind.TIME_EXCEEDED,
            20,
            toTarget().ttl(0),
            fromClient().ttl(0)));
    return rows.stream();
  }

  private static Packet payload(Packet packet) {
    return packet.payload(600).options(nop(2), timestamps(5, 6));
  }

  private static void assertForwarded(Outcome outcome, IcmpError out) {
    assertThat(outcome.verdict()).as("verdict").isEqualTo(TestBed.REDIRECT);
    assertThat(outcome.counted()).as("counters").isEqualTo(each(Baton.BATON_ICMP_TRANSLATED()));
    assertThat(outcome.mark()).as("mark").isEqualTo(Baton.BATON_MARK_TRANSLATED());
    assertThat(outcome.frame()).as("frame").isEqualTo(out.frame(bed.family()));
  }

  private static void assertAlone(Outcome outcome, IcmpError in, int verdict, int... reasons) {
    assertThat(outcome.verdict()).as("verdict").isEqualTo(verdict);
    assertThat(outcome.counted()).as("counters").isEqualTo(each(reasons));
    assertThat(outcome.frame()).as("frame").isEqualTo(in.frame(bed.family()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("errors")
  void isTranslated(Row row) {
    bed.put(toTarget, toClient);
    Outcome outcome = bed.arrives(row.in);
    assertForwarded(outcome, row.out);
    assertThat(outcome.events()).isEmpty();
    assertThat(bed.state(toTarget)).as("it is the endpoints' to judge").isEqualTo(State.none());
    assertThat(bed.state(toClient)).isEqualTo(State.none());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("errors")
  void aSumThatTheNetworkCardTookStaysRight(Row row) {
    bed.put(toTarget, toClient);
    int result = bed.arrivesSummed(row.in.frame(family));
    assumeTrue(result != -EINVAL, "needs Linux 6.11 (BPF_F_TEST_SKB_CHECKSUM_COMPLETE)");
    assertThat(result).isZero();
  }

  @Test
  void aDamagedQuotationStaysDamaged() {
    bed.put(toTarget, toClient);
    IcmpError in = about(toTarget().payload(8).checksumOff(0x0101), Kind.HOST_UNREACHABLE);
    Packet sent = fromClient().payload(8).checksumOff(0x0101).ttl(63);
    IcmpError out = between(Packet.LISTENER, Packet.CLIENT, Kind.HOST_UNREACHABLE, sent).ttl(63);
    assertForwarded(bed.arrives(in), out);
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource(Kind.class)
  void withoutAFlowItPasses(Kind kind) {
    IcmpError in = about(toTarget(), kind);
    assertAlone(bed.arrives(in), in, TestBed.UNSPEC);
    bed.put(toTarget, toClient);
    IcmpError other = about(Packet.tcp(Packet.OWN, Packet.OWN_PORT + 1, Packet.TARGET, 8080), kind);
    assertAlone(bed.arrives(other), other, TestBed.UNSPEC);
    // What a packet of the flow would look like on its way in is none that left.
    IcmpError mirrored = about(fromTarget(), kind);
    assertAlone(bed.arrives(mirrored), mirrored, TestBed.UNSPEC);
  }

  @Test
  void whatIsNoErrorAboutTcpPasses() {
    bed.put(toTarget, toClient);
    for (int type : new int[] {0, 5, 8, 128, 129, 135}) {
      IcmpError in = about(toTarget(), Kind.HOST_UNREACHABLE).type(type);
      assertAlone(bed.arrives(in), in, TestBed.UNSPEC);
    }
    IcmpError udp = about(toTarget().protocol(17), Kind.PORT_UNREACHABLE);
    assertAlone(bed.arrives(udp), udp, TestBed.UNSPEC);
    IcmpError later = about(toTarget().fragment(5), Kind.TIME_EXCEEDED);
    assertAlone(bed.arrives(later), later, TestBed.UNSPEC);
    for (int quotes = 0; quotes < 8; quotes++) {
      IcmpError cut = about(toTarget(), Kind.TOO_BIG).quotes(quotes);
      assertAlone(bed.arrives(cut), cut, TestBed.UNSPEC);
    }
  }

  @Test
  void fromTheWrongSideItIsNotTheFlows() {
    bed.put(toTarget, toClient.ingress(4711));
    IcmpError in = about(toTarget(), Kind.TOO_BIG);
    assertAlone(bed.arrives(in), in, TestBed.UNSPEC, Baton.BATON_DROP_WRONG_INTERFACE());
  }

  @Test
  void whatWasSentToAnotherIsDropped() {
    bed.put(toTarget, toClient);
    IcmpError in = between(IcmpError.ROUTER, Packet.LISTENER, Kind.HOST_UNREACHABLE, toTarget());
    assertAlone(bed.arrives(in), in, TestBed.DROP, Baton.BATON_DROP_ICMP());
  }

  @Test
  void atItsLastHopItIsDropped() {
    bed.put(toTarget, toClient);
    IcmpError in = about(toTarget(), Kind.HOST_UNREACHABLE).ttl(1);
    assertAlone(bed.arrives(in), in, TestBed.DROP, Baton.BATON_DROP_TTL());
  }

  @Test
  void withIpOptionsOrInFragmentsItIsDropped() {
    assumeTrue(family == Family.V4, "an error behind an extension header is not looked for");
    bed.put(toTarget, toClient);
    for (IcmpError in :
        List.of(
            about(toTarget(), Kind.TOO_BIG).ipOptions(1, 1, 1, 1),
            about(toTarget(), Kind.TOO_BIG).fragment(0x2000),
            about(toTarget().ipOptions(1, 1, 1, 1), Kind.TOO_BIG).quotes(24))) {
      assertAlone(bed.arrives(in), in, TestBed.DROP, Baton.BATON_DROP_ICMP());
    }
    IcmpError later = about(toTarget(), Kind.TOO_BIG).fragment(5);
    assertAlone(bed.arrives(later), later, TestBed.UNSPEC);
  }

  private static Packet syn(int sequence) {
    return toTarget().flags(SYN).sequence(sequence).acknowledgment(77);
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource(
      value = Kind.class,
      names = {"TOO_BIG"},
      mode = EnumSource.Mode.EXCLUDE)
  void aSynThatCannotBeDeliveredIsTold(Kind kind) {
    bed.put(Entry.pending(SYN_SEQUENCE, Long.MAX_VALUE));
    IcmpError in = about(syn(SYN_SEQUENCE), kind).quotes(8);
    Outcome outcome = bed.arrives(in);
    assertAlone(outcome, in, TestBed.DROP, Baton.BATON_TO_USER());
    assertThat(outcome.events()).hasSize(1);
    Event event = outcome.events().getFirst();
    assertThat(event.type()).isEqualTo(Baton.BATON_EVENT_UNREACHABLE());
    assertThat(event.sequence()).isEqualTo(SYN_SEQUENCE);
    assertThat(event.mss()).isZero();
    assertOfTheFlow(event);
  }

  private static void assertOfTheFlow(Event event) {
    assertThat(event.instance()).isEqualTo(Entry.INSTANCE);
    assertThat(event.slot()).isEqualTo(Entry.SLOT);
    assertThat(event.keySource()).isEqualTo(Packet.TARGET);
    assertThat(event.keySourcePort()).isEqualTo(Packet.TARGET_PORT);
    assertThat(event.keyDestination()).isEqualTo(Packet.OWN);
    assertThat(event.keyDestinationPort()).isEqualTo(Packet.OWN_PORT);
  }

  @Test
  void whoDoesNotKnowTheSynIsNotBelieved() {
    bed.put(Entry.pending(SYN_SEQUENCE, Long.MAX_VALUE));
    for (int off : new int[] {-1, 1, 1 << 31}) {
      IcmpError in = about(syn(SYN_SEQUENCE + off), Kind.HOST_UNREACHABLE);
      Outcome outcome = bed.arrives(in);
      assertAlone(outcome, in, TestBed.DROP, Baton.BATON_DROP_ICMP());
      assertThat(outcome.events()).isEmpty();
    }
  }

  @Test
  void aSynIsNeverTooBig() {
    bed.put(Entry.pending(SYN_SEQUENCE, Long.MAX_VALUE));
    IcmpError in = about(syn(SYN_SEQUENCE), Kind.TOO_BIG).mtu(1300);
    Outcome outcome = bed.arrives(in);
    assertAlone(outcome, in, TestBed.DROP, Baton.BATON_DROP_ICMP());
    assertThat(outcome.events()).isEmpty();
  }

  @Test
  void onceNoAnswerIsAwaitedAnErrorIsNot() {
    bed.put(Entry.pending(SYN_SEQUENCE, System.nanoTime() - 1));
    IcmpError in = about(syn(SYN_SEQUENCE), Kind.HOST_UNREACHABLE);
    assertAlone(bed.arrives(in), in, TestBed.UNSPEC, Baton.BATON_PASS_EXPIRED());
  }

  @Test
  void whatMayBeAReplayedSegmentIsToldToo() {
    bed.put(toTarget, toClient.options(Baton.BATON_FLOW_REPLAY()));
    bed.putReplay(toClient);
    IcmpError in = about(toTarget().sequence(0x9000_0999L), Kind.TOO_BIG).mtu(1277);
    Outcome outcome = bed.arrives(in);
    assertThat(outcome.verdict()).isEqualTo(TestBed.REDIRECT);
    assertThat(outcome.counted()).isEqualTo(each(Baton.BATON_ICMP_TRANSLATED()));
    assertThat(outcome.events()).hasSize(1);
    Event event = outcome.events().getFirst();
    assertThat(event.type()).isEqualTo(Baton.BATON_EVENT_TOO_BIG());
    assertThat(event.mss()).as("the MTU").isEqualTo(1277);
    assertThat(event.sequence()).isEqualTo(0x9000_0999);
    assertOfTheFlow(event);

    assertThat(bed.arrives(about(toClient(), Kind.TOO_BIG)).events()).as("to the client").isEmpty();
    assertThat(bed.arrives(about(toTarget(), Kind.TIME_EXCEEDED)).events()).isEmpty();
    bed.endReplay(toClient);
    assertThat(bed.arrives(in).events()).as("the replay is finished").isEmpty();
  }

  @Test
  void anErrorAboutAFlowThatLingersIsTranslated() {
    bed.put(toTarget.flags(Baton.BATON_STATE_CLOSED()), toClient.flags(Baton.BATON_STATE_CLOSED()));
    IcmpError out =
        between(Packet.OWN, Packet.TARGET, Kind.PORT_UNREACHABLE, fromTarget().ttl(63)).ttl(63);
    assertForwarded(bed.arrives(about(toClient(), Kind.PORT_UNREACHABLE)), out);
  }
}

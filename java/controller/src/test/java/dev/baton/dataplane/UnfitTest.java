package dev.baton.dataplane;

import static dev.baton.dataplane.Options.mss;
import static dev.baton.dataplane.Options.nop;
import static dev.baton.dataplane.Options.raw;
import static dev.baton.dataplane.Options.redirect;
import static dev.baton.dataplane.Options.sackPermitted;
import static dev.baton.dataplane.Options.timestamps;
import static dev.baton.dataplane.Options.windowScale;
import static dev.baton.dataplane.Packet.ACK;
import static dev.baton.dataplane.Packet.FIN;
import static dev.baton.dataplane.Packet.RST;
import static dev.baton.dataplane.Packet.SYN;
import static dev.baton.dataplane.Packet.fromClient;
import static dev.baton.dataplane.Packet.fromTarget;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.bindings.flow.Baton;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What cannot be translated, and what is none of Baton's business. */
@BothFamilies
class UnfitTest extends ProgramTest {
  private static final int ELSEWHERE = 4711;

  /** A packet; the reason is 0 when it just goes on. */
  record Row(String says, int reason, Packet in) {
    @Override
    public String toString() {
      return says;
    }
  }

  static Stream<Row> unfit() {
    int malformed = Baton.BATON_DROP_MALFORMED();
    int ipOptions = Baton.BATON_DROP_IP_OPTIONS();
    int fragment = Baton.BATON_DROP_FRAGMENT();
    int ttl = Baton.BATON_DROP_TTL();
    return Stream.of(
        new Row("TTL 1 has no hop left", ttl, fromClient().ttl(1)),
        new Row("TTL 0 should not have come", ttl, fromClient().ttl(0)),
        new Row("one IP option: NOPs", ipOptions, fromClient().ipOptions(1, 1, 1, 1)),
        new Row(
            "IP options of full length",
            ipOptions,
            fromTarget().ipOptions(new int[40]).payload(10)),
        new Row("IP options outweigh TTL 1", ipOptions, fromClient().ipOptions(0, 0, 0, 0).ttl(1)),
        new Row("a first fragment has the ports", fragment, fromClient().fragment(0x2000)),
        new Row("DF beside MF changes nothing", fragment, fromTarget().fragment(0x6000)),
        new Row("a TCP header of 4 words", malformed, fromClient().headerWords(4)),
        new Row("a TCP header of 0 words", malformed, fromClient().headerWords(0)),
        new Row("a TCP header beyond the datagram", malformed, fromTarget().headerWords(6)),
        new Row("a TCP header far beyond it", malformed, fromTarget().headerWords(15).payload(39)),
        new Row("a datagram beyond the frame", malformed, fromClient().totalLength(41)),
        new Row("a datagram that ends in the TCP header", malformed, fromClient().totalLength(39)),
        new Row(
            "a datagram that ends in the options",
            malformed,
            fromClient().options(nop(4)).totalLength(43)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("unfit")
  void ofALiveFlowIsDroppedAndCounted(Row row) {
    List<Entry> entries = List.of(Entry.toTarget(), Entry.toClient());
    entries.forEach(bed::put);
    assertDropped(bed.arrives(row.in), row.in, row.reason);
    entries.forEach(entry -> assertThat(bed.state(entry)).isEqualTo(State.none()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("unfit")
  void ofNoFlowIsLeftToTheStack(Row row) {
    assertPassed(bed.arrives(row.in), row.in);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("unfit")
  void ofAnotherInterfaceIsNotMatched(Row row) {
    bed.put(Entry.toTarget().ingress(ELSEWHERE), Entry.toClient().ingress(ELSEWHERE));
    assertPassed(bed.arrives(row.in), row.in, Baton.BATON_DROP_WRONG_INTERFACE());
  }

  static Stream<Row> foreign() {
    return Stream.of(
        new Row(
            "a later fragment has no ports and completes nothing",
            0,
            fromClient().fragment(0x0001)),
        new Row("nor does the last one", 0, fromClient().fragment(0x1fff).payload(8)),
        new Row("UDP between the same ports", 0, fromClient().protocol(17)),
        new Row("ICMP", 0, fromClient().protocol(1)),
        new Row("ARP", 0, fromClient().tag(0x08, 0x06)),
        new Row("the other IP version", 0, fromClient().otherEtherType().otherVersion()),
        new Row("the other version's EtherType", 0, fromClient().otherEtherType()),
        new Row("the other version in the IP header", 0, fromClient().otherVersion()),
        new Row("a frame that ends in the TCP header", 0, fromClient().cut(53)),
        new Row("a frame that ends with the IP header", 0, fromClient().cut(34)),
        new Row(
            "a frame that ends in the TCP header behind IP options",
            0,
            fromClient().ipOptions(1, 1, 1, 1).cut(57)),
        new Row(
            "another source port",
            0,
            Packet.tcp(Packet.CLIENT, 40002, Packet.LISTENER, Packet.LISTENER_PORT)),
        new Row(
            "another destination port",
            0,
            Packet.tcp(Packet.CLIENT, Packet.CLIENT_PORT, Packet.LISTENER, 443)),
        new Row(
            "another source address",
            0,
            Packet.tcp(Packet.CLIENT + 1, Packet.CLIENT_PORT, Packet.LISTENER, 80)),
        new Row(
            "another destination address",
            0,
            Packet.tcp(Packet.CLIENT, Packet.CLIENT_PORT, Packet.LISTENER + 1, 80)),
        new Row(
            "the tuple the other way round",
            0,
            Packet.tcp(Packet.LISTENER, 80, Packet.CLIENT, Packet.CLIENT_PORT)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("foreign")
  void whatIsNotOfTheLiveFlowPassesUntouched(Row row) {
    List<Entry> entries = List.of(Entry.toTarget(), Entry.toClient());
    entries.forEach(bed::put);
    assertPassed(bed.arrives(row.in), row.in);
    entries.forEach(entry -> assertThat(bed.state(entry)).isEqualTo(State.none()));
  }

  static Stream<Row> unknownTuples() {
    int outside = Baton.BATON_DROP_OPTION_FROM_OUTSIDE();
    byte[] otherExperiment = raw(254, 6, 0x52, 0x45, 1, 2);
    return Stream.of(
        new Row("a segment", 0, fromClient().payload(10)),
        new Row(
            "an ordinary SYN",
            0,
            fromClient()
                .flags(SYN)
                .options(mss(1460), sackPermitted(), timestamps(1, 0), nop(1), windowScale(7))),
        new Row("a SYN without options", 0, fromClient().flags(SYN)),
        new Row("RST", 0, fromClient().flags(RST)),
        new Row("TTL 1", 0, fromClient().ttl(1)),
        new Row(
            "a SYN with REDIRECT",
            outside,
            fromClient().flags(SYN).options(mss(1460), redirect(), nop(3))),
        new Row(
            "a SYN with REDIRECT behind odd NOPs",
            outside,
            fromClient().flags(SYN).options(nop(29), redirect(), nop(2))),
        new Row(
            "a SYN,ACK with REDIRECT",
            outside,
            fromTarget().flags(SYN | ACK).options(redirect(), nop(3))),
        new Row(
            "a SYN with other flags and REDIRECT",
            outside,
            fromClient().flags(SYN | FIN | ACK).options(redirect(), nop(3))),
        new Row(
            "REDIRECT for IPv6 counts alike",
            outside,
            fromClient().flags(SYN).options(raw(254, 21, 0x52, 0x44), new byte[17], nop(3))),
        new Row(
            "REDIRECT that is cut short counts alike",
            outside,
            fromClient().flags(SYN).options(raw(254, 4, 0x52, 0x44))),
        new Row(
            "REDIRECT in a first fragment",
            outside,
            fromClient().flags(SYN).options(redirect(), nop(3)).fragment(0x2000)),
        new Row(
            "REDIRECT behind IP options",
            outside,
            fromClient().ipOptions(1, 1, 1, 1).flags(SYN).options(redirect(), nop(3))),
        new Row(
            "REDIRECT behind a lie: receivers stop there too",
            0,
            fromClient().flags(SYN).options(raw(30, 0), nop(1), redirect())),
        new Row(
            "REDIRECT behind the end of the list",
            0,
            fromClient().flags(SYN).options(Options.end(3), redirect())),
        new Row("REDIRECT without SYN", 0, fromClient().options(redirect(), nop(3))),
        new Row(
            "another experiment under the same kind",
            0,
            fromClient().flags(SYN).options(otherExperiment, nop(2))),
        new Row(
            "an experiment without an identifier",
            0,
            fromClient().flags(SYN).options(raw(254, 2), nop(2))),
        new Row(
            "Baton's identifier under kind 253",
            0,
            fromClient().flags(SYN).options(raw(253, 9, 0x52, 0x44, 1, 1, 1, 1, 1), nop(3))));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("unknownTuples")
  void anUnknownTuplePassesUnlessItForgesAHandoff(Row row) {
    if (row.reason == 0) {
      assertPassed(bed.arrives(row.in), row.in);
    } else {
      assertDropped(bed.arrives(row.in), row.in, row.reason);
    }
  }

  @Test
  void aSegmentFromTheWrongSideIsNotMatched() {
    Entry entry = Entry.toTarget().ingress(ELSEWHERE);
    bed.put(entry);
    Packet forged = fromClient().flags(RST | ACK).payload(4);
    assertPassed(bed.arrives(forged), forged, Baton.BATON_DROP_WRONG_INTERFACE());
    assertThat(bed.state(entry)).isEqualTo(State.none());
  }

  @Test
  void aTupleThatIsKnownDoesNotHideAForgedHandoff() {
    int outside = Baton.BATON_DROP_OPTION_FROM_OUTSIDE();
    Packet up = fromClient().flags(SYN).options(redirect(), nop(3));
    bed.put(Entry.toTarget().ingress(ELSEWHERE));
    assertLeftAlone(bed.arrives(up), up, TestBed.DROP, Baton.BATON_DROP_WRONG_INTERFACE(), outside);
    Packet down = fromTarget().flags(SYN).options(redirect(), nop(3));
    bed.put(Entry.pending(99, System.nanoTime() - 1));
    assertLeftAlone(bed.arrives(down), down, TestBed.DROP, Baton.BATON_PASS_EXPIRED(), outside);
  }

  @Test
  void aSynAckFromTheWrongSideIsNotAnAnswer() {
    bed.put(Entry.pending(99, Long.MAX_VALUE).ingress(ELSEWHERE));
    Packet forged = fromTarget().flags(SYN | ACK).acknowledgment(100);
    assertPassed(bed.arrives(forged), forged, Baton.BATON_DROP_WRONG_INTERFACE());
  }
}

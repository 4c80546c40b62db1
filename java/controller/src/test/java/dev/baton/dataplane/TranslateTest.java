package dev.baton.dataplane;

import static dev.baton.dataplane.Packet.ACK;
import static dev.baton.dataplane.Packet.CWR;
import static dev.baton.dataplane.Packet.ECE;
import static dev.baton.dataplane.Packet.FIN;
import static dev.baton.dataplane.Packet.PSH;
import static dev.baton.dataplane.Packet.RST;
import static dev.baton.dataplane.Packet.SYN;
import static dev.baton.dataplane.Packet.URG;
import static dev.baton.dataplane.Packet.fromClient;
import static dev.baton.dataplane.Packet.fromTarget;
import static dev.baton.dataplane.Packet.toClient;
import static dev.baton.dataplane.Packet.toTarget;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.bindings.flow.Baton;
import dev.baton.dataplane.TestBed.Outcome;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Headers of a live flow: what changes, what does not, and what the entry remembers of it. */
@BothFamilies
class TranslateTest extends ProgramTest {
  /** One packet through one entry; {@code entry} is the direction that it takes. */
  record Row(String says, Entry entry, Packet in, Packet out) {
    @Override
    public String toString() {
      return says;
    }
  }

  private static Row up(String says, Packet in, Packet out) {
    return new Row("client: " + says, Entry.toTarget(), in, out);
  }

  private static Row down(String says, Packet in, Packet out) {
    return new Row("target: " + says, Entry.toClient(), in, out);
  }

  private static Row upShifted(int shift, int window, int shifted, String says) {
    Entry entry = Entry.toTarget().windowShift(shift);
    String title =
        "client: shift %d makes window %d %d: %s".formatted(shift, window, shifted, says);
    return new Row(title, entry, fromClient().window(window), toTarget().window(shifted));
  }

  private static Row downShifted(int shift, int window, int shifted, String says) {
    Entry entry = Entry.toClient().windowShift(shift);
    String title =
        "target: shift %d makes window %d %d: %s".formatted(shift, window, shifted, says);
    return new Row(title, entry, fromTarget().window(window), toClient().window(shifted));
  }

  static Stream<Row> numbers() {
    return Stream.of(
        up(
            "both addresses, both ports and both numbers become the other leg's",
            fromClient(),
            toTarget()),
        down("and back again", fromTarget(), toClient()),
        up(
            "the sequence number wraps on the target's leg only",
            fromClient().sequence(0x7fff_fffeL),
            toTarget().sequence(0xffff_ffffL)),
        up(
            "one further it is 0 there",
            fromClient().sequence(0x7fff_ffffL),
            toTarget().sequence(0)),
        up(
            "payload that crosses the wrap is remembered beyond it",
            fromClient().sequence(0xffff_fff0L).payload(32),
            toTarget().sequence(0x7fff_fff1L).payload(32)),
        up(
            "the acknowledgment number wraps",
            fromClient().acknowledgment(0xffff_fff0L),
            toTarget().acknowledgment(0x4fff_fff3L)),
        down(
            "the sequence number wraps backwards",
            fromTarget().sequence(0x10),
            toClient().sequence(0xb000_000dL)),
        down(
            "the acknowledgment number wraps backwards",
            fromTarget().acknowledgment(0),
            toClient().acknowledgment(0x7fff_ffffL)),
        up(
            "without the ACK flag the acknowledgment field means nothing and stays",
            fromClient().flags(RST).sequence(1).acknowledgment(0xdead),
            toTarget().flags(RST).sequence(0x8000_0002L).acknowledgment(0xdead)),
        down(
            "likewise from the target",
            fromTarget().flags(RST).sequence(0x7000_0001L).acknowledgment(0xdead),
            toClient().flags(RST).sequence(0x1fff_fffeL).acknowledgment(0xdead)));
  }

  static Stream<Row> windows() {
    return Stream.of(
        upShifted(0, 65535, 65535, "equal scales change nothing"),
        upShifted(3, 1000, 8000, "left is times eight"),
        upShifted(3, 8191, 65528, "the last that fits"),
        upShifted(3, 8192, 65535, "saturates where it would become 0"),
        upShifted(3, 65535, 65535, "saturates"),
        upShifted(14, 3, 49152, "the widest shift there is"),
        upShifted(14, 4, 65535, "saturates there too"),
        upShifted(7, 0, 0, "a closed window stays closed"),
        upShifted(-7, 65535, 511, "right rounds down"),
        upShifted(-7, 128, 1, "the last that is not rounded up"),
        upShifted(-7, 127, 1, "an open window never closes"),
        upShifted(-14, 1, 1, "not even the smallest"),
        upShifted(-7, 0, 0, "a closed one does not open"),
        downShifted(7, 512, 65535, "saturates"),
        downShifted(7, 511, 65408, "fits"),
        downShifted(-1, 1, 1, "an open window never closes"),
        downShifted(-1, 3, 1, "right rounds down"),
        downShifted(-14, 65535, 3, "the widest shift there is"));
  }

  static Stream<Row> headers() {
    return Stream.of(
        up("the highest TTL loses one hop", fromClient().ttl(255), toTarget().ttl(254)),
        down("the lowest TTL that goes on", fromTarget().ttl(2), toClient().ttl(1)),
        up("PSH stays", fromClient().flags(ACK | PSH), toTarget().flags(ACK | PSH)),
        up(
            "URG and its pointer stay",
            fromClient().flags(ACK | URG).urgent(0xbeef),
            toTarget().flags(ACK | URG).urgent(0xbeef)),
        up(
            "an urgent pointer without URG stays too",
            fromClient().urgent(40001),
            toTarget().urgent(40001)),
        down("ECE stays", fromTarget().flags(ACK | ECE), toClient().flags(ACK | ECE)),
        up("CWR stays", fromClient().flags(ACK | CWR), toTarget().flags(ACK | CWR)),
        up("NS stays", fromClient().reserved(1), toTarget().reserved(1)),
        down("all reserved bits stay", fromTarget().reserved(0xf), toClient().reserved(0xf)),
        up("FIN stays", fromClient().flags(ACK | FIN), toTarget().flags(ACK | FIN)),
        down(
            "FIN with all that may go with it stays",
            fromTarget().flags(ACK | FIN | PSH | URG | ECE | CWR).reserved(1),
            toClient().flags(ACK | FIN | PSH | URG | ECE | CWR).reserved(1)),
        up("DSCP and ECN bits stay", fromClient().tos(0xbb), toTarget().tos(0xbb)),
        up("the identification stays", fromClient().id(0xffff), toTarget().id(0xffff)),
        down(
            "what may be fragmented may still be",
            fromTarget().fragment(0),
            toClient().fragment(0)),
        up(
            "the reserved bit beside DF is no fragment",
            fromClient().fragment(0x8000),
            toTarget().fragment(0x8000)));
  }

  static Stream<Row> payloads() {
    return Stream.of(
        up("one byte of payload", fromClient().payload(1), toTarget().payload(1)),
        down("an odd length", fromTarget().payload(1447), toClient().payload(1447)),
        up("an even length", fromClient().payload(1448), toTarget().payload(1448)),
        down(
            "a super-packet as GRO makes it", fromTarget().payload(3400), toClient().payload(3400)),
        up(
            "Ethernet padding is no payload and stays",
            fromClient().payload(1).trailer(0xde, 0xad, 0xbe, 0xef, 0x55),
            toTarget().payload(1).trailer(0xde, 0xad, 0xbe, 0xef, 0x55)),
        down(
            "BIG TCP says length 0: the buffer's length counts",
            fromTarget().payload(100).totalLength(0),
            toClient().payload(100).totalLength(0)),
        up(
            "a wrong checksum is not put right: the target shall see the damage",
            fromClient().payload(9).checksumOff(0x0101),
            toTarget().payload(9).checksumOff(0x0101)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource({"numbers", "windows", "headers", "payloads"})
  void isTranslated(Row row) {
    boolean reset = (row.in.flags & RST) != 0;
    boolean up = row.in.source == Packet.CLIENT;
    Entry toClient = Entry.toClient();
    if (up && !reset) {
      // So that it is the client's for sure: what the target expects, and acknowledges.
      row.entry.start(row.in.sequence);
      toClient.start(row.out.acknowledgment);
    }
    bed.put(Entry.toTarget(), toClient);
    bed.put(row.entry);
    long before = System.nanoTime();
    assertTranslated(bed.arrives(row.in), row.out);
    State state = bed.state(row.entry);
    assertThat(state.packets()).isEqualTo(1);
    assertThat(state.bytes()).isEqualTo(row.in.payload.length);
    if (up && reset) {
      assertThat(state.lastSeen()).as("it may be anybody's").isZero();
    } else {
      // The coarse clock may be a tick behind.
      assertThat(state.lastSeen()).isBetween(before - 20_000_000, System.nanoTime());
    }
    assertThat(state.window()).isEqualTo(reset ? 0 : row.out.window);
    assertRemembered(state, row.in, reset);
  }

  private static void assertRemembered(State state, Packet in, boolean reset) {
    int fin = (in.flags & FIN) != 0 ? Baton.BATON_STATE_FIN() : 0;
    // A target's is noted wherever it stands; of the client's not even one that is one off.
    int noted = in.source == Packet.TARGET ? Baton.BATON_STATE_RST() : 0;
    assertThat(state.flags()).isEqualTo(reset ? noted : fin | Baton.BATON_STATE_SEEN());
    assertThat(state.sequenceEnd()).isEqualTo(reset ? 0 : in.end());
    assertThat(state.acknowledged()).isEqualTo(reset ? 0 : in.acknowledgment);
    assertThat(state.finEnd()).isEqualTo(fin == 0 ? 0 : in.end());
  }

  @Test
  void aSynsWindowIsNotScaled() {
    // RFC 7323 2.2: the window field of a segment with SYN is never scaled.
    Entry entry = Entry.toTarget().windowShift(3);
    bed.put(entry);
    Packet in = fromClient().flags(SYN).window(1000);
    Packet out = toTarget().flags(SYN).window(1000).acknowledgment(in.acknowledgment);
    assertTranslated(bed.arrives(in), out);
    assertThat(bed.state(entry).flags()).as("a SYN in mid-flow is not followed").isZero();
    assertThat(bed.state(entry).packets()).isZero();
  }

  @Test
  void aSuperPacketCountsAsTheSegmentsItWillBe() {
    Entry entry = Entry.toTarget();
    bed.put(entry);
    Outcome outcome = bed.arrives(fromClient().payload(3000), 1000, 3);
    assertTranslated(outcome, toTarget().payload(3000));
    assertThat(bed.state(entry).packets()).isEqualTo(3);
    assertThat(bed.state(entry).bytes()).isEqualTo(3000);
  }

  @Test
  void theEndsGoForwardOnly() {
    Entry entry = Entry.toTarget();
    int base = Packet.TARGET_NEXT_AT_CLIENT - 1000;
    bed.put(entry, Entry.toClient());
    bed.arrives(fromClient().payload(100).acknowledgment(base + 900));
    bed.arrives(fromClient().payload(20).acknowledgment(base + 800));
    assertThat(bed.state(entry).sequenceEnd()).isEqualTo(Packet.CLIENT_NEXT + 100);
    assertThat(bed.state(entry).acknowledged()).isEqualTo(base + 900);
    bed.arrives(fromClient().payload(120).acknowledgment(base + 901));
    assertThat(bed.state(entry).sequenceEnd()).isEqualTo(Packet.CLIENT_NEXT + 120);
    assertThat(bed.state(entry).acknowledged()).isEqualTo(base + 901);
    assertThat(bed.state(entry).packets()).isEqualTo(3);
    assertThat(bed.state(entry).bytes()).isEqualTo(240);
  }

  @Test
  void theEndsGoForwardAcrossTheWrap() {
    Entry entry = Entry.toTarget().start(-0x10);
    bed.put(entry, Entry.toClient().start(0xffff_ff00 + Entry.ACKNOWLEDGMENT_ADD));
    bed.arrives(fromClient().sequence(0xffff_fff0L).acknowledgment(0xffff_ff00L));
    bed.arrives(fromClient().sequence(0x10).acknowledgment(0x20));
    bed.arrives(fromClient().sequence(0xffff_fff8L).acknowledgment(0xffff_ff80L));
    assertThat(bed.state(entry).sequenceEnd()).isEqualTo(0x10);
    assertThat(bed.state(entry).acknowledged()).isEqualTo(0x20);
  }
}

package dev.baton.dataplane;

import static dev.baton.dataplane.Options.end;
import static dev.baton.dataplane.Options.mss;
import static dev.baton.dataplane.Options.nop;
import static dev.baton.dataplane.Options.raw;
import static dev.baton.dataplane.Options.redirect;
import static dev.baton.dataplane.Options.sack;
import static dev.baton.dataplane.Options.timestamps;
import static dev.baton.dataplane.Packet.fromClient;
import static dev.baton.dataplane.Packet.fromTarget;
import static dev.baton.dataplane.Packet.toClient;
import static dev.baton.dataplane.Packet.toTarget;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.bindings.flow.Baton;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * TCP options wherever they may stand. The client's acknowledgments become the target's by adding
 * 0x50000003, and its SACK edges with them; its clock by adding 0x100, its echoes 5000.
 */
@BothFamilies
class OptionsTest extends ProgramTest {
  static final int ADD = 0x100;

  /** Options in, options out; nothing else about the segment is odd. */
  record Row(String says, Packet in, Packet out) {
    @Override
    public String toString() {
      return says;
    }
  }

  private static Row up(String says, byte[][] in, byte[][] out) {
    return new Row(
        "client: " + says, fromClient().payload(3).options(in), toTarget().payload(3).options(out));
  }

  private static Row down(String says, byte[][] in, byte[][] out) {
    return new Row("target: " + says, fromTarget().options(in), toClient().options(out));
  }

  private static byte[][] of(byte[]... options) {
    return options;
  }

  static Stream<Row> sacks() {
    return Stream.of(
        up(
            "one block",
            of(nop(2), sack(0x2000_0100, 0x2000_0200)),
            of(nop(2), sack(0x7000_0103, 0x7000_0203))),
        up(
            "two blocks",
            of(nop(2), sack(1, 2, 3, 4)),
            of(nop(2), sack(0x5000_0004, 0x5000_0005, 0x5000_0006, 0x5000_0007))),
        up(
            "three blocks with timestamps, as full as it gets",
            of(nop(1), timestamps(0x200, 7000), nop(1), nop(2), sack(1, 2, 3, 4, 5, 6)),
            of(
                nop(1),
                timestamps(0x300, 12_000),
                nop(1),
                nop(2),
                sack(
                    0x5000_0004, 0x5000_0005, 0x5000_0006, 0x5000_0007, 0x5000_0008, 0x5000_0009))),
        up(
            "four blocks",
            of(nop(2), sack(1, 2, 3, 4, 5, 6, 7, 8)),
            of(
                nop(2),
                sack(
                    0x5000_0004,
                    0x5000_0005,
                    0x5000_0006,
                    0x5000_0007,
                    0x5000_0008,
                    0x5000_0009,
                    0x5000_000a,
                    0x5000_000b))),
        up(
            "edges wrap on their way",
            of(nop(2), sack(0xafff_fffcL, 0xafff_fffdL)),
            of(nop(2), sack(0xffff_ffffL, 0))),
        down(
            "edges go back by what the client's numbers went ahead",
            of(nop(2), sack(0x9000_0101L, 0x9000_0201L)),
            of(nop(2), sack(0x1000_0100, 0x1000_0200))),
        down(
            "edges wrap backwards",
            of(nop(2), sack(0x8000_0000L, 0x8000_0001L)),
            of(nop(2), sack(0xffff_ffffL, 0))));
  }

  static Stream<Row> positions() {
    return Stream.of(
        up(
            "timestamps first, NOPs behind",
            of(timestamps(0x200, 7000), nop(2)),
            of(timestamps(0x300, 12_000), nop(2))),
        up(
            "timestamps at an odd offset",
            of(nop(1), timestamps(0x200, 7000), nop(1)),
            of(nop(1), timestamps(0x300, 12_000), nop(1))),
        up(
            "timestamps behind three NOPs, end of list as padding",
            of(nop(3), timestamps(0x200, 7000), end(3)),
            of(nop(3), timestamps(0x300, 12_000), end(3))),
        up(
            "SACK before timestamps",
            of(sack(1, 2), timestamps(0x200, 7000)),
            of(sack(0x5000_0004, 0x5000_0005), timestamps(0x300, 12_000))),
        up(
            "SACK at an odd offset before timestamps at an odd one",
            of(nop(1), sack(1, 2), timestamps(0x200, 7000), nop(3)),
            of(nop(1), sack(0x5000_0004, 0x5000_0005), timestamps(0x300, 12_000), nop(3))),
        down(
            "timestamps in the last ten of 40 bytes",
            of(nop(30), timestamps(12_000, 0x300)),
            of(nop(30), timestamps(7000, 0x200))),
        down(
            "SACK in the last ten of 40 bytes",
            of(nop(30), sack(0x8000_0001L, 0x8000_0002L)),
            of(nop(30), sack(0, 1))),
        down("only NOPs, 40 of them", of(nop(40)), of(nop(40))));
  }

  static Stream<Row> strangers() {
    byte[] multipath = raw(30, 8, 0x20, 1, 2, 3, 4, 5);
    return Stream.of(
        up(
            "an option that nobody knows stays",
            of(multipath, nop(2), timestamps(0x200, 7000)),
            of(multipath, nop(2), timestamps(0x300, 12_000))),
        up(
            "what stands behind the end of the list is not an option",
            of(nop(1), end(1), sack(1, 2)),
            of(nop(1), end(1), sack(1, 2))),
        up("nor is it a lie there", of(end(1), raw(8, 0, 99)), of(end(1), raw(8, 0, 99))),
        up(
            "bytes that look like SACK inside another option are not",
            of(raw(30, 12), sack(1, 2)),
            of(raw(30, 12), sack(1, 2))),
        down("MSS has no business here, and no meaning", of(mss(1460)), of(mss(1460))),
        up(
            "REDIRECT means something in a SYN only",
            of(redirect(), nop(3)),
            of(redirect(), nop(3))));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource({"sacks", "positions", "strangers"})
  void areTranslated(Row row) {
    bed.put(Entry.toTarget().timestamps().learned(ADD, 0));
    bed.put(Entry.toClient().timestamps().learned(-ADD, 0));
    assertTranslated(bed.arrives(row.in), row.out);
  }

  private static Row lie(String says, byte[]... options) {
    return new Row(says, fromClient().payload(5).options(options), toTarget());
  }

  static Stream<Row> lies() {
    return Stream.of(
        lie("length 0", raw(8, 0, 1, 1)),
        lie("length 1", raw(30, 1, 1, 1)),
        lie("a length beyond the header", raw(30, 5, 1, 1)),
        lie("a kind in the last byte, with no length", nop(3), raw(8)),
        lie("timestamps that are too short", raw(8, 9, 1, 1, 1, 1, 1, 1, 1), nop(3)),
        lie("timestamps that are too long", raw(8, 12, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)),
        lie("timestamps cut off by the header", nop(2), raw(8, 10, 1, 2, 3, 4)),
        lie("SACK without a block", nop(2), raw(5, 2)),
        lie("SACK with half a block", raw(5, 6, 1, 1, 1, 1), nop(2)),
        lie("SACK with a block and a byte", raw(5, 11), nop(9), nop(1)),
        lie("SACK with blocks beyond the header", nop(2), raw(5, 18), nop(8)),
        lie("a second SACK option", nop(1), sack(1, 2), sack(3, 4), nop(3)),
        lie("a second timestamps option", timestamps(1, 2), timestamps(3, 4)),
        lie("a good option first does not help", nop(2), timestamps(1, 2), raw(30, 0), nop(2)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("lies")
  void thatLieAreDroppedAndChangeNothing(Row row) {
    // Passed up, the DMZ node's stack would answer with RST and end the flow.
    Entry entry = Entry.toTarget().timestamps();
    bed.put(entry, Entry.toClient());
    assertDropped(bed.arrives(row.in), row.in, Baton.BATON_DROP_MALFORMED());
    assertThat(bed.state(entry)).isEqualTo(State.none());
  }
}

package dev.baton.dataplane;

import static dev.baton.dataplane.Options.nop;
import static dev.baton.dataplane.Options.redirect;
import static dev.baton.dataplane.Packet.ACK;
import static dev.baton.dataplane.Packet.SYN;
import static dev.baton.dataplane.Packet.fromClient;
import static dev.baton.dataplane.Packet.fromTarget;
import static dev.baton.dataplane.Packet.toClient;
import static dev.baton.dataplane.Packet.toTarget;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.bindings.flow.Baton;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * IPv6 extension headers: the ports behind them say whose the packet is, and then it is dropped.
 */
@ParameterizedClass
@EnumSource(value = Family.class, names = "V6")
class ExtensionTest extends ProgramTest {
  private static final int HOP_BY_HOP = 0;
  private static final int TCP = 6;
  private static final int ROUTING = 43;
  private static final int FRAGMENT = 44;
  private static final int AUTHENTICATION = 51;
  private static final int NONE = 59;
  private static final int DESTINATION = 60;
  private static final int MOBILITY = 135;

  /** A packet; the reason is 0 when it just goes on. */
  record Row(String says, int reason, Packet in) {
    @Override
    public String toString() {
      return says;
    }
  }

  /** A chain of headers of eight bytes each, of these types, before TCP. */
  private static Packet chain(Packet packet, int... types) {
    int[] bytes = new int[types.length * 8];
    for (int i = 0; i < types.length; i++) {
      bytes[i * 8] = i + 1 < types.length ? types[i + 1] : TCP;
    }
    return packet.extensions(types[0], bytes);
  }

  private static int[] sized(int next, int length, int bytes) {
    int[] header = new int[bytes];
    header[0] = next;
    header[1] = length;
    return header;
  }

  private static int[] repeat(int type, int times) {
    int[] types = new int[times];
    java.util.Arrays.fill(types, type);
    return types;
  }

  static Stream<Row> ofTheFlow() {
    int extension = Baton.BATON_DROP_EXTENSION();
    int fragment = Baton.BATON_DROP_FRAGMENT();
    return Stream.of(
        new Row("hop-by-hop options", extension, chain(fromClient(), HOP_BY_HOP)),
        new Row("a routing header", extension, chain(fromTarget(), ROUTING)),
        new Row("destination options", extension, chain(fromClient().payload(3), DESTINATION)),
        new Row(
            "destination options of 2 KB",
            extension,
            fromClient().extensions(DESTINATION, sized(TCP, 255, 2048))),
        new Row(
            "an authentication header counts in words",
            extension,
            fromClient().extensions(AUTHENTICATION, sized(TCP, 4, 24))),
        new Row(
            "a whole packet in a fragment header",
            fragment,
            fromClient().extensions(FRAGMENT, TCP, 0, 0, 0, 0, 0, 0, 9)),
        new Row("a first fragment", fragment, fromTarget().fragment(0x2000)),
        new Row(
            "a first fragment behind options is a fragment",
            fragment,
            chain(fromClient(), HOP_BY_HOP, DESTINATION, FRAGMENT)),
        new Row(
            "and before them too", fragment, chain(fromClient(), ROUTING, FRAGMENT, DESTINATION)),
        new Row("eight of them", extension, chain(fromClient(), repeat(DESTINATION, 8))),
        new Row(
            "one with a TCP header that lies",
            extension,
            chain(fromClient().headerWords(4), DESTINATION)),
        new Row("one in the last hop", extension, chain(fromClient().ttl(1), DESTINATION)),
        new Row("one with SYN", extension, chain(fromClient().flags(SYN), DESTINATION)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("ofTheFlow")
  void areDroppedAndCounted(Row row) {
    List<Entry> entries = List.of(Entry.toTarget(), Entry.toClient());
    entries.forEach(bed::put);
    assertDropped(bed.arrives(row.in), row.in, row.reason);
    entries.forEach(entry -> assertThat(bed.state(entry)).isEqualTo(State.none()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("ofTheFlow")
  void ofNoFlowAreLeftToTheStack(Row row) {
    assertPassed(bed.arrives(row.in), row.in);
  }

  @Test
  void anAnswerToASynIsNoExceptionToThat() {
    bed.put(Entry.pending(99, Long.MAX_VALUE));
    Packet answer = chain(fromTarget().flags(SYN | ACK).acknowledgment(100), DESTINATION);
    assertDropped(bed.arrives(answer), answer, Baton.BATON_DROP_EXTENSION());
  }

  @Test
  void aForgedHandoffIsSeenBehindThem() {
    Packet forged = chain(fromClient().flags(SYN).options(redirect(), nop(3)), HOP_BY_HOP, ROUTING);
    assertDropped(bed.arrives(forged), forged, Baton.BATON_DROP_OPTION_FROM_OUTSIDE());
  }

  static Stream<Row> notOfTheFlow() {
    return Stream.of(
        new Row("a later fragment has no ports", 0, fromClient().fragment(1).payload(8)),
        new Row(
            "a later fragment behind options",
            0,
            fromClient()
                .extensions(DESTINATION, FRAGMENT, 0, 1, 4, 0, 0, 0, 0, TCP, 0, 0, 8, 0, 0, 0, 9)),
        new Row("nine of them: nobody means it", 0, chain(fromClient(), repeat(DESTINATION, 9))),
        new Row("no next header", 0, fromClient().extensions(NONE)),
        new Row("a header that is not walked", 0, chain(fromClient(), MOBILITY)),
        new Row("UDP behind one", 0, fromClient().ipOptions(1, 1).protocol(17)),
        new Row(
            "one that says it is longer than the frame",
            0,
            fromClient().extensions(DESTINATION, sized(TCP, 255, 8))),
        new Row("one that is cut short", 0, chain(fromClient(), DESTINATION).cut(14 + 20 + 7)),
        new Row(
            "a TCP header behind one that is cut short",
            0,
            chain(fromClient(), DESTINATION).cut(14 + 20 + 8 + 19)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("notOfTheFlow")
  void whatHasNoPortsIsLeftToTheStack(Row row) {
    bed.put(Entry.toTarget(), Entry.toClient());
    assertPassed(bed.arrives(row.in), row.in);
  }

  /** RFC 2675 2, as the kernel writes it before a super-packet of more than 64 KB. */
  private static Packet jumbo(Packet packet, int length) {
    byte[] l = ByteBuffer.allocate(4).putInt(length).array();
    return packet.totalLength(0).extensions(HOP_BY_HOP, TCP, 0, 0xc2, 4, l[0], l[1], l[2], l[3]);
  }

  @Test
  void theKernelsOwnJumboHeaderIsNone() {
    bed.put(Entry.toTarget(), Entry.toClient());
    int length = 8 + 20 + 3000;
    assertTranslated(
        bed.arrives(jumbo(fromClient().payload(3000), length)),
        jumbo(toTarget().payload(3000), length));
    assertTranslated(
        bed.arrives(jumbo(fromTarget().payload(3000), length)),
        jumbo(toClient().payload(3000), length));
  }

  static Stream<Row> falseJumbos() {
    int extension = Baton.BATON_DROP_EXTENSION();
    int right = 8 + 20 + 10;
    return Stream.of(
        new Row("one byte more", extension, jumbo(fromClient().payload(10), right + 1)),
        new Row("one byte less", extension, jumbo(fromClient().payload(10), right - 1)),
        new Row(
            "with a length in the IP header as well",
            extension,
            jumbo(fromClient().payload(10), right).totalLength(20 + right)),
        new Row(
            "another option",
            extension,
            fromClient().totalLength(0).extensions(HOP_BY_HOP, TCP, 0, 5, 4, 0, 0, 0, 28)),
        new Row(
            "another header behind it",
            extension,
            fromClient()
                .totalLength(0)
                .extensions(
                    HOP_BY_HOP, ROUTING, 0, 0xc2, 4, 0, 0, 0, 36, TCP, 0, 0, 0, 0, 0, 0, 0)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("falseJumbos")
  void nothingElsePassesForIt(Row row) {
    bed.put(Entry.toTarget());
    assertDropped(bed.arrives(row.in), row.in, row.reason);
  }
}

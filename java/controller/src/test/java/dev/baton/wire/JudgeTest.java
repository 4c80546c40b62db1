package dev.baton.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.wire.Forged.Segment;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The judge against captures made by hand: one without fault, and the same with one each. */
class JudgeTest {
  private static final int SYN = Frame.SYN;
  private static final int ACK = Frame.ACK;
  private static final int FIN = Frame.FIN;
  private static final int C = 0xfffffff0; // wraps within the conversation
  private static final int S = 5000;
  private static final Set<String> PUBLIC =
      Set.of(Forged.CLIENT, Forged.SERVER, "fd00:0:0:1:0:0:0:2", "fd00:0:0:1:0:0:0:1");

  /** MSS 1000, scale 1, SACK permitted, timestamps. */
  private static String syn(int value, int echo) {
    return "020403e8" + "01030301" + "01010402" + timestamps(value, echo);
  }

  private static String timestamps(int value, int echo) {
    return "0101080a%08x%08x".formatted(value, echo);
  }

  private static Segment segment(
      boolean client, int flags, int seq, int ack, String options, String text) {
    return new Segment(client, flags, seq, ack, 50, options, text);
  }

  /** A whole connection: two requests, two answers, both FINs. */
  private static List<Segment> sound() {
    return new ArrayList<>(
        List.of(
            segment(true, SYN, C, 0, syn(10, 0), ""), // 0
            segment(false, SYN | ACK, S, C + 1, syn(900, 10), ""),
            segment(true, ACK, C + 1, S + 1, timestamps(11, 900), ""),
            segment(true, ACK, C + 1, S + 1, timestamps(11, 900), "request one!!"), // 3
            segment(false, ACK, S + 1, C + 14, timestamps(901, 11), ""),
            segment(false, ACK, S + 1, C + 14, timestamps(902, 11), "answer one"), // 5
            segment(true, ACK, C + 14, S + 11, timestamps(12, 902), ""),
            segment(true, ACK, C + 14, S + 11, timestamps(13, 902), "request two!!"), // 7
            segment(false, ACK, S + 11, C + 27, timestamps(903, 13), "answer two"),
            segment(true, ACK | FIN, C + 27, S + 21, timestamps(14, 903), ""), // 9
            segment(false, ACK | FIN, S + 21, C + 28, timestamps(904, 14), ""),
            segment(true, ACK, C + 28, S + 22, timestamps(15, 904), ""))); // 11
  }

  private static List<Fault> judge(boolean ipv6, List<Segment> segments) {
    return Judge.judge(Forged.capture(ipv6, segments), PUBLIC).stream()
        .map(Judge.Finding::fault)
        .distinct()
        .toList();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aSoundConnectionHasNone(boolean ipv6) {
    assertThat(judge(ipv6, sound())).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void lossRepetitionAndReorderingAreNone(boolean ipv6) {
    List<Segment> segments = sound();
    segments.add(4, segments.get(3)); // repeated
    segments.add(2, segments.get(1)); // a SYN,ACK too
    segments.add(1, segments.getFirst());
    // The second answer in two parts, in the wrong order, and a SACK between them.
    Segment answer = segments.get(11);
    assertThat(answer.text()).isEqualTo("answer two");
    segments.set(11, answer.withText(" two").withSeq(S + 17));
    String sack = "0101050a%08x%08x".formatted(S + 17, S + 21);
    segments.add(12, segment(true, ACK, C + 27, S + 11, timestamps(14, 903) + sack, ""));
    segments.add(13, answer.withText("answer"));
    assertThat(judge(ipv6, segments)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anEndThatHasClosedMayAnswerAStragglerWithAReset(boolean ipv6) {
    List<Segment> segments = sound();
    segments.add(segments.getLast());
    segments.add(segment(false, Frame.RST, S + 22, 0, "", ""));
    assertThat(judge(ipv6, segments)).isEmpty();
  }

  static Stream<Arguments> faults() {
    return Stream.of(
        fault(Fault.BAD_OPTIONS, 6, each -> each.withOptions("fd0a0101")),
        fault(Fault.NO_SYN, 0, each -> each.withFlags(ACK)),
        fault(Fault.ACK_OF_UNSEEN, 6, each -> each.withAck(S + 12)),
        fault(
            Fault.SACK_OF_UNSEEN,
            6,
            each -> each.withOptions(each.options() + "0101050a%08x%08x".formatted(S + 9, S + 12))),
        fault(
            Fault.SACK_OF_UNSEEN,
            6,
            each -> each.withOptions(each.options() + "0101050a%08x%08x".formatted(S + 9, S + 9))),
        fault(Fault.OUT_OF_WINDOW, 8, each -> each.withText("x".repeat(101))),
        fault(Fault.LONGER_THAN_MSS, 8, each -> each.withText("x".repeat(1001))),
        fault(Fault.BEHIND_FIN, 11, each -> each.withText("more")),
        fault(Fault.BEHIND_FIN, 3, each -> each.withFlags(ACK | FIN)),
        fault(Fault.OTHER_BYTES, 7, each -> each.withSeq(C + 1)),
        fault(Fault.TIMESTAMP_BACK, 7, each -> each.withOptions(timestamps(10, 902))),
        fault(Fault.TIMESTAMP_BACK, 6, each -> each.withOptions(timestamps(9, 902))),
        fault(Fault.ECHO_OF_UNSEEN, 6, each -> each.withOptions(timestamps(12, 903))),
        fault(Fault.NO_ECHO, 6, each -> each.withOptions(timestamps(12, 0))),
        fault(Fault.NO_TIMESTAMP, 6, each -> each.withOptions("")),
        fault(Fault.RESET, 6, each -> each.withFlags(Frame.RST)),
        fault(Fault.RESET, 10, each -> each.withFlags(Frame.RST)),
        fault(
            Fault.EXPERIMENTAL_OPTION,
            0,
            each -> each.withOptions(each.options() + "fe0952440f0a000102000000")));
  }

  private static Arguments fault(Fault fault, int at, UnaryOperator<Segment> change) {
    return Arguments.of(fault, at, change);
  }

  @ParameterizedTest(name = "{0} at {1}")
  @MethodSource("faults")
  void eachFaultIsFound(Fault fault, int at, UnaryOperator<Segment> change) {
    for (boolean ipv6 : new boolean[] {false, true}) {
      List<Segment> segments = sound();
      segments.set(at, change.apply(segments.get(at)));
      assertThat(judge(ipv6, segments)).contains(fault);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anyFlippedBitBehindTheEthernetHeaderIsABadChecksumOrWorse(boolean ipv6) {
    var whole = new Forged(ipv6);
    byte[] request = whole.frame(sound().get(3));
    int headers = ipv6 ? 54 : 34;
    for (int at = headers + 4; at < request.length; at++) {
      if (at == headers + 12) {
        continue; // the data offset: the frame would be another
      }
      byte[] flipped = request.clone();
      flipped[at] ^= 4;
      var forged = new Forged(ipv6);
      forged.add(flipped);
      assertThat(Judge.judge(forged.frames(), Set.of()))
          .as("byte %d", at)
          .extracting(Judge.Finding::fault)
          .contains(Fault.BAD_CHECKSUM);
    }
  }

  @Test
  void anAddressOfTheClusterIsForeignOnThePublicSide() {
    assertThat(Judge.judge(Forged.capture(false, sound()), Set.of(Forged.CLIENT, "10.0.2.1")))
        .extracting(Judge.Finding::fault)
        .containsOnly(Fault.FOREIGN_ADDRESS);
  }

  @Test
  void theSameTupleCanBeUsedAgain() {
    List<Segment> twice = sound();
    for (Segment segment : sound()) {
      int seq = segment.seq() + 100_000;
      twice.add(segment.withSeq(seq).withAck(segment.ack() == 0 ? 0 : segment.ack() + 100_000));
    }
    assertThat(judge(false, twice)).isEmpty();
  }
}

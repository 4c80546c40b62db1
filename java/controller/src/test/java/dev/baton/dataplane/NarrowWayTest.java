package dev.baton.dataplane;

import static dev.baton.dataplane.IcmpError.about;
import static dev.baton.dataplane.IcmpError.between;
import static dev.baton.dataplane.Options.nop;
import static dev.baton.dataplane.Options.timestamps;
import static dev.baton.dataplane.Packet.fromClient;
import static dev.baton.dataplane.Packet.fromTarget;
import static dev.baton.dataplane.Packet.toClient;
import static dev.baton.dataplane.Packet.toTarget;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.bindings.flow.Baton;
import dev.baton.dataplane.IcmpError.Kind;
import dev.baton.dataplane.TestBed.Outcome;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A client may say of its own way what it likes. What a target is told it takes for the way to the
 * DMZ node, for all flows: so it is told of no less than 1280 bytes, and the flow's packets may be
 * fragmented instead. Here the target has sent 2000 bytes.
 */
@BothFamilies
class NarrowWayTest extends ProgramTest {
  private static final int NEAR = 4 << 20;
  private static final int SENT = Packet.TARGET_NEXT_AT_CLIENT + 2000;
  private static final int NOT_FRAGMENT = 0x4000;
  private static final int RESERVED = 0x8000;

  private final Entry toTarget = Entry.toTarget();
  private final Entry toClient = Entry.toClient();

  private void begin() {
    bed.put(toTarget, toClient);
    bed.arrives(fromTarget().payload(2000));
  }

  private static IcmpError tooBig(int sequence, int mtu) {
    return about(toClient().sequence(sequence).payload(100), Kind.TOO_BIG).mtu(mtu);
  }

  private boolean mayFragment() {
    return bed.state(toClient).has(Baton.BATON_STATE_MAY_FRAGMENT());
  }

  private void assertDropped(IcmpError in, int reason) {
    Outcome outcome = bed.arrives(in);
    assertThat(outcome.verdict()).isEqualTo(TestBed.DROP);
    assertThat(outcome.counted()).isEqualTo(each(reason));
    assertThat(outcome.events()).isEmpty();
  }

  private void assertTold(IcmpError in) {
    Outcome outcome = bed.arrives(in);
    assertThat(outcome.verdict()).isEqualTo(TestBed.REDIRECT);
    assertThat(outcome.counted()).isEqualTo(each(Baton.BATON_ICMP_TRANSLATED()));
    assertThat(mayFragment()).isFalse();
  }

  @ParameterizedTest(name = "{0} bytes")
  @ValueSource(ints = {0, 68, 552, 576, 1279})
  void ofAVeryNarrowWayTheTargetIsNotTold(int mtu) {
    assumeTrue(family == Family.V4, "a target goes to no less over IPv6 either");
    begin();
    assertDropped(tooBig(SENT - 1000, mtu), Baton.BATON_MAY_FRAGMENT());
    assertThat(mayFragment()).isTrue();
    assertThat(bed.state(toTarget)).isEqualTo(State.none());
  }

  @Test
  void fromThenOnItsPacketsMayBeFragmented() {
    assumeTrue(family == Family.V4, "IPv6 routers do not fragment");
    toTarget.learned(-0x100, 0).options(Baton.BATON_FLOW_TIMESTAMPS());
    begin();
    bed.arrives(tooBig(SENT - 1000, 576));
    assertTranslated(bed.arrives(fromTarget().payload(9)), toClient().payload(9).fragment(0));
    assertTranslated(bed.arrives(fromTarget().fragment(0)), toClient().fragment(0));
    Packet odd = fromTarget().fragment(RESERVED | NOT_FRAGMENT);
    assertTranslated(bed.arrives(odd), toClient().fragment(RESERVED));
    bed.put(toClient.timestamps().flags(Baton.BATON_STATE_MAY_FRAGMENT()));
    assertTranslated(
        bed.arrives(fromTarget().options(nop(2), timestamps(12_000, 0)).payload(700)),
        toClient().options(nop(2), timestamps(7000, 0)).payload(700).fragment(0));
    assertTranslated(bed.arrives(fromClient().payload(9)), toTarget().payload(9));
  }

  @Test
  void theIpChecksumComesOutRight() {
    assumeTrue(family == Family.V4, "IPv6 headers have no checksum");
    bed.put(toTarget, toClient.flags(Baton.BATON_STATE_MAY_FRAGMENT()));
    for (int id = 0; id <= 0xffff; id += 7) {
      byte[] out = bed.forward(fromTarget().id(id));
      assertThat(Checksums.ipIsRight(out)).as("identification %04x", id).isTrue();
    }
    int result = bed.arrivesSummed(fromTarget().payload(77));
    assumeTrue(result != -22, "needs Linux 6.11 (BPF_F_TEST_SKB_CHECKSUM_COMPLETE)");
    assertThat(result).isZero();
  }

  @ParameterizedTest(name = "{0} bytes")
  @ValueSource(ints = {1280, 1300, 1500, 65_535})
  void ofAnyOtherWayItIsTold(int mtu) {
    begin();
    assertTold(tooBig(SENT - 1000, mtu));
  }

  @Test
  void overIpv6ItIsToldWhateverIsSaid() {
    assumeTrue(family == Family.V6, "over IPv4 it is not");
    begin();
    assertTold(tooBig(SENT - 1000, 576));
  }

  @Test
  void whatTheTargetCannotHaveSentIsNotBelieved() {
    assumeTrue(family == Family.V4, "over IPv6 the target judges for itself");
    begin();
    for (int sequence : new int[] {SENT + 1, SENT - NEAR - 1, SENT ^ 0x8000_0000}) {
      assertDropped(tooBig(sequence, 576), Baton.BATON_DROP_ICMP());
      assertThat(mayFragment()).isFalse();
    }
    for (int sequence : new int[] {SENT, SENT - NEAR}) {
      bed.put(toClient);
      bed.arrives(fromTarget().payload(2000));
      assertDropped(tooBig(sequence, 576), Baton.BATON_MAY_FRAGMENT());
      assertThat(mayFragment()).isTrue();
    }
  }

  @Test
  void withoutTheOtherEntryThereIsNothingToChange() {
    assumeTrue(family == Family.V4, "over IPv6 the target judges for itself");
    bed.put(toTarget);
    assertDropped(tooBig(SENT, 576), Baton.BATON_DROP_ICMP());
    bed.put(toClient.newDestinationPort(Packet.CLIENT_PORT + 1));
    assertDropped(tooBig(SENT, 576), Baton.BATON_DROP_ICMP());
    assertThat(bed.state(toClient)).as("another flow's").isEqualTo(State.none());
  }

  @Test
  void theClientIsToldOfTheTargetsWayWhateverItIs() {
    begin();
    IcmpError in = about(toTarget(), Kind.TOO_BIG).mtu(576);
    IcmpError out =
        between(Packet.LISTENER, Packet.CLIENT, Kind.TOO_BIG, fromClient().ttl(63))
            .mtu(576)
            .ttl(63);
    Outcome outcome = bed.arrives(in);
    assertThat(outcome.frame()).isEqualTo(out.frame(family));
    assertThat(outcome.counted()).isEqualTo(each(Baton.BATON_ICMP_TRANSLATED()));
  }

  @Test
  void anyOtherErrorIsTranslated() {
    begin();
    for (Kind kind : new Kind[] {Kind.HOST_UNREACHABLE, Kind.TIME_EXCEEDED}) {
      assertTold(about(toClient().sequence(SENT).payload(100), kind).mtu(576));
    }
  }
}

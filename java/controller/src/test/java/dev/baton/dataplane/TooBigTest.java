package dev.baton.dataplane;

import static dev.baton.dataplane.Options.nop;
import static dev.baton.dataplane.Options.timestamps;
import static dev.baton.dataplane.Packet.SYN;
import static dev.baton.dataplane.Packet.fromClient;
import static dev.baton.dataplane.Packet.fromTarget;
import static dev.baton.dataplane.Packet.toClient;
import static dev.baton.dataplane.Packet.toTarget;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.bindings.flow.Baton;
import dev.baton.dataplane.TestBed.Outcome;
import org.junit.jupiter.api.Test;

/**
 * A packet too big for its way on becomes the ICMP error about it. A test run's packet has no
 * partial checksum; with one it is tried end to end.
 */
@BothFamilies
class TooBigTest extends ProgramTest {
  private static final int TCP = 20;

  /** The loopback interface's, more than ICMPv4 can tell. */
  private static final int LOOPBACK_MTU = 65536;

  private int least() {
    return family == Family.V4 ? 68 : 1280;
  }

  /** The IP packet's bytes with so much payload. */
  private int length(int payload) {
    return family.header + TCP + payload;
  }

  private void assertAnswered(Outcome outcome, Packet in, int mtu, int length) {
    IcmpError answer = IcmpError.answering(in).ofSegment(length).mtu(mtu);
    assertThat(outcome.verdict()).as("verdict").isEqualTo(TestBed.REDIRECT);
    assertThat(outcome.counted()).as("counters").isEqualTo(each(Baton.BATON_TOO_BIG_ANSWERED()));
    assertThat(outcome.mark()).as("mark").isEqualTo(Baton.BATON_MARK_TRANSLATED());
    assertThat(outcome.frame()).as("frame").isEqualTo(answer.frame(family));
    assertThat(outcome.events()).isEmpty();
  }

  @Test
  void whatTheReceiverDoesNotTakeIsAnswered() {
    Entry toTarget = Entry.toTarget().mtu(length(1400));
    Entry toClient = Entry.toClient().mtu(length(1300));
    bed.put(toTarget, toClient);
    Packet up = fromClient().payload(1401);
    assertAnswered(bed.arrives(up), up, length(1400), length(1401));
    Packet down = fromTarget().payload(1301);
    assertAnswered(bed.arrives(down), down, length(1300), length(1301));
    assertThat(bed.state(toTarget)).as("it has not passed").isEqualTo(State.none());
    assertThat(bed.state(toClient)).isEqualTo(State.none());
  }

  @Test
  void whatFitsExactlyIsTranslated() {
    bed.put(Entry.toTarget().mtu(length(1400)), Entry.toClient().mtu(length(1400)));
    assertTranslated(bed.arrives(fromClient().payload(1400)), toTarget().payload(1400));
    assertTranslated(bed.arrives(fromTarget().payload(1400)), toClient().payload(1400));
  }

  @Test
  void optionsCountAndAreNotQuoted() {
    bed.put(Entry.toTarget().mtu(length(1400)), Entry.toClient());
    Packet in = fromClient().payload(1389).options(nop(2), timestamps(1, 2));
    assertAnswered(bed.arrives(in), in, length(1400), length(1401));
  }

  @Test
  void aSuperPacketIsJudgedByItsSegments() {
    bed.put(Entry.toTarget().mtu(length(1400)), Entry.toClient());
    assertTranslated(bed.arrives(fromClient().payload(3000), 1400, 3), toTarget().payload(3000));
    Packet in = fromClient().payload(3001);
    assertAnswered(bed.arrives(in, 1401, 3), in, length(1400), length(1401));
  }

  @Test
  void aSuperPacketWithoutALengthIsToo() {
    bed.put(Entry.toTarget().mtu(length(1400)), Entry.toClient());
    Packet in = fromClient().payload(3001).totalLength(0);
    assertAnswered(bed.arrives(in, 1401, 3), in, length(1400), length(1401));
  }

  @Test
  void whatTheInterfaceDoesNotTakeIsAnswered() {
    // No frame of a test run exceeds the loopback's MTU, but a segment may say that it will.
    bed.put(Entry.toTarget(), Entry.toClient());
    int most = LOOPBACK_MTU - family.header - TCP;
    assertTranslated(bed.arrives(fromClient().payload(100), most, 2), toTarget().payload(100));
    Packet in = fromClient().payload(100);
    assertAnswered(bed.arrives(in, most + 1, 2), in, 65_535, length(most + 1));
  }

  @Test
  void aSynIsAnsweredLikeAnythingElse() {
    bed.put(Entry.toTarget().mtu(length(1400)), Entry.toClient());
    Packet in = fromClient().flags(SYN).payload(1401);
    assertAnswered(bed.arrives(in), in, length(1400), length(1401));
  }

  @Test
  void noLessIsToldThanEveryLinkCarries() {
    bed.put(Entry.toTarget().mtu(least() - 1), Entry.toClient());
    Packet in = fromClient().payload(least() + 1 - family.header - TCP);
    assertAnswered(bed.arrives(in), in, least(), least() + 1);
  }

  @Test
  void aSenderThatCouldNotSendLessIsNotTold() {
    bed.put(Entry.toTarget().mtu(least() - 1), Entry.toClient());
    Packet in = fromClient().payload(least() - family.header - TCP);
    assertDropped(bed.arrives(in), in, Baton.BATON_DROP_TOO_BIG());
  }

  @Test
  void anInterfaceThatIsGoneHasNoMtu() {
    bed.put(Entry.toTarget().egress(4711), Entry.toClient());
    assertTranslated(bed.arrives(fromClient().payload(3000)), toTarget().payload(3000));
  }
}

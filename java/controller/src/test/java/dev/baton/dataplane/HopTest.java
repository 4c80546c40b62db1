package dev.baton.dataplane;

import static dev.baton.dataplane.Packet.fromClient;
import static dev.baton.dataplane.Packet.fromTarget;
import static dev.baton.dataplane.Packet.toClient;
import static dev.baton.dataplane.Packet.toTarget;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.bindings.flow.Baton;
import org.junit.jupiter.api.Test;

/** The next hop that XDP needs: asked for under tc on ingress, learned on egress. */
@BothFamilies
class HopTest extends ProgramTest {
  private static final int LEARN = Baton.BATON_MARK_LEARN();
  private static final int TRANSLATED = Baton.BATON_MARK_TRANSLATED();
  private static final long MAC = 0xfedc_ba98_7642L;
  private static final long OWN_MAC = 2;
  private static final long MAC_BITS = 0xffff_ffff_ffffL;

  private final Entry up = Entry.toTarget();
  private final Entry down = Entry.toClient();

  private void useXdp() {
    bed.link(Baton.BATON_TO_TARGET(), Entry.LOOPBACK, OWN_MAC);
    bed.link(Baton.BATON_TO_CLIENT(), Entry.LOOPBACK, OWN_MAC);
  }

  private static long now() {
    return System.nanoTime() >> Baton.BATON_HOP_SHIFT();
  }

  @Test
  void withoutXdpNobodyAsks() {
    bed.put(up, down);
    assertThat(bed.arrives(fromClient()).mark()).isEqualTo(TRANSLATED);
    assertThat(bed.arrives(fromTarget()).mark()).isEqualTo(TRANSLATED);
  }

  @Test
  void whereXdpIsOnAnotherInterfaceNobodyAsks() {
    bed.link(Baton.BATON_TO_TARGET(), Entry.LOOPBACK + 1, OWN_MAC);
    bed.put(up, down);
    assertThat(bed.arrives(fromClient()).mark()).isEqualTo(TRANSLATED);
  }

  @Test
  void anUnknownOrAnOldOneIsAskedFor() {
    useXdp();
    bed.put(up, down);
    assertThat(bed.arrives(fromClient()).mark()).as("unknown").isEqualTo(LEARN);
    bed.put(down.hop(XdpTest.hop(MAC, 5)));
    assertThat(bed.arrives(fromTarget()).mark()).as("a third of a second old").isEqualTo(LEARN);
    bed.put(down.hop(XdpTest.hop(MAC, 0)));
    assertThat(bed.arrives(fromTarget()).mark()).as("new").isEqualTo(TRANSLATED);
  }

  @Test
  void theGuardLearnsItFromWhatLeaves() {
    useXdp();
    bed.put(up, down);
    long before = now();
    Packet out = toTarget().ethernet(MAC, OWN_MAC);
    assertPassed(bed.leaves(out, LEARN), out);
    assertThat(bed.hop(up) & MAC_BITS).isEqualTo(MAC);
    // The coarse clock may be a tick behind.
    assertThat((bed.hop(up) >>> 48) - (before & 0xffff)).isBetween(-1L, now() - before);
    assertThat(bed.hop(down)).as("the other direction's").isZero();
    assertThat(bed.arrives(fromClient()).mark()).as("not asked again").isEqualTo(TRANSLATED);

    Packet back = toClient().ethernet(MAC + 0x100, OWN_MAC);
    assertPassed(bed.leaves(back, LEARN), back);
    assertThat(bed.hop(down) & MAC_BITS).isEqualTo(MAC + 0x100);
    assertThat(bed.hop(up) & MAC_BITS).as("each has its own").isEqualTo(MAC);
  }

  @Test
  void onlyFromWhatItWasAskedFor() {
    useXdp();
    bed.put(up, down);
    bed.leaves(toTarget().ethernet(MAC, OWN_MAC), TRANSLATED);
    bed.leaves(toTarget().ethernet(MAC, OWN_MAC), Baton.BATON_MARK_OWN());
    bed.leaves(toTarget().ethernet(MAC, OWN_MAC), 0);
    assertThat(bed.hop(up)).isZero();
  }

  @Test
  void notFromAnotherInterface() {
    useXdp();
    bed.put(up.egress(4711), down);
    Packet out = toTarget().ethernet(MAC, OWN_MAC);
    assertPassed(bed.leaves(out, LEARN), out);
    assertThat(bed.hop(up)).isZero();
  }

  @Test
  void whatItCannotPlacePassesAsTranslated() {
    useXdp();
    Packet out = toTarget().ethernet(MAC, OWN_MAC);
    assertPassed(bed.leaves(out, LEARN), out);
    bed.put(up);
    assertPassed(bed.leaves(out, LEARN), out);
    assertThat(bed.hop(up)).as("its partner is missing").isZero();
  }
}

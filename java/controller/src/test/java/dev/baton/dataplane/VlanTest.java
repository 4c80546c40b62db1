package dev.baton.dataplane;

import static dev.baton.dataplane.Packet.fromClient;
import static dev.baton.dataplane.Packet.fromTarget;
import static dev.baton.dataplane.Packet.toClient;
import static dev.baton.dataplane.Packet.toTarget;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.bindings.flow.Baton;
import dev.baton.bpf.BpfObject;
import dev.baton.bpf.SkbContext;
import dev.baton.dataplane.TestBed.Outcome;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * VLAN tags under tc, where the kernel keeps them beside the packet. A test run can neither set nor
 * show them, so a small program sets them, and that a priority tag is gone afterwards stays unseen.
 */
@BothFamilies
@SuppressWarnings("NullAway.Init")
class VlanTest extends ProgramTest {
  private static BpfObject object;

  @BeforeAll
  static void loadPusher() {
    object = BpfObject.open(TestBed.resource("/bpf/vlan.bpf.o"), "vlan");
    object.load();
  }

  @AfterAll
  static void closePusher() {
    if (object != null) {
      object.close();
    }
  }

  private static Outcome arrivesTagged(Packet packet, int tag) {
    return bed.arrivesThrough(
        object.program("push_vlan"), object.map("under_test"), packet, new SkbContext().cb(0, tag));
  }

  @ParameterizedTest(name = "tag {0}")
  @ValueSource(ints = {1, 5, 0xfff, 0xe001, 0xffff})
  void aVlansPacketsBelongToItsOwnInterface(int tag) {
    Entry entry = Entry.toTarget();
    bed.put(entry, Entry.toClient());
    Packet in = fromClient().payload(10);
    assertPassed(arrivesTagged(in, tag), in);
    assertThat(bed.state(entry)).isEqualTo(State.none());
  }

  @ParameterizedTest(name = "tag {0}")
  @ValueSource(ints = {0, 0x2000, 0xe000, 0x1000})
  void aPriorityTagChangesNothing(int tag) {
    bed.put(Entry.toTarget(), Entry.toClient());
    assertTranslated(arrivesTagged(fromClient().payload(10), tag), toTarget().payload(10));
    assertTranslated(arrivesTagged(fromTarget().payload(10), tag), toClient().payload(10));
  }

  @ParameterizedTest(name = "tag {0}")
  @ValueSource(ints = {0, 0xe000})
  void withAPriorityTagTheUnfitIsDroppedToo(int tag) {
    bed.put(Entry.toTarget());
    Packet in = fromClient().ttl(1);
    assertDropped(arrivesTagged(in, tag), in, Baton.BATON_DROP_TTL());
  }
}

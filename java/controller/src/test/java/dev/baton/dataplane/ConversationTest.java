package dev.baton.dataplane;

import static dev.baton.dataplane.Options.mss;
import static dev.baton.dataplane.Options.nop;
import static dev.baton.dataplane.Options.timestamps;
import static dev.baton.dataplane.Options.windowScale;
import static dev.baton.dataplane.Packet.ACK;
import static dev.baton.dataplane.Packet.FIN;
import static dev.baton.dataplane.Packet.SYN;
import static dev.baton.dataplane.Packet.fromClient;
import static dev.baton.dataplane.Packet.fromTarget;
import static dev.baton.dataplane.Packet.toClient;
import static dev.baton.dataplane.Packet.toTarget;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.bindings.flow.Baton;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The controller's own readers and writers of the maps against the programs: what {@link FlowTable}
 * writes is what they follow, what they note is what {@link FlowView} and {@link TargetEvent} say.
 */
@SuppressWarnings("NullAway.Init")
class ConversationTest extends ProgramTest {
  private static final int SLOT = 9;
  private static final int INSTANCE = 31;

  private final FlowTuple tuple = new FlowTuple();
  private final Translation translation = new Translation();
  private FlowTable table;

  @BeforeEach
  void fill() {
    tuple.client.setV4(Packet.CLIENT);
    tuple.clientPort = Packet.CLIENT_PORT;
    tuple.listener.setV4(Packet.LISTENER);
    tuple.listenerPort = Packet.LISTENER_PORT;
    tuple.own.setV4(Packet.OWN);
    tuple.ownPort = Packet.OWN_PORT;
    tuple.target.setV4(Packet.TARGET);
    tuple.targetPort = Packet.TARGET_PORT;
    tuple.publicInterface = Entry.LOOPBACK;
    tuple.clusterInterface = Entry.LOOPBACK;
    translation.sequenceAdd = Entry.SEQUENCE_ADD;
    translation.acknowledgmentAdd = Entry.ACKNOWLEDGMENT_ADD;
    translation.timestamps = true;
    translation.timestampAdd = -5000;
    translation.clientWindowShift = 2;
    translation.targetWindowShift = -2;
    translation.clientNext = Packet.CLIENT_NEXT;
    translation.targetNext = Packet.TARGET_NEXT;
    table = new FlowTable(bed.flows(), bed.replays(), INSTANCE, 0);
  }

  @AfterEach
  void closeTable() {
    table.close();
  }

  private void goLive() {
    assertThat(table.putToClient(tuple, translation, SLOT, 1)).isZero();
    assertThat(table.putToTarget(tuple, translation, SLOT, 2)).isZero();
  }

  private static Packet client(int flags, int sent, int received) {
    return fromClient()
        .flags(flags)
        .sequence(Packet.CLIENT_NEXT + sent)
        .acknowledgment(Packet.TARGET_NEXT_AT_CLIENT + received);
  }

  private static Packet target(int flags, int sent, int received) {
    return fromTarget()
        .flags(flags)
        .sequence(Packet.TARGET_NEXT + sent)
        .acknowledgment(Packet.CLIENT_NEXT_AT_TARGET + received);
  }

  @Test
  void aPendingEntryIsAnsweredToItsEventLoop() {
    int syn = 0x1234;
    assertThat(table.putPending(tuple, SLOT, syn, 1, Long.MAX_VALUE)).isZero();
    Packet answer =
        fromTarget()
            .flags(SYN | ACK)
            .acknowledgment(syn + 1)
            .window(501)
            .options(mss(1400), timestamps(0x8000_0001L, 3), nop(3), windowScale(9));
    assertThat(bed.arrives(answer).events()).hasSize(1);
    assertTold(new TargetEvent().over(bed.newestEvent()));
    Packet late = fromTarget().flags(SYN | ACK).acknowledgment(syn + 1);
    assertThat(table.putPending(tuple, SLOT, syn, 1, System.nanoTime() - 1)).isZero();
    assertPassed(bed.arrives(late), late, Baton.BATON_PASS_EXPIRED());
  }

  private static void assertTold(TargetEvent event) {
    assertThat(event.type()).isEqualTo(Baton.BATON_EVENT_SYNACK());
    assertThat(event.instance()).isEqualTo(INSTANCE);
    assertThat(event.slot()).isEqualTo(SLOT);
    assertThat(event.sequence()).isEqualTo(Packet.TARGET_NEXT);
    assertThat(event.acknowledgment()).isEqualTo(0x1235);
    assertThat(event.window()).isEqualTo(501);
    assertThat(event.mss()).isEqualTo(1400);
    assertThat(event.windowScale()).isEqualTo(9);
    assertThat(event.flags()).isEqualTo(SYN | ACK);
    assertThat(event.fromTarget()).isTrue();
    assertThat(event.timestamps()).isTrue();
    assertThat(event.tsval()).isEqualTo(0x8000_0001);
    FlowTuple read = new FlowTuple();
    event.into(read);
    assertThat(read.target.v4()).isEqualTo(Packet.TARGET);
    assertThat(read.targetPort).isEqualTo(Packet.TARGET_PORT);
    assertThat(read.own.v4()).isEqualTo(Packet.OWN);
    assertThat(read.ownPort).isEqualTo(Packet.OWN_PORT);
  }

  @Test
  void whatTheTableWritesIsHowSegmentsAreTranslated() {
    goLive();
    assertTranslated(
        bed.arrives(fromClient().window(1000).payload(10)), toTarget().window(4000).payload(10));
    assertTranslated(
        bed.arrives(fromTarget().window(1000).payload(10)), toClient().window(250).payload(10));
    // The target's clock as the client knows it is 5000 behind; the client's is not yet known.
    assertTranslated(
        bed.arrives(fromTarget().window(4).options(nop(2), timestamps(12_000, 77))),
        toClient().window(1).options(nop(2), timestamps(7000, 0)));
    assertThat(table.readToTarget(tuple)).isTrue();
    assertThat(table.clockLearned()).isFalse();
  }

  @Test
  void theTableReadsWhatTheProgramNoted() {
    goLive();
    bed.arrives(target(ACK, 0, 0).payload(40));
    int before = (int) (System.nanoTime() / 1_000_000);
    bed.arrives(client(ACK, 0, 40).window(1000).payload(10).options(nop(2), timestamps(5, 6)));
    assertThat(table.readToTarget(tuple)).isTrue();
    assertThat(table.translates()).isTrue();
    assertThat(table.seen()).isTrue();
    assertThat(table.sequenceEnd()).isEqualTo(Packet.CLIENT_NEXT + 10);
    assertThat(table.acknowledged()).isEqualTo(Packet.TARGET_NEXT_AT_CLIENT + 40);
    assertThat(table.window()).isEqualTo(4000);
    assertThat(table.clockLearned()).isTrue();
    int now = (int) (System.nanoTime() / 1_000_000);
    assertThat(now - table.newestTimestamp()).as("clock_add is 0").isBetween(0, now - before);
    assertThat(table.lastSeen()).isPositive();
    assertThat(table.readToClient(tuple)).isTrue();
    assertThat(table.sequenceEnd()).isEqualTo(Packet.TARGET_NEXT + 40);
  }

  @Test
  void aWholeLifeIsSeenInTheViews() {
    goLive();
    bed.arrives(client(ACK, 0, 0).payload(10));
    bed.arrives(target(ACK, 0, 10).payload(500));
    bed.arrives(client(FIN | ACK, 10, 500));
    assertThat(view(true).halfOpen()).isTrue();
    assertThat(view(false).halfOpen()).isTrue();
    assertThat(view(true).closed()).isFalse();
    bed.arrives(target(FIN | ACK, 500, 11));
    assertThat(bed.arrives(client(ACK, 11, 501)).events())
        .extracting(Event::type, Event::slot)
        .containsExactly(org.assertj.core.groups.Tuple.tuple(Baton.BATON_EVENT_CLOSED(), SLOT));
    FlowView up = view(true);
    assertThat(up.closed()).isTrue();
    assertThat(up.reset()).isFalse();
    assertThat(up.packets()).isEqualTo(3);
    assertThat(up.bytes()).isEqualTo(10);
    assertThat(up.sequenceNext()).isEqualTo(Packet.CLIENT_NEXT_AT_TARGET + 11);
    assertThat(up.instance()).isEqualTo(INSTANCE);
    FlowView down = view(false);
    assertThat(down.closed()).isTrue();
    assertThat(down.bytes()).isEqualTo(500);
    assertThat(down.sequenceNext()).isEqualTo(Packet.TARGET_NEXT_AT_CLIENT + 501);
    assertThat(down.tuple())
        .usingRecursiveComparison()
        .ignoringFields("publicInterface", "clusterInterface")
        .isEqualTo(tuple);
    assertThat(up.tuple())
        .usingRecursiveComparison()
        .ignoringFields("publicInterface", "clusterInterface")
        .isEqualTo(tuple);
  }

  @Test
  void theReplaysEndIsHeeded() {
    goLive();
    assertThat(bed.arrives(fromTarget()).events()).hasSize(1);
    table.endReplay(tuple);
    assertThat(bed.arrives(fromTarget()).events()).isEmpty();
    assertThat(table.readToClient(tuple)).isTrue();
    assertThat(table.state()).isEqualTo(Baton.BATON_STATE_SEEN() | Baton.BATON_STATE_REPLAY_DONE());
  }

  @Test
  void whatIsRemovedIsNoMoreBatons() {
    goLive();
    table.remove(tuple);
    assertPassed(bed.arrives(fromClient()), fromClient());
    assertPassed(bed.arrives(fromTarget()), fromTarget());
    assertThat(table.readToClient(tuple)).isFalse();
    assertThat(bed.replays().forEach((key, value) -> {})).isZero();
  }

  private FlowView view(boolean toTarget) {
    List<FlowView> views = new ArrayList<>();
    bed.flows().forEach((key, value) -> views.add(FlowView.of(key, value)));
    assertThat(views).hasSize(2);
    return views.stream().filter(view -> view.toTarget() == toTarget).findFirst().orElseThrow();
  }
}

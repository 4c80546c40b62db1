package dev.baton.dataplane;

import static dev.baton.dataplane.Packet.ACK;
import static dev.baton.dataplane.Packet.FIN;
import static dev.baton.dataplane.Packet.RST;
import static dev.baton.dataplane.Packet.SYN;
import static dev.baton.dataplane.Packet.toClient;
import static dev.baton.dataplane.Packet.toTarget;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.bindings.flow.Baton;
import dev.baton.dataplane.TestBed.Outcome;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** On the way out: the DMZ node's own stack is kept quiet about tuples that are handed off. */
@BothFamilies
class GuardTest extends ProgramTest {
  private static final int STACK = 0;
  private static final int TRANSLATED = Baton.BATON_MARK_TRANSLATED();
  private static final int LEARN = Baton.BATON_MARK_LEARN();
  private static final int OWN = Baton.BATON_MARK_OWN();

  /** A packet about to leave while a flow is live. */
  record Row(String says, boolean passes, int mark, Packet out) {
    @Override
    public String toString() {
      return says;
    }
  }

  static Stream<Row> whileLive() {
    return Stream.of(
        new Row("the stack's RST to the client", false, STACK, toClient().flags(RST)),
        new Row("the stack's RST to the target", false, STACK, toTarget().flags(RST)),
        new Row("the stack's data to the client", false, STACK, toClient().payload(100)),
        new Row("the stack's FIN to the client", false, STACK, toClient().flags(FIN | ACK)),
        new Row(
            "a SYN that another process sends from the same port",
            false,
            STACK,
            toTarget().flags(SYN)),
        new Row("a stranger's mark opens nothing", false, 1, toClient()),
        new Row("nor does a mark that is one off", false, LEARN + 1, toClient()),
        new Row(
            "with IP options it is the stack's as well",
            false,
            STACK,
            toClient().ipOptions(1, 1, 1, 1)),
        new Row("so is a first fragment", false, STACK, toClient().fragment(0x2000)),
        new Row("a translated segment to the client", true, TRANSLATED, toClient()),
        new Row("a translated segment to the target", true, TRANSLATED, toTarget()),
        new Row("a translated segment that tells the next hop", true, LEARN, toTarget()),
        new Row("Baton's own segment to the target", true, OWN, toTarget().payload(10)),
        new Row("Baton's own RST to the client", true, OWN, toClient().flags(RST)),
        new Row(
            "the stack to another port of the client",
            true,
            STACK,
            Packet.tcp(Packet.LISTENER, 80, Packet.CLIENT, 40002)),
        new Row(
            "the stack from another port to the target",
            true,
            STACK,
            Packet.tcp(Packet.OWN, 30002, Packet.TARGET, Packet.TARGET_PORT)),
        new Row("UDP between the same ports", true, STACK, toClient().protocol(17)),
        new Row("a later fragment", true, STACK, toClient().fragment(5)),
        new Row("the other IP version", true, STACK, toClient().otherEtherType().otherVersion()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("whileLive")
  void onlyWhatIsTranslatedOrBatonsOwnLeaves(Row row) {
    Entry toTarget = Entry.toTarget();
    Entry toClient = Entry.toClient();
    bed.put(toTarget, toClient);
    Outcome outcome = bed.leaves(row.out, row.mark);
    if (row.passes) {
      assertPassed(outcome, row.out);
    } else {
      assertDropped(outcome, row.out, Baton.BATON_DROP_GUARD());
    }
    assertThat(outcome.mark()).isEqualTo(row.mark);
    assertThat(bed.state(toTarget)).isEqualTo(State.none());
    assertThat(bed.state(toClient)).isEqualTo(State.none());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("whileLive")
  void withoutAFlowEverythingLeaves(Row row) {
    assertPassed(bed.leaves(row.out, row.mark), row.out);
  }

  @Test
  void theStackIsQuietWhileAnAnswerIsAwaited() {
    bed.put(Entry.pending(1, Long.MAX_VALUE));
    Packet reset = toTarget().flags(RST);
    assertDropped(bed.leaves(reset, STACK), reset, Baton.BATON_DROP_GUARD());
    Packet syn = toTarget().flags(SYN);
    assertPassed(bed.leaves(syn, OWN), syn);
  }

  @Test
  void theStackMaySpeakOnceNoAnswerIsAwaitedAnyMore() {
    bed.put(Entry.pending(1, System.nanoTime() - 1));
    Packet reset = toTarget().flags(RST);
    assertPassed(bed.leaves(reset, STACK), reset);
  }

  @Test
  void theStackIsQuietWhileAClosedPairLingers() {
    bed.put(Entry.toTarget().flags(Baton.BATON_STATE_CLOSED()));
    Packet reset = toClient().flags(RST);
    assertDropped(bed.leaves(reset, STACK), reset, Baton.BATON_DROP_GUARD());
  }

  @Test
  void theInterfaceDoesNotMatter() {
    // The stack may route its answer elsewhere than the flow's packets come from.
    bed.put(Entry.toTarget().ingress(4711));
    Packet reset = toClient().flags(RST);
    assertDropped(bed.leaves(reset, STACK), reset, Baton.BATON_DROP_GUARD());
  }
}

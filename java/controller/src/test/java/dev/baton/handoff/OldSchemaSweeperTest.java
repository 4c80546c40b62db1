package dev.baton.handoff;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.bindings.flow.Baton;
import dev.baton.config.Timeouts;
import dev.baton.dataplane.FlowTuple;
import dev.baton.dataplane.FlowView;
import java.util.Collection;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class OldSchemaSweeperTest {
  private static final long SECOND = 1_000_000_000L;
  private static final int CLOSED = Baton.BATON_STATE_CLOSED();
  private static final int RST = Baton.BATON_STATE_RST();

  /** An entry that was used last at time 0. */
  private static FlowView entry(int ownPort, boolean toTarget, int flags) {
    FlowTuple t = new FlowTuple();
    t.own.setV4(0x0a000201);
    t.ownPort = ownPort;
    t.target.setV4(0x0a00020b);
    t.targetPort = 80;
    t.client.setV4(0x0a000102);
    t.clientPort = 40_000;
    return new FlowView(t, toTarget, false, flags, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  }

  private static Collection<List<FlowView>> ended(long seconds, FlowView... entries) {
    return OldSchemaSweeper.ended(
        List.of(entries), Function.identity(), Timeouts.DEFAULT, seconds * SECOND);
  }

  /** The port given back twice would be taken from the flow that has it by then. */
  @Test
  void bothEntriesOfAFlowGoAtOnceSoThatItsPortIsGivenBackOnce() {
    FlowView reset = entry(10_000, false, CLOSED | RST);
    FlowView closed = entry(10_000, true, CLOSED);
    assertThat(ended(6, reset, closed)).as("linger-reset is over, linger is not").isEmpty();
    assertThat(ended(61, reset, closed)).containsExactly(List.of(reset, closed));
  }

  @Test
  void anEntryThatIsLeftAloneEndsByItself() {
    FlowView alone = entry(10_000, false, CLOSED | RST);
    assertThat(ended(4, alone)).isEmpty();
    assertThat(ended(6, alone)).containsExactly(List.of(alone));
  }

  @Test
  void flowsOnOtherPortsDoNotCount() {
    FlowView over = entry(10_000, false, CLOSED);
    FlowView lives = entry(10_001, true, 0);
    assertThat(ended(61, over, lives)).containsExactly(List.of(over));
    assertThat(ended(Timeouts.DEFAULT.idle().toSeconds() + 1, lives))
        .containsExactly(List.of(lives));
  }
}

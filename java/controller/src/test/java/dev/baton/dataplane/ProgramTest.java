package dev.baton.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.bindings.flow.Baton;
import dev.baton.dataplane.TestBed.Outcome;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.Parameter;

/** Tests of the eBPF programs: each class has them loaded anew, each test finds the maps empty. */
@SuppressWarnings("NullAway.Init")
abstract class ProgramTest {
  static TestBed bed;

  @Parameter Family family = Family.V4;

  @BeforeAll
  static void load() {
    Needs.bpf();
    bed = new TestBed();
  }

  @AfterAll
  static void close() {
    if (bed != null) {
      bed.close();
    }
  }

  @BeforeEach
  void speak() {
    bed.family(family);
  }

  @AfterEach
  void clear() {
    bed.clear();
  }

  /** It goes on to other filters as it came, and nobody is told. */
  static void assertPassed(Outcome outcome, Packet in, int... reasons) {
    assertLeftAlone(outcome, in, TestBed.UNSPEC, reasons);
    assertThat(outcome.events()).isEmpty();
  }

  /** It is dropped as it came, for one reason, and nobody is told. */
  static void assertDropped(Outcome outcome, Packet in, int reason) {
    assertLeftAlone(outcome, in, TestBed.DROP, reason);
    assertThat(outcome.events()).isEmpty();
  }

  /** Verdict and counters, with the frame unchanged. */
  static void assertLeftAlone(Outcome outcome, Packet in, int verdict, int... reasons) {
    assertThat(outcome.verdict()).as("verdict").isEqualTo(verdict);
    assertThat(outcome.counted()).as("counters").isEqualTo(each(reasons));
    assertThat(outcome.frame()).as("frame").isEqualTo(in.frame(bed.family()));
  }

  /** It is forwarded, and looks on the wire exactly as {@code out}. */
  static void assertTranslated(Outcome outcome, Packet out) {
    assertThat(outcome.verdict()).as("verdict").isEqualTo(TestBed.REDIRECT);
    assertThat(outcome.counted()).as("counters").isEqualTo(each(Baton.BATON_TRANSLATED()));
    assertThat(outcome.mark()).as("mark").isEqualTo(Baton.BATON_MARK_TRANSLATED());
    assertThat(outcome.frame()).as("frame").isEqualTo(out.frame(bed.family()));
  }

  static Map<Integer, Long> each(int... reasons) {
    Map<Integer, Long> counted = new java.util.TreeMap<>();
    for (int reason : reasons) {
      counted.merge(bed.family().reason(reason), 1L, Long::sum);
    }
    return counted;
  }
}

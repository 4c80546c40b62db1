package dev.baton.dataplane;

import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Two ideal endpoints count in plain offsets from 0; each leg has numbers of its own. What leaves
 * the DMZ node must be, bit for bit, what the sender would have sent had it spoken in the
 * receiver's numbers all along, whoever else sends in between.
 */
@BothFamilies
class ModelTest extends ProgramTest {
  private static final int SEEDS = 30;
  private static final int FEW = 8;

  /** The fixed ones, and one that nobody has tried before: its number is in the test's name. */
  static LongStream seeds() {
    return seeds(SEEDS);
  }

  static LongStream fewSeeds() {
    return seeds(FEW);
  }

  private static LongStream seeds(int count) {
    return LongStream.concat(LongStream.rangeClosed(1, count), LongStream.of(System.nanoTime()));
  }

  private static void play(long seed, Conversation.Stranger stranger) {
    new Conversation(bed, new Random(seed), stranger).play();
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void whatArrivesIsWhatWasSentInTheReceiversNumbers(long seed) {
    play(seed, Strangers.none());
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void whoKnowsThePortsHarmsNothing(long seed) {
    play(seed, Strangers.guessingPorts());
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("fewSeeds")
  void whoKnowsTheNumbersChangesNothingThatIsSaid(long seed) {
    play(seed, Strangers.guessingNumbers());
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("fewSeeds")
  void whoIsInTheClusterChangesNothingThatIsSaid(long seed) {
    play(seed, Strangers.inTheCluster());
  }
}

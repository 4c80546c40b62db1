package dev.baton.handoff;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReplayTest {
  private static final int SIZE = 1000;
  private static final long WIDE = 1 << 20;
  private static final long MILLI = 1_000_000;

  private final Replay replay = new Replay();

  private Replay started(long window, int data, boolean fin) {
    replay.start(SIZE, window);
    replay.extend(data, fin);
    return replay;
  }

  /** Sends all that may go now, as the replayer does; how many segments that were. */
  private int pump() {
    int segments = 0;
    for (int n = replay.sendable(); n > 0 || replay.finAlone(); n = replay.sendable()) {
      replay.sent(n, replay.finAfter(n));
      segments++;
    }
    return segments;
  }

  @Test
  void tenSegmentsAtFirstAndOneMoreWithEachAcknowledgment() {
    started(WIDE, 100 * SIZE, false);
    assertThat(pump()).isEqualTo(10);
    assertThat(replay.acknowledged(SIZE, WIDE)).isTrue();
    assertThat(pump()).as("one for the room, one for the growth").isEqualTo(2);
    assertThat(replay.acknowledged(12 * SIZE, WIDE)).isTrue();
    assertThat(pump()).as("one acknowledgment for many grows by one").isEqualTo(12);
  }

  @Test
  void targetsWindowIsNeverExceeded() {
    started(2500, 10 * SIZE, false);
    assertThat(replay.sendable()).isEqualTo(SIZE);
    assertThat(pump()).isEqualTo(3);
    assertThat(replay.offset()).as("the last one is short").isEqualTo(2500);
    assertThat(replay.acknowledged(SIZE, 1500)).isTrue();
    assertThat(replay.sendable()).as("the window's end did not move").isZero();
    assertThat(replay.acknowledged(SIZE, 1700)).as("a wider window is news").isTrue();
    assertThat(replay.sendable()).isEqualTo(200);
    assertThat(replay.acknowledged(SIZE, 900)).as("a narrower one is none").isFalse();
    assertThat(replay.sendable()).isZero();
  }

  @ParameterizedTest(name = "{0} bytes in segments of {1}: {3}")
  @CsvSource({
    "0,    1000, 0, nothing to send",
    "1,    1000, 1, one byte",
    "1000, 1000, 1, exactly one segment",
    "1001, 1000, 2, one byte more",
    "5000, 1000, 5, whole segments",
    "5,    1,    5, segments of one byte",
    "8960, 8960, 1, one jumbo segment"
  })
  void segmentSizes(int data, int size, int segments, String why) {
    replay.start(size, WIDE);
    replay.extend(data, false);
    assertThat(pump()).as(why).isEqualTo(segments);
    assertThat(replay.offset()).isEqualTo(data);
    assertThat(replay.acknowledged(data, WIDE)).isEqualTo(data > 0);
    assertThat(replay.done()).isTrue();
  }

  @Test
  void finRidesOnTheLastByte() {
    started(WIDE, 1500, true);
    assertThat(replay.finAfter(SIZE)).as("not on the first segment").isFalse();
    replay.sent(SIZE, false);
    assertThat(replay.sendable()).isEqualTo(500);
    assertThat(replay.finAfter(499)).as("not before the last byte").isFalse();
    assertThat(replay.finAfter(500)).isTrue();
    replay.sent(500, true);
    assertThat(replay.offset()).isEqualTo(1501);
    assertThat(pump()).as("nothing is left").isZero();
    replay.acknowledged(1500, WIDE);
    assertThat(replay.done()).as("the FIN is not acknowledged").isFalse();
    replay.acknowledged(1501, WIDE);
    assertThat(replay.done()).isTrue();
  }

  @Test
  void finGoesAloneWhenTheDataAreOut() {
    started(WIDE, 500, false);
    assertThat(pump()).isEqualTo(1);
    replay.acknowledged(500, WIDE);
    assertThat(replay.done()).isTrue();
    replay.extend(500, true);
    assertThat(replay.done()).as("a FIN found by the second look").isFalse();
    assertThat(replay.sendable()).isZero();
    assertThat(replay.finAlone()).isTrue();
    assertThat(pump()).isEqualTo(1);
    assertThat(replay.finAlone()).as("it goes once").isFalse();
    assertThat(replay.acknowledged(501, WIDE)).isTrue();
    assertThat(replay.done()).isTrue();
  }

  @Test
  void backlogGrowsWhileItIsSent() {
    started(WIDE, 300, false);
    pump();
    replay.extend(900, true);
    assertThat(replay.sendable()).isEqualTo(600);
    assertThat(replay.finAfter(600)).isTrue();
    assertThat(replay.data()).isEqualTo(900);
    assertThat(replay.hasFin()).isTrue();
    pump();
    replay.acknowledged(300, WIDE);
    assertThat(replay.done()).as("what was all is no longer all").isFalse();
    replay.acknowledged(901, WIDE);
    assertThat(replay.done()).isTrue();
  }

  @Test
  void finOfAnEmptyBacklog() {
    started(WIDE, 0, true);
    assertThat(pump()).isEqualTo(1);
    assertThat(replay.done()).isFalse();
    replay.acknowledged(1, WIDE);
    assertThat(replay.done()).isTrue();
  }

  @Test
  void goesBackToTheFirstUnacknowledgedByteWithOneSegment() {
    started(WIDE, 20 * SIZE, true);
    pump();
    replay.acknowledged(3 * SIZE, WIDE);
    pump();
    replay.timedOut();
    assertThat(replay.offset()).isEqualTo(3 * SIZE);
    assertThat(pump()).as("one segment").isEqualTo(1);
    replay.acknowledged(4 * SIZE, WIDE);
    assertThat(pump()).as("then two").isEqualTo(2);
  }

  @Test
  void finThatWasLostIsSentAgain() {
    started(WIDE, SIZE, true);
    pump();
    replay.acknowledged(SIZE, WIDE);
    replay.timedOut();
    assertThat(replay.finAlone()).isTrue();
    assertThat(pump()).isEqualTo(1);
    replay.acknowledged(SIZE + 1, WIDE);
    assertThat(replay.done()).isTrue();
  }

  /** After going back, what had been sent before may still be acknowledged. */
  @Test
  void acknowledgmentOfWhatWasSentBeforeGoingBackSkipsIt() {
    started(WIDE, 20 * SIZE, false);
    pump();
    replay.timedOut();
    pump();
    assertThat(replay.acknowledged(10 * SIZE, WIDE)).isTrue();
    assertThat(replay.offset()).as("nothing is sent twice in vain").isEqualTo(10 * SIZE);
    assertThat(replay.acknowledged(10 * SIZE + 1, WIDE)).as("the client's own repeat").isTrue();
  }

  @Test
  void waitsTwiceAsLongEachTimeUpToTwoSeconds() {
    started(WIDE, 20 * SIZE, false);
    pump();
    for (long wait : new long[] {200, 400, 800, 1600, 2000, 2000}) {
      assertThat(replay.timeout()).isEqualTo(wait * MILLI);
      replay.timedOut();
      pump();
    }
    replay.acknowledged(0, WIDE);
    assertThat(replay.timeout()).as("a repeat is no progress").isEqualTo(2000 * MILLI);
    replay.acknowledged(SIZE, WIDE);
    assertThat(replay.timeout()).as("progress").isEqualTo(200 * MILLI);
  }

  @Test
  void zeroWindowIsProbedWithOneByteForEachTimeout() {
    started(0, 2 * SIZE, true);
    assertThat(pump()).as("closed: nothing goes").isZero();
    replay.timedOut();
    assertThat(replay.sendable()).as("a probe").isEqualTo(1);
    assertThat(pump()).as("and only one").isEqualTo(1);
    assertThat(replay.acknowledged(0, 0)).as("still closed").isFalse();
    assertThat(pump()).isZero();
    replay.timedOut();
    assertThat(pump()).isEqualTo(1);
    assertThat(replay.acknowledged(1, 0)).as("the probe's byte was taken").isTrue();
    assertThat(pump()).isZero();
    assertThat(replay.acknowledged(1, WIDE)).as("the window opens").isTrue();
    pump();
    assertThat(replay.acknowledged(2 * SIZE + 1, WIDE)).isTrue();
    assertThat(replay.done()).isTrue();
  }

  @ParameterizedTest(name = "{0}: {2}")
  @CsvSource({
    "-1,          false, before the first byte",
    "-2147483648, false, far before it",
    "1999,        false, older than what is acknowledged",
    "2000,        false, the same again",
    "2001,        true,  one byte more",
    "5000,        true,  all that was sent",
    "5001,        true,  and a byte that the client sent since",
    "2147483647,  true,  and 2 GiB that it sent since"
  })
  void acknowledgments(int offset, boolean isNews, String why) {
    started(WIDE, 5 * SIZE, false);
    pump();
    replay.acknowledged(2 * SIZE, WIDE);
    assertThat(replay.acknowledged(offset, WIDE)).as(why).isEqualTo(isNews);
    replay.timedOut();
    assertThat(replay.offset())
        .as("acknowledged")
        .isEqualTo(isNews ? Math.min(offset, 5 * SIZE) : 2 * SIZE);
  }

  /** What the client sends after going live is acknowledged before the drain is known here. */
  @Test
  void acknowledgmentAheadOfTheBacklogCountsWhenTheBacklogGrows() {
    started(WIDE, SIZE, false);
    pump();
    assertThat(replay.acknowledged(3 * SIZE, WIDE)).isTrue();
    assertThat(replay.done()).isTrue();
    replay.extend(2 * SIZE, false);
    assertThat(replay.done()).as("the client had repeated it").isTrue();
    replay.extend(4 * SIZE, true);
    assertThat(replay.done()).isFalse();
    assertThat(replay.offset()).isEqualTo(3 * SIZE);
  }

  @Test
  void oldAcknowledgmentDoesNotOpenTheWindow() {
    started(100, 5 * SIZE, false);
    pump();
    assertThat(replay.acknowledged(-5, WIDE)).isFalse();
    assertThat(replay.sendable()).isZero();
  }

  @Test
  void startForgetsTheLastConnection() {
    started(WIDE, 5 * SIZE, true);
    pump();
    replay.timedOut();
    replay.start(SIZE, 0);
    assertThat(replay.done()).as("nothing to send yet").isTrue();
    assertThat(replay.offset()).isZero();
    assertThat(replay.timeout()).isEqualTo(200 * MILLI);
    replay.extend(SIZE, false);
    assertThat(replay.sendable()).as("no probe is due").isZero();
  }

  @Test
  void smallerSegmentsBeginAgainAtTheAcknowledgedByteAndNeverGrow() {
    started(WIDE, 20 * SIZE, true);
    assertThat(pump()).isEqualTo(10);
    assertThat(replay.acknowledged(2 * SIZE, WIDE)).isTrue();
    assertThat(replay.shrink(SIZE)).as("no smaller than they are").isFalse();
    assertThat(replay.shrink(SIZE + 1)).isFalse();
    assertThat(replay.shrink(400)).isTrue();
    assertThat(replay.offset()).isEqualTo(2 * SIZE);
    assertThat(replay.sendable()).isEqualTo(400);
    while (!replay.done()) {
      assertThat(pump()).isPositive();
      replay.acknowledged(replay.offset(), WIDE);
    }
    assertThat(replay.acknowledged()).isEqualTo(20 * SIZE + 1);
  }
}

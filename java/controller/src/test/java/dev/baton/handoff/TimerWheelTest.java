package dev.baton.handoff;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TimerWheelTest {
  private static final long MILLI = 1_000_000;
  private static final long TICK = 4 * MILLI;
  private static final long TURN = 1024 * TICK;

  /** Not at a tick, and not at zero: nothing may depend on it. */
  private static final long START = 123_456_789_012L;

  private final TimerWheel wheel = new TimerWheel(START);
  private final List<Timer> fired = new ArrayList<>();

  private class Timer extends TimerWheel.Timed {
    long wanted;
    long at = -1;
    int times;

    Timer set(long deadline) {
      wanted = deadline;
      wheel.set(this, deadline);
      return this;
    }

    @Override
    void deadline(long now) {
      at = now;
      times++;
      fired.add(this);
    }
  }

  private Timer after(long nanos) {
    return new Timer().set(START + nanos);
  }

  /** Turns the wheel in small steps until something fires, or the end. */
  private void advanceTo(long end) {
    for (long now = START; now < end; now += MILLI / 2) {
      wheel.advance(now);
    }
    wheel.advance(end);
  }

  @ParameterizedTest(name = "{0} ns: {1}")
  @CsvSource({
    "-5000000000,  long over when it is set",
    "0,            now",
    "1,            at once",
    "1000000,      within a tick",
    "4000000,      a tick",
    "4000001,      a little more than a tick",
    "210987,       just before the tick's end",
    "210988,       exactly at the tick's end",
    "1000000000,   a second",
    "4095999999,   just less than a turn",
    "4096000000,   a turn",
    "4096000001,   just more than a turn",
    "30000000000,  several turns"
  })
  void neverEarlyAndAtMostOneTickLate(long nanos, String why) {
    Timer timer = after(nanos);
    advanceTo(START + Math.max(0, nanos) + 2 * TICK);
    assertThat(timer.times).as(why).isEqualTo(1);
    assertThat(timer.at).isGreaterThanOrEqualTo(timer.wanted);
    assertThat(timer.at - Math.max(timer.wanted, START)).isLessThanOrEqualTo(TICK + MILLI / 2);
  }

  @Test
  void firesOnce() {
    Timer timer = after(10 * MILLI);
    wheel.advance(START + TURN);
    wheel.advance(START + 3 * TURN);
    assertThat(timer.times).isEqualTo(1);
  }

  @Test
  void movedDeadlineCountsAlone() {
    Timer later = after(10 * MILLI);
    Timer sooner = after(500 * MILLI);
    later.set(START + 300 * MILLI);
    sooner.set(START + 20 * MILLI);
    wheel.advance(START + 100 * MILLI);
    assertThat(fired).containsExactly(sooner);
    wheel.advance(START + 299 * MILLI);
    assertThat(fired).containsExactly(sooner);
    wheel.advance(START + TURN);
    assertThat(fired).containsExactly(sooner, later);
  }

  @Test
  void cancelledOnesAreLeftOutAndTheirNeighboursAreNot() {
    List<Timer> timers = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      timers.add(after(10 * MILLI)); // one bucket
    }
    wheel.cancel(timers.get(0));
    wheel.cancel(timers.get(2));
    wheel.cancel(timers.get(4));
    wheel.cancel(timers.get(4));
    wheel.advance(START + 20 * MILLI);
    assertThat(fired).containsExactlyInAnyOrder(timers.get(1), timers.get(3));
    wheel.cancel(timers.get(1));
    assertThat(wheel.sleepMillis(100)).as("nothing is set").isEqualTo(100);
  }

  @Test
  void timerMaySetItselfFromItsOwnDeadline() {
    int[] left = {3};
    Timer again =
        new Timer() {
          @Override
          void deadline(long now) {
            super.deadline(now);
            if (left[0]-- > 0) {
              set(now + TICK);
            }
          }
        };
    again.set(START + MILLI);
    long previous = START;
    for (int i = 1; i <= 4; i++) {
      long now = START + 10 * MILLI * i;
      wheel.advance(now);
      assertThat(again.times).as("once in each turn of the loop").isEqualTo(i);
      assertThat(again.at).isGreaterThan(previous);
      previous = again.at;
    }
    wheel.advance(START + TURN);
    assertThat(again.times).isEqualTo(4);
  }

  @Test
  void deadlineMaySetAndCancelItsNeighbours() {
    Timer neighbour = new Timer();
    Timer victim = new Timer();
    Timer first =
        new Timer() {
          @Override
          void deadline(long now) {
            super.deadline(now);
            wheel.cancel(victim);
            neighbour.set(now); // over already: the next tick
          }
        };
    victim.set(START + 10 * MILLI);
    first.set(START + 10 * MILLI); // in front of the victim in their bucket
    wheel.advance(START + 20 * MILLI);
    wheel.advance(START + 30 * MILLI);
    assertThat(fired).containsExactly(first, neighbour);
    assertThat(wheel.sleepMillis(50)).as("nothing is left").isEqualTo(50);
  }

  @Test
  void farFutureSharesABucketWithTheNear() {
    Timer near = after(50 * MILLI);
    Timer far = after(50 * MILLI + TURN);
    Timer farther = after(50 * MILLI + 5 * TURN);
    wheel.advance(START + 60 * MILLI);
    assertThat(fired).containsExactly(near);
    wheel.advance(START + 60 * MILLI + TURN);
    assertThat(fired).containsExactly(near, far);
    wheel.advance(START + 49 * MILLI + 5 * TURN);
    assertThat(fired).containsExactly(near, far);
    wheel.advance(START + 60 * MILLI + 5 * TURN);
    assertThat(fired).containsExactly(near, far, farther);
  }

  @Test
  void loopThatStoodStillForLongMissesNothing() {
    List<Timer> timers = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      timers.add(after(i * TURN / 10));
    }
    Timer beyond = after(20 * TURN);
    wheel.advance(START + 15 * TURN);
    assertThat(fired).containsExactlyInAnyOrderElementsOf(timers);
    wheel.advance(START + 21 * TURN);
    assertThat(beyond.times).isEqualTo(1);
  }

  /** Set, moved and cancelled at random, turned in uneven steps; compared with a plain list. */
  @Test
  void manyTimersAgreeWithAPlainList() {
    Random random = new Random(6298);
    List<Timer> set = new ArrayList<>();
    long now = START;
    for (int round = 0; round < 3000; round++) {
      for (int i = random.nextInt(20); i > 0; i--) {
        set.add(new Timer().set(now + random.nextLong(2 * TURN)));
      }
      if (!set.isEmpty() && random.nextBoolean()) {
        set.get(random.nextInt(set.size())).set(now + random.nextLong(TURN));
      }
      if (!set.isEmpty() && random.nextBoolean()) {
        wheel.cancel(set.remove(random.nextInt(set.size())));
      }
      now += random.nextInt(50) == 0 ? random.nextLong(3 * TURN) : random.nextLong(10 * MILLI);
      fired.clear();
      wheel.advance(now);
      for (Timer timer : fired) {
        assertThat(timer.wanted).as("not early").isLessThanOrEqualTo(now);
        assertThat(timer.times).isEqualTo(1);
      }
      assertThat(set).containsAll(fired);
      set.removeAll(fired);
      long late = now - TICK;
      assertThat(set).as("not late").noneMatch(timer -> timer.wanted <= late);
    }
    set.sort(Comparator.comparingLong(timer -> timer.wanted));
    fired.clear();
    wheel.advance(now + 3 * TURN);
    assertThat(fired).containsExactlyInAnyOrderElementsOf(set);
    assertThat(wheel.sleepMillis(77)).isEqualTo(77);
  }

  @ParameterizedTest(name = "deadline in {0} ms, limit {1}: {2}")
  @CsvSource({
    "1,     100,  woken within the tick after it",
    "20,    100,  before the limit",
    "99,    100,  close to the limit",
    "500,   100,  not before the limit",
    "20,    20,   at the limit",
    "4000,  5000, nearly a turn",
    "60000, 100,  farther than a turn",
    "60000, 6000, a limit longer than a turn"
  })
  void sleepIsNeverLongerThanNeeded(long millis, int limit, String why) {
    Timer timer = after(millis * MILLI);
    int sleep = wheel.sleepMillis(limit);
    assertThat(sleep).as(why).isBetween(1, limit);
    long now = START;
    int turns = 0;
    while (timer.times == 0) {
      now += wheel.sleepMillis(limit) * MILLI;
      wheel.advance(now);
      assertThat(++turns).as("loops that sleep reach it").isLessThan(100_000);
    }
    assertThat(now).isBetween(timer.wanted, timer.wanted + 2 * TICK + limitIfNotSooner(limit));
  }

  /** A limit that is no multiple of the tick may add a tick. */
  private static long limitIfNotSooner(int limit) {
    return limit % 4 == 0 ? 0 : TICK;
  }

  @Test
  void sleepIsTheLimitWhenNothingIsSet() {
    assertThat(wheel.sleepMillis(1)).isEqualTo(1);
    assertThat(wheel.sleepMillis(1000)).isEqualTo(1000);
    Timer timer = after(MILLI);
    wheel.cancel(timer);
    assertThat(wheel.sleepMillis(1000)).isEqualTo(1000);
  }

  @Test
  void sleepShrinksToANearDeadline() {
    after(200 * MILLI);
    assertThat(wheel.sleepMillis(1000)).isBetween(196, 204);
    after(40 * MILLI);
    assertThat(wheel.sleepMillis(1000)).isBetween(36, 44);
  }
}

package dev.baton.handoff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PortPoolTest {
  private static final long LINGER = 60;
  private static final long LINGER_RESET = 5;

  private final PortPool pool =
      new PortPool(100, 103, 1, new java.util.concurrent.atomic.AtomicInteger());

  private void takeAll() {
    while (pool.take() >= 0) {
      // until none is free
    }
  }

  private void assertCounts(int taken, int lingering, int free) {
    assertThat(List.of(pool.taken(), pool.lingering(), pool.free()))
        .as("taken, lingering, free")
        .containsExactly(taken, lingering, free);
  }

  @Test
  void freePortsGoOutLeastRecentlyUsedFirst() {
    assertThat(List.of(pool.take(), pool.take(), pool.take())).containsExactly(100, 101, 102);
    pool.release(101);
    pool.release(100);
    assertThat(List.of(pool.take(), pool.take(), pool.take()))
        .as("the never used one, then in the order of their release")
        .containsExactly(103, 101, 100);
    assertThat(pool.take()).as("none is free").isEqualTo(-1);
    assertCounts(4, 0, 0);
  }

  @Test
  void releaseTwiceGivesOnePort() {
    takeAll();
    pool.release(102);
    pool.release(102);
    assertThat(pool.take()).isEqualTo(102);
    assertThat(pool.take()).isEqualTo(-1);
  }

  @Test
  void lingeringPortIsNeitherFreeNorTaken() {
    int port = pool.take();
    assertThat(pool.isTaken(port)).isTrue();
    pool.linger(port, false, 0, LINGER);
    assertThat(pool.isTaken(port)).isFalse();
    assertCounts(0, 1, 3);
    assertThat(List.of(pool.take(), pool.take(), pool.take())).doesNotContain(port);
    assertThat(pool.take()).as("lingering is not free").isEqualTo(-1);
  }

  @Test
  void lingeringEndsAtItsTimeAndNotBefore() {
    takeAll();
    pool.linger(101, false, 1000, LINGER);
    assertThat(pool.expired(1000 + LINGER - 1)).isEqualTo(-1);
    assertThat(pool.expired(1000 + LINGER)).isEqualTo(101);
    pool.release(101);
    assertThat(pool.expired(1000 + LINGER)).isEqualTo(-1);
  }

  @Test
  void aResetLingersShorterThoughItCameLater() {
    takeAll();
    pool.linger(100, false, 0, LINGER);
    pool.linger(101, true, 10, LINGER_RESET);
    assertThat(pool.expired(14)).isEqualTo(-1);
    assertThat(pool.expired(15)).isEqualTo(101);
    pool.release(101);
    assertThat(pool.expired(59)).isEqualTo(-1);
    assertThat(pool.expired(60)).isEqualTo(100);
  }

  /** Closed, revived and closed again: nobody tells the pool of what was in between. */
  @Test
  void aSecondEndBeginsAnew() {
    takeAll();
    pool.linger(100, false, 0, LINGER);
    pool.linger(101, false, 10, LINGER);
    pool.linger(100, false, 50, LINGER);
    assertThat(pool.lingering()).isEqualTo(2);
    assertThat(pool.oldestLingering()).isEqualTo(101);
    assertThat(pool.oldestLingeringSince()).isEqualTo(10);
    assertThat(pool.expired(10 + LINGER)).isEqualTo(101);
    pool.release(101);
    assertThat(pool.expired(50 + LINGER - 1)).isEqualTo(-1);
    assertThat(pool.expired(50 + LINGER)).isEqualTo(100);
  }

  @Test
  void aSecondEndMayBeOfTheOtherKind() {
    takeAll();
    pool.linger(100, false, 0, LINGER);
    pool.linger(101, true, 0, LINGER_RESET);
    pool.linger(100, true, 1, LINGER_RESET);
    pool.linger(101, false, 2, LINGER);
    assertThat(pool.lingering()).isEqualTo(2);
    assertThat(pool.expired(1 + LINGER_RESET)).isEqualTo(100);
    pool.release(100);
    assertThat(pool.expired(2 + LINGER - 1)).isEqualTo(-1);
    assertThat(pool.expired(2 + LINGER)).isEqualTo(101);
  }

  @Test
  void freePortDoesNotLinger() {
    pool.linger(100, false, 0, LINGER);
    assertCounts(0, 0, 4);
  }

  @Test
  void oldestLingeringFirstAcrossBothKinds() {
    takeAll();
    assertThat(pool.oldestLingering()).as("none").isEqualTo(-1);
    pool.linger(102, true, 1, LINGER_RESET);
    assertThat(pool.oldestLingering()).as("a reset one alone").isEqualTo(102);
    pool.linger(100, false, 2, LINGER);
    pool.linger(103, true, 3, LINGER_RESET);
    pool.linger(101, false, 4, LINGER);
    List<Integer> order = new ArrayList<>();
    for (int port = pool.oldestLingering(); port >= 0; port = pool.oldestLingering()) {
      order.add(port);
      pool.retake(port);
    }
    assertThat(order).containsExactly(102, 100, 103, 101);
    assertCounts(4, 0, 0);
  }

  /** CLOCK_MONOTONIC does not, but a clock of nanoseconds may pass the largest long. */
  @Test
  void timesMayWrap() {
    takeAll();
    pool.linger(101, false, Long.MAX_VALUE - 1, LINGER);
    pool.linger(100, true, Long.MIN_VALUE + 1, LINGER_RESET);
    assertThat(pool.oldestLingering()).isEqualTo(101);
    assertThat(pool.expired(Long.MAX_VALUE)).isEqualTo(-1);
    assertThat(pool.expired(Long.MIN_VALUE + 6)).isEqualTo(100);
  }

  @Test
  void retakeTakesWhateverThePortWas() {
    pool.retake(102);
    assertThat(pool.isTaken(102)).as("a free one").isTrue();
    pool.retake(102);
    assertCounts(1, 0, 3);
    pool.linger(102, false, 0, LINGER);
    pool.retake(102);
    assertThat(pool.expired(Long.MAX_VALUE)).as("a revived one does not expire").isEqualTo(-1);
    assertThat(List.of(pool.take(), pool.take(), pool.take())).containsExactly(100, 101, 103);
    assertCounts(4, 0, 0);
  }

  @ParameterizedTest(name = "{0} to {1} for {2} loops: {3}")
  @CsvSource({
    "10000, 32767, 1,  one loop has all",
    "10000, 10999, 4,  equal parts",
    "10000, 10010, 3,  unequal parts",
    "10000, 10001, 8,  more loops than ports",
    "65535, 65535, 2,  the last port alone",
    "1024,  65535, 64, the whole range and the most loops"
  })
  void loopsShareTheRangeOut(int first, int last, int loops, String why) {
    Set<Integer> seen = new HashSet<>();
    for (int loop = 0; loop < loops; loop++) {
      PortPool own =
          new PortPool(first + loop, last, loops, new java.util.concurrent.atomic.AtomicInteger());
      int size = own.free();
      for (int port = own.take(); port >= 0; port = own.take()) {
        assertThat(seen.add(port)).as("%d is no other loop's", port).isTrue();
        assertThat(port).isBetween(first, last);
        assertThat(own.owns(port)).isTrue();
      }
      assertThat(own.taken()).isEqualTo(size);
      for (int other = 1; other < loops; other++) {
        assertThat(own.owns(first + loop + other)).as("a neighbour's").isFalse();
      }
      assertThat(own.owns(first + loop - loops)).as("below").isFalse();
      assertThat(own.owns(last + loops)).as("above").isFalse();
    }
    assertThat(seen).as(why).hasSize(last - first + 1);
  }

  @Test
  void onePortIsUsedAgainAndAgain() {
    PortPool one = new PortPool(7, 7, 1, new java.util.concurrent.atomic.AtomicInteger());
    for (int i = 0; i < 3; i++) {
      assertThat(one.take()).isEqualTo(7);
      assertThat(one.take()).isEqualTo(-1);
      one.linger(7, false, i, LINGER);
      assertThat(one.oldestLingering()).isEqualTo(7);
      one.release(7);
    }
    assertThat(one.free()).isEqualTo(1);
  }

  @Test
  void emptyPoolHasNothing() {
    PortPool none = new PortPool(8, 7, 1, new java.util.concurrent.atomic.AtomicInteger());
    assertThat(none.take()).isEqualTo(-1);
    assertThat(none.oldestLingering()).isEqualTo(-1);
    assertThat(none.expired(Long.MAX_VALUE)).isEqualTo(-1);
    assertThat(none.owns(8)).isFalse();
    assertThat(none.free()).isZero();
  }

  @Test
  void strangersPortIsRefused() {
    PortPool odd = new PortPool(101, 199, 2, new java.util.concurrent.atomic.AtomicInteger());
    assertThatThrownBy(() -> odd.release(102)).hasMessageContaining("102");
    assertThatThrownBy(() -> odd.retake(99)).hasMessageContaining("99");
  }
}

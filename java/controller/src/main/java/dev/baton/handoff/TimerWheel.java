package dev.baton.handoff;

import org.jspecify.annotations.Nullable;

/**
 * Deadlines of many connections, one each, kept in a ring of buckets: set, moved and cancelled in
 * constant time and without allocation. Precise to {@value #TICK_MILLIS} ms, never early.
 */
final class TimerWheel {
  private static final int TICK_MILLIS = 4;
  private static final long TICK = TICK_MILLIS * 1_000_000L;
  private static final int BUCKETS = 1024;

  /** What has a deadline. */
  abstract static class Timed {
    long deadlineTick = -1;
    @Nullable Timed nextTimed;
    @Nullable Timed previousTimed;

    /** The deadline has passed; it is no longer set. */
    abstract void deadline(long now);
  }

  private static final class Bucket extends Timed {
    @Override
    void deadline(long now) {
      throw new AssertionError("a bucket is no timer");
    }
  }

  private final Bucket[] buckets = new Bucket[BUCKETS];
  private long tick;
  private int size;

  /** A wheel that starts at {@code now} nanoseconds. */
  TimerWheel(long now) {
    tick = now / TICK;
    for (int i = 0; i < BUCKETS; i++) {
      buckets[i] = new Bucket();
    }
  }

  /** Sets, or moves, the deadline. */
  void set(Timed timed, long deadline) {
    cancel(timed);
    long at = Math.max(deadline / TICK + 1, tick + 1);
    timed.deadlineTick = at;
    Bucket bucket = buckets[(int) (at % BUCKETS)];
    timed.nextTimed = bucket.nextTimed;
    timed.previousTimed = bucket;
    if (bucket.nextTimed != null) {
      bucket.nextTimed.previousTimed = timed;
    }
    bucket.nextTimed = timed;
    size++;
  }

  /** Takes the deadline away, if one is set. */
  void cancel(Timed timed) {
    Timed before = timed.previousTimed;
    if (before == null) {
      return;
    }
    before.nextTimed = timed.nextTimed;
    if (timed.nextTimed != null) {
      timed.nextTimed.previousTimed = before;
    }
    timed.nextTimed = null;
    timed.previousTimed = null;
    timed.deadlineTick = -1;
    size--;
  }

  /** Tells all whose deadline has passed. */
  void advance(long now) {
    long target = now / TICK;
    if (target - tick > BUCKETS) {
      tick = target - BUCKETS;
    }
    while (tick < target) {
      tick++;
      Bucket bucket = buckets[(int) (tick % BUCKETS)];
      Timed timed = bucket.nextTimed;
      while (timed != null) {
        Timed following = timed.nextTimed;
        if (timed.deadlineTick <= tick) {
          cancel(timed);
          timed.deadline(now);
          // What it did may have changed the bucket; start over, the rest is still in it.
          following = bucket.nextTimed;
        }
        timed = following;
      }
    }
  }

  /** How long to sleep at most, milliseconds, at most {@code limit}. */
  int sleepMillis(int limit) {
    if (size == 0) {
      return limit;
    }
    for (int ahead = 1; ahead * TICK_MILLIS < limit; ahead++) {
      if (buckets[(int) ((tick + ahead) % BUCKETS)].nextTimed != null) {
        return ahead * TICK_MILLIS;
      }
    }
    return limit;
  }
}

package dev.baton.handoff;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The source ports that one event loop may use towards one target. A port is free, taken, or
 * lingers: its flow is over, and its entries still translate stragglers. Free ports go out least
 * recently used first; when there are none, the port that has lingered longest does, at once. Pure:
 * times are given, in nanoseconds of one monotonic clock.
 */
final class PortPool {
  private static final int NONE = -1;
  private static final byte FREE = 0;
  private static final byte TAKEN = 1;
  private static final byte LINGERS = 2;
  private static final byte LINGERS_RESET = 3;

  private final AtomicInteger taken;
  private final int first;
  private final int step;
  private final int[] next;
  private final int[] previous;
  private final byte[] states;
  private final long[] ends;
  private final long[] since;
  private final int[] heads = new int[4];
  private final int[] tails = new int[4];
  private final int[] counts = new int[4];

  /** When nothing held a port for the first time since something last did. */
  private long unusedSince;

  private boolean unused;

  /** Where {@link #nextTaken} goes on. */
  private int cursor;

  /**
   * All ports from {@code first} to {@code last} whose distance from {@code first} is a multiple of
   * {@code step}.
   *
   * @param taken of the target, in all its pools: counts what is taken here, too
   */
  PortPool(int first, int last, int step, AtomicInteger taken) {
    this.taken = taken;
    this.first = first;
    this.step = step;
    int size = first > last ? 0 : (last - first) / step + 1;
    next = new int[size];
    previous = new int[size];
    states = new byte[size];
    ends = new long[size];
    since = new long[size];
    Arrays.fill(heads, NONE);
    Arrays.fill(tails, NONE);
    for (int i = 0; i < size; i++) {
      append(i, FREE);
    }
  }

  /** Whether the port is one of this pool's. */
  boolean owns(int port) {
    int distance = port - first;
    return distance >= 0 && distance % step == 0 && distance / step < states.length;
  }

  /** Takes a free port; −1: there is none, see {@link #oldestLingering}. */
  int take() {
    int i = heads[FREE];
    if (i == NONE) {
      return NONE;
    }
    move(i, TAKEN);
    return first + i * step;
  }

  /** The port whose flow has been over for longest; −1: none lingers. */
  int oldestLingering() {
    int a = heads[LINGERS];
    int b = heads[LINGERS_RESET];
    if (a == NONE || b == NONE) {
      int i = a == NONE ? b : a;
      return i == NONE ? NONE : first + i * step;
    }
    return first + (since[a] - since[b] <= 0 ? a : b) * step;
  }

  /** Since when {@link #oldestLingering} has lingered; only if there is one. */
  long oldestLingeringSince() {
    return since[index(oldestLingering())];
  }

  /** A lingering port whose time is over; −1: none. */
  int expired(long now) {
    for (byte state = LINGERS; state <= LINGERS_RESET; state++) {
      int i = heads[state];
      if (i != NONE && ends[i] - now <= 0) {
        return first + i * step;
      }
    }
    return NONE;
  }

  /** Takes this very port, whatever it was: an adopted flow's, a replaced or a revived one's. */
  void retake(int port) {
    move(index(port), TAKEN);
  }

  /**
   * The port's flow is over: its entries stay for {@code nanos}. If it was so before, it has lived
   * again in between, unnoticed, and lingers anew.
   */
  void linger(int port, boolean reset, long now, long nanos) {
    int i = index(port);
    if (states[i] == FREE) {
      return;
    }
    ends[i] = now + nanos;
    since[i] = now;
    move(i, reset ? LINGERS_RESET : LINGERS);
  }

  /** The port can be used again, last of all. */
  void release(int port) {
    int i = index(port);
    if (states[i] != FREE) {
      move(i, FREE);
    }
  }

  /** Whether the port is taken, and does not linger. */
  boolean isTaken(int port) {
    return states[index(port)] == TAKEN;
  }

  /**
   * The next taken port in the order of the numbers, and from the first again behind the last.
   *
   * @param ports how many are looked at
   * @return −1: none of those is taken
   */
  int nextTaken(int ports) {
    for (int looked = 0; looked < ports && counts[TAKEN] > 0; looked++) {
      int i = cursor;
      cursor = i + 1 < states.length ? i + 1 : 0;
      if (states[i] == TAKEN) {
        return first + i * step;
      }
    }
    return NONE;
  }

  /** Ports in use: flows being set up and live ones. */
  int taken() {
    return counts[TAKEN];
  }

  /** Ports whose flows are over and whose entries stay. */
  int lingering() {
    return counts[LINGERS] + counts[LINGERS_RESET];
  }

  /** Ports that nothing holds. */
  int free() {
    return counts[FREE];
  }

  /** Whether every port has been free for {@code nanos}; to be asked now and then. */
  boolean isUnused(long now, long nanos) {
    boolean allFree = counts[FREE] == states.length;
    if (!allFree || !unused) {
      unused = allFree;
      unusedSince = now;
    }
    return unused && now - unusedSince >= nanos;
  }

  private int index(int port) {
    if (!owns(port)) {
      throw new IllegalArgumentException("port " + port + " is not of this pool");
    }
    return (port - first) / step;
  }

  private void move(int i, byte to) {
    byte from = states[i];
    int before = previous[i];
    int behind = next[i];
    if (before == NONE) {
      heads[from] = behind;
    } else {
      next[before] = behind;
    }
    if (behind == NONE) {
      tails[from] = before;
    } else {
      previous[behind] = before;
    }
    counts[from]--;
    if (from != to && (from == TAKEN || to == TAKEN)) {
      taken.addAndGet(to == TAKEN ? 1 : -1);
    }
    unused = false;
    append(i, to);
  }

  private void append(int i, byte to) {
    states[i] = to;
    next[i] = NONE;
    previous[i] = tails[to];
    if (tails[to] == NONE) {
      heads[to] = i;
    } else {
      next[tails[to]] = i;
    }
    tails[to] = i;
    counts[to]++;
  }
}

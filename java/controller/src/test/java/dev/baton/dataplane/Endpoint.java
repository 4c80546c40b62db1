package dev.baton.dataplane;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** An ideal end of a conversation. A FIN takes the offset behind the last byte. */
final class Endpoint {
  /** A test run takes less than a page. */
  private static final int MAX_SEGMENT = 3000;

  /**
   * A segment as both endpoints understand it: offsets in the two streams, times in milliseconds of
   * the sender's and of the receiver's own clock.
   *
   * @param flags of {@link Packet}
   * @param echo the receiver's time that is echoed; −1: none yet
   */
  record Segment(
      boolean up,
      int flags,
      long offset,
      int length,
      long acknowledged,
      List<long[]> sack,
      int window,
      long time,
      long echo) {
    boolean has(int flag) {
      return (flags & flag) != 0;
    }

    long end() {
      return offset + length + (has(Packet.FIN) ? 1 : 0);
    }
  }

  final boolean client;
  final long total;
  private final Random random;
  private final boolean timestamps;
  private final List<long[]> held = new ArrayList<>(); // beyond the first gap, in order
  private long sent;
  private long acknowledged;
  private long received;
  private long echo = -1;

  /** With so many bytes to say. */
  Endpoint(boolean client, long total, boolean timestamps, Random random) {
    this.client = client;
    this.total = total;
    this.timestamps = timestamps;
    this.random = random;
  }

  boolean hasAll(Endpoint peer) {
    return received == peer.total + 1;
  }

  boolean isDone() {
    return acknowledged == total + 1;
  }

  /** A segment arrives. */
  void take(Segment s) {
    acknowledged = Math.max(acknowledged, s.acknowledged());
    echo = Math.max(echo, s.time());
    if (s.end() > s.offset()) {
      held.add(new long[] {s.offset(), s.end()});
    }
    held.sort((a, b) -> Long.compare(a[0], b[0]));
    List<long[]> merged = new ArrayList<>();
    for (long[] range : held) {
      long[] last = merged.isEmpty() ? null : merged.getLast();
      if (last != null && range[0] <= last[1]) {
        last[1] = Math.max(last[1], range[1]);
      } else {
        merged.add(range);
      }
    }
    held.clear();
    for (long[] range : merged) {
      if (range[0] <= received) {
        received = Math.max(received, range[1]);
      } else {
        held.add(range);
      }
    }
  }

  /** The next word: something new, something again, a keep-alive or a mere acknowledgment. */
  Segment speak(Endpoint peer, long now) {
    long offset = sent;
    int length = 0;
    boolean fin = false;
    int what = random.nextInt(10);
    if (what < 5 && sent < total) {
      length = (int) Math.min(1 + random.nextInt(MAX_SEGMENT), total - sent);
      fin = sent + length == total && random.nextBoolean();
    } else if (what < 5 && sent == total) {
      fin = true;
    } else if (what < 8 && acknowledged < sent) {
      offset = acknowledged + (random.nextInt(3) == 0 ? random.nextInt(500) : 0);
      offset = Math.min(offset, sent - 1);
      length = (int) Math.min(1 + random.nextInt(MAX_SEGMENT), Math.min(total, sent) - offset);
      fin = sent > total && offset + length == total;
    } else if (what == 8 && sent > 0) {
      offset = sent - 1; // keep-alive
    }
    sent = Math.max(sent, offset + length + (fin ? 1 : 0));
    List<long[]> sack = held.subList(0, Math.min(held.size(), timestamps ? 3 : 4));
    return new Segment(
        client,
        Packet.ACK | (fin ? Packet.FIN : 0),
        offset,
        length,
        Math.min(received, peer.total + 1),
        sack.stream().map(long[]::clone).toList(),
        random.nextInt(5) == 0 ? 0 : random.nextInt(65_536),
        now,
        echo);
  }
}

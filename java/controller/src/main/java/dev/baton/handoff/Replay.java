package dev.baton.handoff;

/**
 * How far the backlog has come towards the target. Offsets count from the first byte of what the
 * target is sent, a header of ours included; a FIN takes one more. Ten segments at first, one more
 * with each acknowledgment (RFC 6928, RFC 5681 3.1), within the target's window; after a timeout it
 * goes back to the first unacknowledged byte, with one segment and twice the time (RFC 6298 5.5).
 * Pure: times are given, in nanoseconds.
 */
final class Replay {
  private static final int INITIAL_WINDOW = 10;
  private static final long INITIAL_TIMEOUT = 200_000_000L;
  private static final long MAX_TIMEOUT = 2_000_000_000L;

  private int segmentSize;
  private int data;
  private int fin;
  private int sent;
  private int acknowledged;
  private int reached;
  private int congestionWindow;
  private long targetWindow;
  private long timeout;
  private boolean probing;

  /**
   * Begins anew.
   *
   * @param segmentSize bytes of payload a segment may carry
   * @param window the target's, bytes
   */
  void start(int segmentSize, long window) {
    this.segmentSize = segmentSize;
    data = fin = sent = acknowledged = reached = 0;
    congestionWindow = INITIAL_WINDOW;
    targetWindow = window;
    timeout = INITIAL_TIMEOUT;
    probing = false;
  }

  /** There are now {@code bytes} of backlog in all, with a FIN behind them or not. */
  void extend(int bytes, boolean withFin) {
    data = bytes;
    fin = withFin ? 1 : 0;
    settle();
  }

  /** Where the next segment begins. */
  int offset() {
    return sent;
  }

  /** Bytes of payload that may go out now; 0: none. */
  int sendable() {
    long allowed =
        Math.min(targetWindow, (long) congestionWindow * segmentSize) - (sent - acknowledged);
    if (allowed <= 0 && probing && sent == acknowledged) {
      allowed = 1;
    }
    return (int) Math.max(0, Math.min(Math.min(allowed, segmentSize), data - sent));
  }

  /** A segment of {@code bytes} at {@link #offset} carries the FIN too. */
  boolean finAfter(int bytes) {
    return fin == 1 && sent + bytes == data;
  }

  /** Whether all data is out, and the FIN is not. */
  boolean finAlone() {
    return fin == 1 && sent == data;
  }

  /** A segment has left. */
  void sent(int bytes, boolean withFin) {
    sent += bytes + (withFin ? 1 : 0);
    probing = false;
  }

  /**
   * The target has acknowledged everything before {@code offset}. That may be more than was
   * replayed: what the client has sent since goes straight to the target, and so does what it
   * repeats.
   *
   * @param window bytes it takes from there on
   * @return whether the acknowledgment says something new
   */
  boolean acknowledged(int offset, long window) {
    if (offset < acknowledged) {
      return false;
    }
    boolean wider = window > targetWindow;
    int before = acknowledged;
    targetWindow = window;
    reached = Math.max(reached, offset);
    settle();
    if (acknowledged > before) {
      congestionWindow++;
      timeout = INITIAL_TIMEOUT;
    }
    return acknowledged > before || wider;
  }

  /** Of what the target has reached, the backlog's part counts. */
  private void settle() {
    acknowledged = Math.max(acknowledged, Math.min(reached, data + fin));
    sent = Math.max(sent, acknowledged);
  }

  /** Nothing came back in time: once more from the first unacknowledged byte. */
  void timedOut() {
    sent = acknowledged;
    congestionWindow = 1;
    timeout = Math.min(2 * timeout, MAX_TIMEOUT);
    probing = true;
  }

  /**
   * Segments must be smaller; what is under way is sent again at once, since what was too big is
   * lost. Never larger: whoever says so may be lying.
   *
   * @param size bytes of payload a segment may carry, positive
   * @return whether that is less than before
   */
  boolean shrink(int size) {
    if (size >= segmentSize) {
      return false;
    }
    segmentSize = size;
    sent = acknowledged;
    return true;
  }

  /** Nanoseconds to wait for an acknowledgment. */
  long timeout() {
    return timeout;
  }

  /** Everything, and the FIN if there is one, is acknowledged. */
  boolean done() {
    return acknowledged == data + fin;
  }

  /** What the target has of the backlog; a FIN counts one. */
  int acknowledged() {
    return acknowledged;
  }

  /** Bytes of data acknowledged or not, without the FIN. */
  int data() {
    return data;
  }

  /** Whether a FIN belongs to it. */
  boolean hasFin() {
    return fin == 1;
  }
}

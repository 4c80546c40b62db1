package dev.baton.dataplane;

/**
 * What is added to the numbers of a segment on its way (docs/wire.md), seen from the client: the
 * entry of the other direction holds the negatives. All arithmetic is modulo 2^32.
 */
public final class Translation {
  /** Added to the client's sequence numbers. */
  public int sequenceAdd;

  /** Added to the client's acknowledgment numbers and SACK edges. */
  public int acknowledgmentAdd;

  /** Whether what is replayed has other bytes than what the client sent at their place. */
  public boolean rewritten;

  /** Whether timestamps are in use on both legs. */
  public boolean timestamps;

  /** Added to the target's TSval; taken from the client's TSecr. */
  public int timestampAdd;

  /** The target's timestamp clock less the monotonic clock's milliseconds. */
  public int clockAdd;

  /** Shift of the client's windows, left if positive. */
  public int clientWindowShift;

  /** Shift of the target's windows, left if positive. */
  public int targetWindowShift;

  /** Bytes of an IP packet that the client takes, by its MSS. */
  public int clientMtu;

  /** Bytes of an IP packet that the target takes, by its MSS. */
  public int targetMtu;

  /** The sequence number that the client sends next. */
  public int clientNext;

  /** The sequence number that the target sends next. */
  public int targetNext;
}

package dev.baton.directory;

/**
 * Bytes of one file, both ends included.
 *
 * @param first 0 or more
 * @param last at least {@code first}
 */
public record ByteRange(long first, long last) {
  /** Refuses what is no range. */
  public ByteRange {
    if (first < 0 || last < first) {
      throw new IllegalArgumentException(first + "-" + last);
    }
  }

  /** How many bytes. */
  public long length() {
    return last - first + 1;
  }

  /** Whether all of the other is in this one. */
  public boolean holds(ByteRange other) {
    return first <= other.first && other.last <= last;
  }

  /** As files and messages have it: {@code 0-99}. */
  @Override
  public String toString() {
    return first + "-" + last;
  }
}

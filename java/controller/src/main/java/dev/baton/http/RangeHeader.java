package dev.baton.http;

import java.lang.foreign.MemorySegment;

/**
 * Reads a Range field of bytes (RFC 9110, sections 14.1.2 and 14.2) against the length of what is
 * asked for. Used again and again by one thread; allocates nothing.
 *
 * <p>Strict where leniency would let two readers see two ranges: anything that is not exactly the
 * grammar is {@link Result#IGNORED}, as RFC 9110 has it for what is invalid.
 */
public final class RangeHeader {
  /** What the field says. */
  public enum Result {
    /** No valid set of byte ranges, or too many of them: the whole is asked for. */
    IGNORED,
    /** Valid, but none of its ranges has a byte of the file. */
    UNSATISFIABLE,
    /** {@link #count} ranges, as they were asked for. */
    SATISFIABLE
  }

  /** Ranges that one field may name; with more it is ignored (RFC 9110, section 14.2). */
  public static final int RANGES_MAX = 16;

  private static final String UNIT = "bytes=";
  private static final long NONE = -1;

  private final long[] firsts = new long[RANGES_MAX];
  private final long[] lasts = new long[RANGES_MAX];
  private int count;
  private long at;

  /** One that has read nothing yet. */
  public RangeHeader() {}

  /**
   * Reads a field's value.
   *
   * @param buffer where it stands
   * @param start its first byte
   * @param end behind its last
   * @param size bytes of the file, at least 1
   */
  public Result parse(MemorySegment buffer, long start, long end, long size) {
    count = 0;
    int specs = 0;
    at = start + UNIT.length();
    if (at > end || !Bytes.equalsIgnoreCase(buffer, start, at, UNIT)) {
      return Result.IGNORED;
    }
    // RFC 9110, section 5.6.1: empty elements of a list are passed over.
    while (true) {
      skipSpaces(buffer, end);
      if (at < end && Bytes.at(buffer, at) != ',') {
        if (++specs > RANGES_MAX || !range(buffer, end, size)) {
          count = 0;
          return Result.IGNORED;
        }
        skipSpaces(buffer, end);
      }
      if (at == end) {
        break;
      }
      if (Bytes.at(buffer, at++) != ',') {
        count = 0;
        return Result.IGNORED;
      }
    }
    if (specs == 0) {
      return Result.IGNORED;
    }
    return count == 0 ? Result.UNSATISFIABLE : Result.SATISFIABLE;
  }

  private void skipSpaces(MemorySegment buffer, long end) {
    while (at < end && Bytes.isSpace(Bytes.at(buffer, at))) {
      at++;
    }
  }

  /** Reads one range; false: it is not valid. One without a byte of the file is left out. */
  private boolean range(MemorySegment buffer, long end, long size) {
    long first = number(buffer, end);
    if (at == end || Bytes.at(buffer, at) != '-') {
      return false;
    }
    at++;
    long last = number(buffer, end);
    if (first == NONE) {
      if (last == NONE) {
        return false;
      }
      if (last > 0) {
        add(Math.max(0, size - last), size - 1);
      }
      return true;
    }
    if (last == NONE) {
      last = Long.MAX_VALUE;
    }
    if (last < first) {
      return false;
    }
    if (first < size) {
      add(first, Math.min(last, size - 1));
    }
    return true;
  }

  /** Digits; what no long can hold counts as the largest. NONE: there is no digit. */
  private long number(MemorySegment buffer, long end) {
    long value = NONE;
    for (; at < end && Bytes.isDigit(Bytes.at(buffer, at)); at++) {
      int digit = Bytes.at(buffer, at) - '0';
      long before = Math.max(value, 0);
      value = before > (Long.MAX_VALUE - digit) / 10 ? Long.MAX_VALUE : before * 10 + digit;
    }
    return value;
  }

  private void add(long first, long last) {
    firsts[count] = first;
    lasts[count++] = last;
  }

  /** How many satisfiable ranges there are, at most {@link #RANGES_MAX}. */
  public int count() {
    return count;
  }

  /** The first byte of a range, from 0. */
  public long first(int i) {
    return firsts[i];
  }

  /** Its last byte, below the file's size. */
  public long last(int i) {
    return lasts[i];
  }
}

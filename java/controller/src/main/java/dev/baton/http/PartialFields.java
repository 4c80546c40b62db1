package dev.baton.http;

import java.lang.foreign.MemorySegment;

/** The fields that ask for less than the whole (RFC 9110, sections 13.1 and 14.2). */
final class PartialFields {
  /** A bit for each length of their names. */
  static final long LENGTHS = 1L << 5 | 1L << 8 | 1L << 13 | 1L << 17 | 1L << 19;

  private int ranges;
  private long rangeStart;
  private long rangeEnd;
  private long ifRangeStart;
  private long ifRangeEnd;
  private boolean conditional;

  void reset() {
    ranges = 0;
    rangeStart = rangeEnd = 0;
    ifRangeStart = ifRangeEnd = 0;
    conditional = false;
  }

  /** Takes a field, if it is one of them. */
  void take(MemorySegment buffer, long name, long nameEnd, long start, long end) {
    switch ((int) (nameEnd - name)) {
      case 5 -> {
        if (Bytes.equalsIgnoreCase(buffer, name, nameEnd, "range") && ranges++ == 0) {
          rangeStart = start;
          rangeEnd = end;
        }
      }
      case 8 -> {
        if (Bytes.equalsIgnoreCase(buffer, name, nameEnd, "if-match")) {
          conditional = true;
        } else if (Bytes.equalsIgnoreCase(buffer, name, nameEnd, "if-range") && ifRangeStart == 0) {
          ifRangeStart = start;
          ifRangeEnd = end;
        }
      }
      case 13 -> conditional |= Bytes.equalsIgnoreCase(buffer, name, nameEnd, "if-none-match");
      case 17 -> conditional |= Bytes.equalsIgnoreCase(buffer, name, nameEnd, "if-modified-since");
      case 19 ->
          conditional |= Bytes.equalsIgnoreCase(buffer, name, nameEnd, "if-unmodified-since");
      default -> {
        // Says nothing of that kind.
      }
    }
  }

  int ranges() {
    return ranges;
  }

  long rangeStart() {
    return rangeStart;
  }

  int rangeLength() {
    return (int) (rangeEnd - rangeStart);
  }

  long ifRangeStart() {
    return ifRangeStart;
  }

  int ifRangeLength() {
    return (int) (ifRangeEnd - ifRangeStart);
  }

  boolean conditional() {
    return conditional;
  }
}

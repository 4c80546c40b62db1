package dev.baton.http;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Classes of bytes, and loops that pass over many of one class. */
final class Bytes {
  private static final ValueLayout.OfLong WORD =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final long ONES = 0x0101010101010101L;
  private static final long HIGH = 0x8080808080808080L;

  /** RFC 9110, section 5.6.2. */
  private static final boolean[] TOKEN = new boolean[256];

  static {
    for (char c = '!'; c < 0x7f; c++) {
      TOKEN[c] = "\"(),/:;<=>?@[\\]{}".indexOf(c) < 0;
    }
  }

  private Bytes() {}

  static byte at(MemorySegment buffer, long offset) {
    return buffer.get(ValueLayout.JAVA_BYTE, offset);
  }

  static boolean isToken(byte b) {
    return TOKEN[b & 0xff];
  }

  static boolean isDigit(byte b) {
    return b >= '0' && b <= '9';
  }

  static boolean isSpace(byte b) {
    return b == ' ' || b == '\t';
  }

  /** Where the first byte that is no token byte stands, or the end. */
  static long skipToken(MemorySegment buffer, long from, long end) {
    long i = from;
    while (i < end && TOKEN[buffer.get(ValueLayout.JAVA_BYTE, i) & 0xff]) {
      i++;
    }
    return i;
  }

  /** Where the first space, control byte or DEL stands, or the end; bytes from 0x80 are passed. */
  static long skipVisible(MemorySegment buffer, long from, long end) {
    return skip(buffer, from, end, ' ' + 1);
  }

  /** Where the first control byte but tab, or DEL, stands, or the end. */
  static long skipText(MemorySegment buffer, long from, long end) {
    long i = from;
    while (true) {
      i = skip(buffer, i, end, ' ');
      if (i == end || at(buffer, i) != '\t') {
        return i;
      }
      i++;
    }
  }

  /** Where the first byte below {@code least} (at most 0x80) or equal to DEL stands, or the end. */
  private static long skip(MemorySegment buffer, long from, long end, int least) {
    long i = from;
    for (; i + Long.BYTES <= end; i += Long.BYTES) {
      long word = buffer.get(WORD, i);
      // In the lowest byte that matches both tests are exact; only later ones may be wrong.
      long below = (word - ONES * least) & ~word & HIGH;
      long del = word ^ ONES * 0x7f;
      long found = below | ((del - ONES) & ~del & HIGH);
      if (found != 0) {
        return i + Long.numberOfTrailingZeros(found) / Byte.SIZE;
      }
    }
    for (; i < end; i++) {
      int b = at(buffer, i) & 0xff;
      if (b < least || b == 0x7f) {
        break;
      }
    }
    return i;
  }

  /** Whether the bytes spell this lower-case text, in either case. */
  static boolean equalsIgnoreCase(MemorySegment buffer, long start, long end, String lower) {
    if (end - start != lower.length()) {
      return false;
    }
    for (int i = 0; i < lower.length(); i++) {
      int b = at(buffer, start + i);
      if (b >= 'A' && b <= 'Z') {
        b += 'a' - 'A';
      }
      if (b != lower.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** Whether the bytes spell this text exactly. */
  static boolean equals(MemorySegment buffer, long start, long end, String text) {
    if (end - start != text.length()) {
      return false;
    }
    for (int i = 0; i < text.length(); i++) {
      if (at(buffer, start + i) != text.charAt(i)) {
        return false;
      }
    }
    return true;
  }
}

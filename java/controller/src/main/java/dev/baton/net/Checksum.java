package dev.baton.net;

import static java.nio.ByteOrder.BIG_ENDIAN;

import dev.baton.address.Ip;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The internet checksum (RFC 1071): sums of big-endian 16-bit words, carried in a long. */
public final class Checksum {
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(BIG_ENDIAN);
  private static final int PROTOCOL_TCP = 6;

  private Checksum() {}

  /**
   * TCP's pseudo header over either family (RFC 9293 3.1, RFC 8200 8.1); {@code length} is header
   * and payload.
   */
  public static long pseudoHeader(Ip source, Ip destination, int length) {
    return address(source) + address(destination) + PROTOCOL_TCP + length;
  }

  private static long address(Ip ip) {
    return ip.isV4() ? Integer.toUnsignedLong(ip.v4()) : words(ip.high()) + words(ip.low());
  }

  private static long words(long half) {
    return (half >>> 32) + (half & 0xffff_ffffL);
  }

  /**
   * Adds bytes to a sum. 32 bits are added at once: 2^32 and 2^16 are both 1 modulo 65535.
   *
   * @param sum of an even number of bytes so far
   * @param length less than 2 GiB, so that the long cannot overflow
   */
  public static long add(long sum, MemorySegment bytes, long offset, int length) {
    long end = offset + length;
    long at = offset;
    for (; at + 4 <= end; at += 4) {
      sum += Integer.toUnsignedLong(bytes.get(INT, at));
    }
    for (int shift = 24; at < end; at++, shift -= 8) {
      sum += (bytes.get(ValueLayout.JAVA_BYTE, at) & 0xffL) << shift;
    }
    return sum;
  }

  /** The checksum field for a sum: its one's complement in 16 bits. */
  public static short fold(long sum) {
    sum = (sum & 0xffff_ffffL) + (sum >>> 32);
    sum = (sum & 0xffff_ffffL) + (sum >>> 32);
    sum = (sum & 0xffff) + (sum >>> 16);
    sum = (sum & 0xffff) + (sum >>> 16);
    return (short) ~sum;
  }
}

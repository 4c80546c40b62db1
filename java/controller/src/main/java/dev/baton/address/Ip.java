package dev.baton.address;

import static java.nio.ByteOrder.BIG_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;

/**
 * An IP address of either family, in a holder that can be filled in again, so that the hot path
 * allocates none. An IPv4 address is held as an IPv4-mapped one (RFC 4291 2.5.5.2), which is also
 * how a dual-stack socket shows it. Whoever lends one out does not change it any more.
 */
public final class Ip {
  /** What an address of either family takes in maps and headers, at most: bytes. */
  public static final int BYTES = 16;

  private static final int V4_BYTES = 4;
  private static final long MAPPED = 0xffffL << 32;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(BIG_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(BIG_ENDIAN);

  private long high;
  private long low = MAPPED;

  /** 0.0.0.0 until it is filled in. */
  public Ip() {}

  /** A holder of the address; a scope is left out. */
  public static Ip of(InetAddress address) {
    ByteBuffer bytes = ByteBuffer.wrap(address.getAddress());
    Ip ip = new Ip();
    return bytes.capacity() == V4_BYTES
        ? ip.setV4(bytes.getInt())
        : ip.set(bytes.getLong(), bytes.getLong());
  }

  /** Takes over another's address. */
  public Ip set(Ip other) {
    return set(other.high, other.low);
  }

  /** The 16 bytes of an IPv6 address, the first octet highest. */
  public Ip set(long highHalf, long lowHalf) {
    high = highHalf;
    low = lowHalf;
    return this;
  }

  /** An IPv4 address, the first octet highest. */
  public Ip setV4(int address) {
    return set(0, MAPPED | Integer.toUnsignedLong(address));
  }

  /**
   * Sets all bits but the first to zero.
   *
   * @param bits how many stay, 0 to 128, in the 16 bytes of an IPv6 or IPv4-mapped address
   */
  public Ip keep(int bits) {
    long keepHigh = bits >= Long.SIZE ? -1 : bits == 0 ? 0 : -1L << (Long.SIZE - bits);
    long keepLow = bits <= Long.SIZE ? 0 : -1L << (2 * Long.SIZE - bits);
    return set(high & keepHigh, low & keepLow);
  }

  /** Whether it is an IPv4 address. */
  public boolean isV4() {
    return high == 0 && low >>> 32 == MAPPED >>> 32;
  }

  /** The IPv4 address, the first octet highest; of an IPv6 address its last 32 bits. */
  public int v4() {
    return (int) low;
  }

  /** The first 64 bits of an IPv6 or IPv4-mapped address. */
  public long high() {
    return high;
  }

  /** The last 64 bits of an IPv6 or IPv4-mapped address. */
  public long low() {
    return low;
  }

  /** Bytes of an IP header without options. */
  public int headerBytes() {
    return isV4() ? 20 : 40;
  }

  /** Whether it is of a loopback network: 127.0.0.0/8, or ::1. */
  public boolean isLoopback() {
    return isV4() ? v4() >>> 24 == 127 : high == 0 && low == 1;
  }

  /**
   * Writes it as bpf/include/baton.h has it: in network byte order, IPv4 in the first of four words
   * and the others zero.
   */
  public void write(MemorySegment to, long offset) {
    if (isV4()) {
      to.set(INT, offset, v4());
      to.set(INT, offset + 4, 0);
      to.set(LONG, offset + 8, 0);
    } else {
      writeV6(to, offset);
    }
  }

  /** Writes 16 bytes, IPv4 as IPv4-mapped. */
  public void writeV6(MemorySegment to, long offset) {
    to.set(LONG, offset, high);
    to.set(LONG, offset + 8, low);
  }

  /** Reads what {@link #write} has written. */
  public Ip read(MemorySegment from, long offset, boolean isV4) {
    return isV4 ? setV4(from.get(INT, offset)) : readV6(from, offset);
  }

  /** Reads 16 bytes. */
  public Ip readV6(MemorySegment from, long offset) {
    return set(from.get(LONG, offset), from.get(LONG, offset + 8));
  }

  /** As an address object. */
  public InetAddress toInet() {
    ByteBuffer bytes =
        isV4()
            ? ByteBuffer.allocate(V4_BYTES).putInt(v4())
            : ByteBuffer.allocate(BYTES).putLong(high).putLong(low);
    try {
      return InetAddress.getByAddress(bytes.array());
    } catch (UnknownHostException e) {
      throw new AssertionError("4 or 16 bytes are an address", e);
    }
  }

  /** Dotted decimal, or the text of RFC 5952. */
  public static String text(InetAddress address) {
    return of(address).toString();
  }

  /** An address and a port: {@code 10.0.0.1:80}, {@code [fd00::1]:80}. */
  public String withPort(int port) {
    return isV4() ? this + ":" + port : "[" + this + "]:" + port;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Ip ip && ip.high == high && ip.low == low;
  }

  @Override
  public int hashCode() {
    return Long.hashCode(high * 31 + low);
  }

  /** Dotted decimal, or the text of RFC 5952. */
  @Override
  public String toString() {
    if (isV4()) {
      int a = v4();
      return (a >>> 24) + "." + (a >>> 16 & 0xff) + "." + (a >>> 8 & 0xff) + "." + (a & 0xff);
    }
    return textV6();
  }

  private int group(int index) {
    return (int) ((index < 4 ? high : low) >>> (48 - 16 * (index & 3)) & 0xffff);
  }

  /** The longest run of zero groups, of two at least, is written "::" (RFC 5952 4.2). */
  private String textV6() {
    int best = -1;
    int bestLength = 1;
    for (int i = 0; i < 8; i++) {
      int length = 0;
      while (i + length < 8 && group(i + length) == 0) {
        length++;
      }
      if (length > bestLength) {
        best = i;
        bestLength = length;
      }
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 8; i++) {
      if (i == best) {
        text.append("::");
        i += bestLength - 1;
        continue;
      }
      if (!text.isEmpty() && text.charAt(text.length() - 1) != ':') {
        text.append(':');
      }
      text.append(Integer.toHexString(group(i)));
    }
    return text.toString();
  }
}

package dev.baton.net;

import static java.nio.ByteOrder.BIG_ENDIAN;

import dev.baton.address.Ip;
import dev.baton.bindings.flow.Baton;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * One TCP segment over IPv4 or IPv6 as Baton sends it on a raw socket (RFC 791, RFC 8200, RFC 9293
 * 3.1), filled in field by field and written with both checksums. Reused from one segment to the
 * next: {@link #clear} first.
 *
 * <p>All numbers are in host order. Options come in a fixed order: MSS, window scale, SACK
 * permitted, timestamps, REDIRECT; a segment without SYN carries timestamps only.
 */
public final class Segment {
  /** Header flags, byte 13 (RFC 9293 3.1). */
  public static final int FIN = 1;

  /** See RFC 9293 3.1. */
  public static final int SYN = 2;

  /** See RFC 9293 3.1. */
  public static final int RST = 4;

  /** See RFC 9293 3.1. */
  public static final int PSH = 8;

  /** See RFC 9293 3.1. */
  public static final int ACK = 16;

  /** ECN echo (RFC 3168 6.1). */
  public static final int ECE = 64;

  /** Congestion window reduced (RFC 3168 6.1). */
  public static final int CWR = 128;

  /** Bytes of an IPv4 header without options. */
  public static final int IPV4_HEADER = 20;

  /** Bytes of an IPv6 header. */
  public static final int IPV6_HEADER = 40;

  /** Bytes of a TCP header without options. */
  public static final int TCP_HEADER = 20;

  /** The longest header: 40 bytes of IPv6, 60 of TCP. */
  public static final int MAX_HEADER = 100;

  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(BIG_ENDIAN);
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(BIG_ENDIAN);
  private static final int PROTOCOL_TCP = 6;
  private static final int TTL = 64;
  private static final int DONT_FRAGMENT = 0x4000;

  final Ip source = new Ip();
  final Ip destination = new Ip();
  int sourcePort;
  int destinationPort;
  int sequence;
  int acknowledgment;
  int flags;
  int window;
  int urgentPointer;
  int mss;
  int windowScale = -1;
  boolean sackPermitted;
  boolean timestamps;
  int tsval;
  int tsecr;
  boolean redirect;
  final Ip redirectAddress = new Ip();
  int redirectScale;

  /** Forgets all fields but addresses and ports. */
  public Segment clear() {
    sequence = acknowledgment = flags = window = urgentPointer = mss = 0;
    windowScale = -1;
    sackPermitted = timestamps = redirect = false;
    tsval = tsecr = redirectScale = 0;
    return this;
  }

  /** Addresses, both of one family, and ports. */
  public Segment between(Ip from, int fromPort, Ip to, int toPort) {
    source.set(from);
    sourcePort = fromPort;
    destination.set(to);
    destinationPort = toPort;
    return this;
  }

  /** Sequence number. */
  public Segment sequence(int value) {
    sequence = value;
    return this;
  }

  /** Acknowledgment number; written whether the ACK flag is set or not. */
  public Segment acknowledgment(int value) {
    acknowledgment = value;
    return this;
  }

  /** The flags. */
  public Segment flags(int value) {
    flags = value;
    return this;
  }

  /** The window field as it stands on the wire, 0 to 65535. */
  public Segment window(int field) {
    window = field;
    return this;
  }

  /** The urgent pointer; the URG flag stays clear. */
  public Segment urgentPointer(int value) {
    urgentPointer = value;
    return this;
  }

  /** MSS option, 1 to 65535; 0: none. */
  public Segment mss(int value) {
    mss = value;
    return this;
  }

  /** Window scale option, 0 to 14 (RFC 7323 2.3); −1: none. */
  public Segment windowScale(int value) {
    windowScale = value;
    return this;
  }

  /** SACK permitted option (RFC 2018). */
  public Segment sackPermitted(boolean value) {
    sackPermitted = value;
    return this;
  }

  /** Timestamps option (RFC 7323 3.2). */
  public Segment timestamps(int value, int echo) {
    timestamps = true;
    tsval = value;
    tsecr = echo;
    return this;
  }

  /**
   * The REDIRECT option (docs/wire.md).
   *
   * @param clientAddress of the family that the segment is of
   * @param scale the window scale that the DMZ node gave the client, 0 to 14, or 15 for none
   */
  public Segment redirect(Ip clientAddress, int scale) {
    redirect = true;
    redirectAddress.set(clientAddress);
    redirectScale = scale;
    return this;
  }

  /** The address it goes to. */
  public Ip destination() {
    return destination;
  }

  /**
   * Writes the packet.
   *
   * @param out at least {@link #MAX_HEADER} and the payload long
   * @param payload where the payload is
   * @param offset its first byte there
   * @param length bytes of payload, 0 for none
   * @return the packet's length in bytes
   */
  public int write(MemorySegment out, MemorySegment payload, long offset, int length) {
    boolean v4 = destination.isV4();
    int tcp = v4 ? IPV4_HEADER : IPV6_HEADER;
    int tcpLength = TCP_HEADER + writeOptions(out, tcp + TCP_HEADER);
    int total = tcp + tcpLength + length;
    if (v4) {
      writeIpv4(out, total);
    } else {
      writeIpv6(out, tcpLength + length);
    }
    out.set(SHORT, tcp, (short) sourcePort);
    out.set(SHORT, tcp + 2, (short) destinationPort);
    out.set(INT, tcp + 4, sequence);
    out.set(INT, tcp + 8, acknowledgment);
    out.set(SHORT, tcp + 12, (short) (((tcpLength / 4) << 12) | flags));
    out.set(SHORT, tcp + 14, (short) window);
    out.set(SHORT, tcp + 16, (short) 0);
    out.set(SHORT, tcp + 18, (short) urgentPointer);
    MemorySegment.copy(payload, offset, out, tcp + tcpLength, length);
    long sum =
        Checksum.add(
            Checksum.pseudoHeader(source, destination, tcpLength + length),
            out,
            tcp,
            tcpLength + length);
    out.set(SHORT, tcp + 16, Checksum.fold(sum));
    return total;
  }

  private void writeIpv4(MemorySegment out, int total) {
    out.set(SHORT, 0, (short) 0x4500);
    out.set(SHORT, 2, (short) total);
    out.set(SHORT, 4, (short) 0);
    out.set(SHORT, 6, (short) DONT_FRAGMENT);
    out.set(SHORT, 8, (short) (TTL << 8 | PROTOCOL_TCP));
    out.set(SHORT, 10, (short) 0);
    out.set(INT, 12, source.v4());
    out.set(INT, 16, destination.v4());
    out.set(SHORT, 10, Checksum.fold(Checksum.add(0, out, 0, IPV4_HEADER)));
  }

  private void writeIpv6(MemorySegment out, int payload) {
    out.set(INT, 0, 6 << 28);
    out.set(SHORT, 4, (short) payload);
    out.set(SHORT, 6, (short) (PROTOCOL_TCP << 8 | TTL));
    source.writeV6(out, 8);
    destination.writeV6(out, 24);
  }

  /**
   * Writes the options, padded with NOPs in front where that keeps numbers aligned; their length.
   */
  private int writeOptions(MemorySegment out, int start) {
    int at = start;
    if ((flags & SYN) == 0) {
      if (timestamps) {
        out.set(SHORT, at, (short) 0x0101);
        at = writeTimestamps(out, at + 2);
      }
      return at - start;
    }
    if (mss != 0) {
      out.set(INT, at, 2 << 24 | 4 << 16 | mss);
      at += 4;
    }
    if (windowScale >= 0) {
      out.set(SHORT, at, (short) 0x0303);
      out.set(ValueLayout.JAVA_BYTE, at + 2, (byte) windowScale);
      at += 3;
    }
    if (sackPermitted) {
      out.set(SHORT, at, (short) 0x0402);
      at += 2;
    }
    if (timestamps) {
      at = writeTimestamps(out, at);
    }
    if (redirect) {
      at = writeRedirect(out, at);
    }
    while ((at - start) % 4 != 0) {
      out.set(ValueLayout.JAVA_BYTE, at++, (byte) 0);
    }
    return at - start;
  }

  private int writeTimestamps(MemorySegment out, int at) {
    out.set(SHORT, at, (short) 0x080a);
    out.set(INT, at + 2, tsval);
    out.set(INT, at + 6, tsecr);
    return at + 10;
  }

  private int writeRedirect(MemorySegment out, int at) {
    boolean v4 = redirectAddress.isV4();
    int length = v4 ? Baton.BATON_OPTION_LEN_V4() : Baton.BATON_OPTION_LEN_V6();
    out.set(SHORT, at, (short) (Baton.BATON_OPTION_KIND() << 8 | length));
    out.set(SHORT, at + 2, (short) Baton.BATON_OPTION_EXID());
    out.set(
        ValueLayout.JAVA_BYTE, at + 4, (byte) (Baton.BATON_OPTION_VERSION() << 4 | redirectScale));
    if (v4) {
      out.set(INT, at + 5, redirectAddress.v4());
    } else {
      redirectAddress.writeV6(out, at + 5);
    }
    return at + length;
  }
}

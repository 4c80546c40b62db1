package dev.baton.dataplane;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * An ICMP or ICMPv6 error in a frame (RFC 792, RFC 4443), made by hand as {@link Packet} is: an IP
 * header, eight bytes of ICMP, and the packet it is about, cut short.
 */
final class IcmpError {
  /** What an error says, in each IP version's numbers. */
  enum Kind {
    HOST_UNREACHABLE(3, 1, 1, 3),
    PORT_UNREACHABLE(3, 3, 1, 4),
    TOO_BIG(3, 4, 2, 0),
    TIME_EXCEEDED(11, 0, 3, 0),
    PARAMETER_PROBLEM(12, 0, 4, 1);

    private final int type;
    private final int code;
    private final int type6;
    private final int code6;

    Kind(int type, int code, int type6, int code6) {
      this.type = type;
      this.code = code;
      this.type6 = type6;
      this.code6 = code6;
    }
  }

  /** A router between the DMZ node and whom it sends to. */
  static final int ROUTER = 0xac100001; // 172.16.0.1

  private static final int ETHERNET = 14;
  private static final int ICMP = 8;
  private static final int TCP = 20;

  private final int source;
  private final int destination;
  private final Kind kind;
  private final Packet quoted;
  private int quotedBytes = TCP;
  private int segmentLength = -1;
  private int mtu;
  private int ttl = 64;
  private int tos;
  private int id = 0x4321;
  private int fragment;
  private int type = -1;
  private byte[] ipOptions = new byte[0];

  private IcmpError(int source, int destination, Kind kind, Packet quoted) {
    this.source = source;
    this.destination = destination;
    this.kind = kind;
    this.quoted = quoted;
  }

  /** From a router to whom the packet says it is from. */
  static IcmpError about(Packet quoted, Kind kind) {
    return new IcmpError(ROUTER, quoted.source, kind, quoted);
  }

  /** Between any two. */
  static IcmpError between(int source, int destination, Kind kind, Packet quoted) {
    return new IcmpError(source, destination, kind, quoted);
  }

  /** As the DMZ node itself answers a packet that is too big. */
  static IcmpError answering(Packet tooBig) {
    int answerer = tooBig.destination;
    IcmpError answer = new IcmpError(answerer, tooBig.source, Kind.TOO_BIG, tooBig);
    answer.tos = 0xc0;
    answer.id = 0;
    answer.fragment = 0x4000;
    return answer;
  }

  /** So many bytes from the TCP header on are quoted. */
  IcmpError quotes(int bytes) {
    quotedBytes = bytes;
    return this;
  }

  /** The quoted packet had been one of a super-packet: an IP packet of so many bytes. */
  IcmpError ofSegment(int bytes) {
    segmentLength = bytes;
    return this;
  }

  IcmpError mtu(int bytes) {
    mtu = bytes;
    return this;
  }

  /** IPv6: the hop limit. */
  IcmpError ttl(int value) {
    ttl = value;
    return this;
  }

  /** Another type of ICMP. */
  IcmpError type(int value) {
    type = value;
    return this;
  }

  /** Flags and offset; IPv4 alone. */
  IcmpError fragment(int field) {
    fragment = field;
    return this;
  }

  /** IPv4 alone. */
  IcmpError ipOptions(int... bytes) {
    ipOptions = Options.raw(bytes);
    return this;
  }

  /** From the Ethernet header on, all checksums computed anew. */
  byte[] frame(Family family) {
    byte[] inner = quotation(family);
    int header = family == Family.V4 ? family.header + ipOptions.length : family.header;
    int length = ICMP + inner.length;
    ByteBuffer out = ByteBuffer.allocate(ETHERNET + header + length);
    out.put(quoted.frame(family), 0, 12).putShort((short) family.etherType);
    if (family == Family.V4) {
      out.put((byte) (0x40 | (header / 4))).put((byte) tos).putShort((short) (header + length));
      out.putShort((short) id).putShort((short) fragment);
      out.put((byte) ttl).put((byte) 1).putShort((short) 0);
    } else {
      out.putInt((6 << 28) | (tos << 20)).putShort((short) length);
      out.put((byte) 58).put((byte) ttl);
    }
    out.put(family.address(source)).put(family.address(destination));
    if (family == Family.V4) {
      out.put(ipOptions);
      int sum = Checksums.sum(out.array(), ETHERNET, ETHERNET + header, 0);
      out.putShort(ETHERNET + 10, (short) ~sum);
    }
    int icmp = out.position();
    int said = family == Family.V4 ? kind.type : kind.type6;
    out.put((byte) (type >= 0 ? type : said));
    out.put((byte) (family == Family.V4 ? kind.code : kind.code6)).putShort((short) 0);
    out.putInt(mtu).put(inner);
    int pseudo = 0;
    if (family == Family.V6) {
      pseudo = Checksums.sum(out.array(), ETHERNET + 8, ETHERNET + header, 58 + length);
    }
    out.putShort(icmp + 2, (short) ~Checksums.sum(out.array(), icmp, out.capacity(), pseudo));
    return out.array();
  }

  private byte[] quotation(Family family) {
    byte[] frame = quoted.frame(family);
    int end = Math.min(frame.length, ETHERNET + family.header + quotedBytes);
    ByteBuffer inner = ByteBuffer.wrap(Arrays.copyOfRange(frame, ETHERNET, end));
    if (segmentLength >= 0 && family == Family.V4) {
      inner.putShort(2, (short) segmentLength).putShort(10, (short) 0);
      inner.putShort(10, (short) ~Checksums.sum(inner.array(), 0, family.header, 0));
    } else if (segmentLength >= 0) {
      inner.putShort(4, (short) (segmentLength - family.header));
    }
    return inner.array();
  }
}

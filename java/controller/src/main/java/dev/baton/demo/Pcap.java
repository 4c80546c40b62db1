package dev.baton.demo;

import dev.baton.address.Ip;
import dev.baton.demo.Packet.Endpoint;
import dev.baton.demo.Packet.Leg;
import dev.baton.demo.Packet.Redirect;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads captures in the classic pcap format (draft-ietf-opsawg-pcap; Ethernet, micro- or
 * nanoseconds, either byte order) and keeps the TCP segments over IPv4 and IPv6 in them. A capture
 * cut short in the middle of a packet is read up to there.
 */
final class Pcap {
  private static final int FILE_HEADER = 24;
  private static final int RECORD_HEADER = 16;
  private static final int ETHERNET = 1;

  /** Where the IP header begins. */
  private static final int IP = 14;

  private static final int IPV4 = 0x0800;
  private static final int IPV6 = 0x86dd;
  private static final int IPV4_HEADER = 20;
  private static final int IPV6_HEADER = 40;
  private static final int TCP_HEADER = 20;
  private static final int TCP = 6;
  private static final int REDIRECT_KIND = 254;
  private static final int REDIRECT_EXID = 0x5244;
  private static final int REDIRECT_IPV4_LENGTH = 9;
  private static final int REDIRECT_IPV6_LENGTH = 21;

  private Pcap() {}

  /**
   * Reads a whole capture.
   *
   * @param bytes the file
   * @param leg where it was made
   * @return the TCP segments, in the file's order
   * @throws IllegalArgumentException if it is no pcap file, or not of Ethernet
   */
  static List<Packet> read(byte[] bytes, Leg leg) {
    if (bytes.length < FILE_HEADER) {
      throw new IllegalArgumentException("no pcap file: only " + bytes.length + " bytes");
    }
    ByteBuffer in = ByteBuffer.wrap(bytes);
    long unit = unitOf(in);
    int link = in.getInt(20) & 0x0fffffff;
    if (link != ETHERNET) {
      throw new IllegalArgumentException("not a capture of Ethernet but of link type " + link);
    }
    var packets = new ArrayList<Packet>();
    in.position(FILE_HEADER);
    while (in.remaining() >= RECORD_HEADER) {
      long seconds = Integer.toUnsignedLong(in.getInt());
      long fraction = Integer.toUnsignedLong(in.getInt());
      int captured = in.getInt();
      int length = in.getInt();
      if (captured < 0 || captured > in.remaining()) {
        break;
      }
      ByteBuffer frame = in.slice(in.position(), captured).order(ByteOrder.BIG_ENDIAN);
      Packet packet = decode(frame, length, leg, seconds * 1_000_000_000 + fraction * unit);
      if (packet != null) {
        packets.add(packet);
      }
      in.position(in.position() + captured);
    }
    return packets;
  }

  /** Sets the byte order; returns how many nanoseconds one step of a packet's time is. */
  private static long unitOf(ByteBuffer in) {
    for (ByteOrder order : List.of(ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN)) {
      int magic = in.order(order).getInt(0);
      if (magic == 0xa1b2c3d4) {
        return 1000;
      }
      if (magic == 0xa1b23c4d) {
        return 1;
      }
    }
    throw new IllegalArgumentException(
        "no pcap file: it begins with 0x%08x".formatted(in.getInt(0)));
  }

  /**
   * What an IP header says.
   *
   * @param header bytes of it
   * @param payload bytes behind it
   */
  private record IpHeader(int header, int payload, String source, String destination) {}

  /** The IP header of a frame that carries TCP, or null. */
  private static @Nullable IpHeader ipHeader(ByteBuffer frame, int length) {
    if (frame.limit() < IP + IPV4_HEADER) {
      return null;
    }
    return switch (frame.getChar(12)) {
      case IPV4 -> ipv4Header(frame, length - IP);
      case IPV6 -> ipv6Header(frame, length - IP);
      default -> null;
    };
  }

  private static @Nullable IpHeader ipv4Header(ByteBuffer frame, int packet) {
    int header = (frame.get(IP) & 0x0f) * 4;
    boolean laterFragment = (frame.getChar(IP + 6) & 0x1fff) != 0;
    if (frame.get(IP + 9) != TCP || laterFragment || header < IPV4_HEADER) {
      return null;
    }
    // A super-packet longer than the field can say has 0 in it.
    int total = frame.getChar(IP + 2) == 0 ? packet : frame.getChar(IP + 2);
    return new IpHeader(header, total - header, ipv4(frame, IP + 12), ipv4(frame, IP + 16));
  }

  private static @Nullable IpHeader ipv6Header(ByteBuffer frame, int packet) {
    if (frame.limit() < IP + IPV6_HEADER
        || (frame.get(IP) >> 4 & 0x0f) != 6
        || frame.get(IP + 6) != TCP) {
      return null;
    }
    int payload = frame.getChar(IP + 4) == 0 ? packet - IPV6_HEADER : frame.getChar(IP + 4);
    return new IpHeader(IPV6_HEADER, payload, ipv6(frame, IP + 8), ipv6(frame, IP + 24));
  }

  /** The TCP segment in a frame, or null if there is none, or not enough of it. */
  private static @Nullable Packet decode(ByteBuffer frame, int length, Leg leg, long nanos) {
    IpHeader ip = ipHeader(frame, length);
    if (ip == null || frame.limit() < IP + ip.header + TCP_HEADER) {
      return null;
    }
    int tcp = IP + ip.header;
    int tcpHeader = (frame.get(tcp + 12) >> 4 & 0x0f) * 4;
    int payload = ip.payload - tcpHeader;
    if (tcpHeader < TCP_HEADER || payload < 0) {
      return null;
    }
    ByteBuffer header = frame.slice(tcp, Math.min(tcpHeader, frame.limit() - tcp));
    return new Packet(
        leg,
        nanos,
        new Endpoint(ip.source, header.getChar(0)),
        new Endpoint(ip.destination, header.getChar(2)),
        Integer.toUnsignedLong(header.getInt(4)),
        Integer.toUnsignedLong(header.getInt(8)),
        header.get(13) & 0xff,
        header.getChar(14),
        payload,
        redirect(header));
  }

  private static @Nullable Redirect redirect(ByteBuffer header) {
    if ((header.get(13) & (Packet.SYN | Packet.ACK)) != Packet.SYN) {
      return null;
    }
    int option = -1;
    Long clock = null;
    int at = 20;
    while (at < header.limit()) {
      int kind = header.get(at) & 0xff;
      if (kind == 0) {
        break;
      }
      int length = kind == 1 ? 1 : at + 1 < header.limit() ? header.get(at + 1) & 0xff : 0;
      if (length == 0 || (kind != 1 && length < 2) || at + length > header.limit()) {
        break;
      }
      if (kind == 8 && length == 10) {
        clock = Integer.toUnsignedLong(header.getInt(at + 6));
      } else if (kind == REDIRECT_KIND
          && (length == REDIRECT_IPV4_LENGTH || length == REDIRECT_IPV6_LENGTH)
          && header.getChar(at + 2) == REDIRECT_EXID) {
        option = at;
      }
      at += length;
    }
    if (option < 0) {
      return null;
    }
    int versionAndScale = header.get(option + 4);
    String client =
        header.get(option + 1) == REDIRECT_IPV4_LENGTH
            ? ipv4(header, option + 5)
            : ipv6(header, option + 5);
    return new Redirect(
        versionAndScale >> 4 & 0x0f,
        new Endpoint(client, header.getChar(18)),
        versionAndScale & 0x0f,
        Integer.toUnsignedLong(header.getInt(8)),
        clock);
  }

  private static String ipv4(ByteBuffer in, int at) {
    return new Ip().setV4(in.getInt(at)).toString();
  }

  private static String ipv6(ByteBuffer in, int at) {
    return new Ip().set(in.getLong(at), in.getLong(at + 8)).toString();
  }
}

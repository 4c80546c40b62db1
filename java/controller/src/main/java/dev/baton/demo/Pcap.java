package dev.baton.demo;

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
 * nanoseconds, either byte order) and keeps the TCP segments over IPv4 in them. A capture cut short
 * in the middle of a packet is read up to there.
 */
final class Pcap {
  private static final int FILE_HEADER = 24;
  private static final int RECORD_HEADER = 16;
  private static final int ETHERNET = 1;
  private static final int ETHERNET_HEADER = 14;
  private static final int IPV4 = 0x0800;
  private static final int TCP = 6;
  private static final int REDIRECT_KIND = 254;
  private static final int REDIRECT_EXID = 0x5244;
  private static final int REDIRECT_IPV4_LENGTH = 9;

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

  /** The TCP segment in a frame, or null if there is none, or not enough of it. */
  private static @Nullable Packet decode(ByteBuffer frame, int length, Leg leg, long nanos) {
    int ip = ETHERNET_HEADER;
    if (frame.limit() < ip + 20 || frame.getChar(12) != IPV4) {
      return null;
    }
    int ipHeader = (frame.get(ip) & 0x0f) * 4;
    int tcp = ip + ipHeader;
    boolean laterFragment = (frame.getChar(ip + 6) & 0x1fff) != 0;
    if (frame.get(ip + 9) != TCP || laterFragment || ipHeader < 20 || frame.limit() < tcp + 20) {
      return null;
    }
    int tcpHeader = (frame.get(tcp + 12) >> 4 & 0x0f) * 4;
    // A super-packet longer than the field can say has 0 in it.
    int total = frame.getChar(ip + 2) == 0 ? length - ip : frame.getChar(ip + 2);
    int payload = total - ipHeader - tcpHeader;
    if (tcpHeader < 20 || payload < 0) {
      return null;
    }
    ByteBuffer header = frame.slice(tcp, Math.min(tcpHeader, frame.limit() - tcp));
    return new Packet(
        leg,
        nanos,
        new Endpoint(address(frame, ip + 12), header.getChar(0)),
        new Endpoint(address(frame, ip + 16), header.getChar(2)),
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
          && length == REDIRECT_IPV4_LENGTH
          && header.getChar(at + 2) == REDIRECT_EXID) {
        option = at;
      }
      at += length;
    }
    if (option < 0) {
      return null;
    }
    int versionAndScale = header.get(option + 4);
    return new Redirect(
        versionAndScale >> 4 & 0x0f,
        new Endpoint(address(header, option + 5), header.getChar(18)),
        versionAndScale & 0x0f,
        Integer.toUnsignedLong(header.getInt(8)),
        clock);
  }

  private static String address(ByteBuffer in, int at) {
    return "%d.%d.%d.%d"
        .formatted(
            in.get(at) & 0xff, in.get(at + 1) & 0xff, in.get(at + 2) & 0xff, in.get(at + 3) & 0xff);
  }
}

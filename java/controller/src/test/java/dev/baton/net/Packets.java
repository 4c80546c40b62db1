package dev.baton.net;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;

/** Packets as bytes, and the internet checksum computed the slow way, independent of the code. */
final class Packets {
  private Packets() {}

  /** Bytes of hexadecimal digits; white space does not matter. */
  static byte[] hex(String digits) {
    return HexFormat.of().parseHex(digits.replaceAll("\\s", ""));
  }

  /** The first bytes of a segment. */
  static byte[] bytes(MemorySegment segment, int length) {
    return segment.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
  }

  static int u8(byte[] packet, int at) {
    return packet[at] & 0xff;
  }

  static int u16(byte[] packet, int at) {
    return u8(packet, at) << 8 | u8(packet, at + 1);
  }

  static int i32(byte[] packet, int at) {
    return u16(packet, at) << 16 | u16(packet, at + 2);
  }

  /** RFC 1071 word by word with the carry added at once; a correct field included gives 0. */
  static int checksum(byte[] bytes, int start, int end, int sum) {
    for (int at = start; at < end; at += 2) {
      sum += u8(bytes, at) << 8 | (at + 1 < end ? u8(bytes, at + 1) : 0);
      if (sum > 0xffff) {
        sum = (sum & 0xffff) + 1;
      }
    }
    return ~sum & 0xffff;
  }

  /** What is left of the IPv4 header's checksum: 0 if it is right. */
  static int ipResidue(byte[] packet) {
    return checksum(packet, 0, 20, 0);
  }

  /** What is left of TCP's checksum with its pseudo header: 0 if it is right. */
  static int tcpResidue(byte[] packet) {
    byte[] pseudo = new byte[12];
    System.arraycopy(packet, 12, pseudo, 0, 8);
    pseudo[9] = 6;
    int length = packet.length - 20;
    pseudo[10] = (byte) (length >> 8);
    pseudo[11] = (byte) length;
    return checksum(packet, 20, packet.length, ~checksum(pseudo, 0, 12, 0) & 0xffff);
  }

  /** The same over IPv6. */
  static int tcpResidueV6(byte[] packet) {
    byte[] pseudo = new byte[40];
    System.arraycopy(packet, 8, pseudo, 0, 32);
    int length = packet.length - 40;
    pseudo[34] = (byte) (length >> 8);
    pseudo[35] = (byte) length;
    pseudo[39] = 6;
    return checksum(packet, 40, packet.length, ~checksum(pseudo, 0, 40, 0) & 0xffff);
  }
}

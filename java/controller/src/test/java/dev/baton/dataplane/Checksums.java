package dev.baton.dataplane;

/**
 * The internet checksum (RFC 1071) computed over everything, word by word: what the programs' own
 * incremental arithmetic is judged by. It shares nothing with the product's.
 */
final class Checksums {
  private static final int IP = 14;
  private static final int PROTOCOL_TCP = 6;

  private Checksums() {}

  /** The one's complement sum of big-endian words from one index to another, folded to 16 bits. */
  static int sum(byte[] bytes, int from, int to, int seed) {
    int sum = seed;
    for (int i = from; i < to; i++) {
      sum += (i - from) % 2 == 0 ? (bytes[i] & 0xff) << 8 : bytes[i] & 0xff;
      sum = sum > 0xffff ? sum - 0xffff : sum;
    }
    return sum;
  }

  /** The sum of TCP's pseudo header for a frame whose addresses stand behind an Ethernet header. */
  static int pseudoHeader(Family family, byte[] frame, int tcpLength) {
    int protocolAndLength = PROTOCOL_TCP + tcpLength;
    int first = IP + (family == Family.V4 ? 12 : 8);
    return sum(frame, first, IP + family.header, protocolAndLength % 0xffff);
  }

  /** The IPv4 header's checksum field. */
  static int ofIp(byte[] frame) {
    return word(frame, IP + 10);
  }

  /** The TCP header's checksum field. */
  static int ofTcp(byte[] frame) {
    return word(frame, tcp(frame) + 16);
  }

  /** Whether the IPv4 header sums up to all ones, as a receiver checks it. */
  static boolean ipIsRight(byte[] frame) {
    return sum(frame, IP, tcp(frame), 0) == 0xffff;
  }

  /** Whether pseudo header and segment sum up to all ones, as a receiver checks it. */
  static boolean tcpIsRight(byte[] frame) {
    Family family = family(frame);
    int total = family == Family.V4 ? word(frame, IP + 2) : word(frame, IP + 4) + family.header;
    int end = total <= (family == Family.V4 ? 0 : family.header) ? frame.length : IP + total;
    int pseudo = pseudoHeader(family, frame, end - tcp(frame));
    return sum(frame, tcp(frame), end, pseudo) == 0xffff;
  }

  private static Family family(byte[] frame) {
    return word(frame, 12) == Family.V4.etherType ? Family.V4 : Family.V6;
  }

  private static int tcp(byte[] frame) {
    return IP + (family(frame) == Family.V4 ? (frame[IP] & 0xf) * 4 : Family.V6.header);
  }

  private static int word(byte[] frame, int at) {
    return ((frame[at] & 0xff) << 8) | (frame[at + 1] & 0xff);
  }
}

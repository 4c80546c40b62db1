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
  static int pseudoHeader(byte[] frame, int tcpLength) {
    int protocolAndLength = PROTOCOL_TCP + tcpLength;
    return sum(frame, IP + 12, IP + 20, protocolAndLength % 0xffff);
  }

  /** The IP header's checksum field. */
  static int ofIp(byte[] frame) {
    return word(frame, IP + 10);
  }

  /** The TCP header's checksum field. */
  static int ofTcp(byte[] frame) {
    return word(frame, tcp(frame) + 16);
  }

  /** Whether the IP header sums up to all ones, as a receiver checks it. */
  static boolean ipIsRight(byte[] frame) {
    return sum(frame, IP, tcp(frame), 0) == 0xffff;
  }

  /** Whether pseudo header and segment sum up to all ones, as a receiver checks it. */
  static boolean tcpIsRight(byte[] frame) {
    int total = word(frame, IP + 2);
    int end = total == 0 ? frame.length : IP + total;
    return sum(frame, tcp(frame), end, pseudoHeader(frame, end - tcp(frame))) == 0xffff;
  }

  private static int tcp(byte[] frame) {
    return IP + (frame[IP] & 0xf) * 4;
  }

  private static int word(byte[] frame, int at) {
    return ((frame[at] & 0xff) << 8) | (frame[at + 1] & 0xff);
  }
}

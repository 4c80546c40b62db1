package dev.baton.wire;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One captured TCP segment over IPv4 or IPv6. Sequence numbers are as on the wire, in 32 bits.
 *
 * @param number its place in the capture, from 1, as other programs number it
 * @param source address and port it came from
 * @param destination address and port it was for
 * @param seq sequence number
 * @param ack acknowledgment number
 * @param flags byte 13 of the TCP header
 * @param window as sent, unscaled
 * @param payload bytes of it
 * @param content a checksum of the payload, to tell different bytes apart
 * @param options what the option bytes say
 * @param checksums whether the IPv4 header's and TCP's are right
 */
record Frame(
    int number,
    Endpoint source,
    Endpoint destination,
    int seq,
    int ack,
    int flags,
    int window,
    int payload,
    long content,
    Options options,
    boolean checksums) {
  static final int FIN = 1;
  static final int SYN = 2;
  static final int RST = 4;
  static final int ACK = 16;

  /** An address, as text, and a port. */
  record Endpoint(String address, int port) {
    @Override
    public String toString() {
      return address + " " + port;
    }
  }

  /** A SACK block: [left, right). */
  record Block(int left, int right) {}

  /** Timestamps (RFC 7323). */
  record Timestamps(int value, int echo) {}

  /**
   * TCP options.
   *
   * @param mss 0: none
   * @param scale −1: none
   * @param timestamps null: none
   * @param sack blocks, in their order
   * @param experimental whether kind 253 or 254 is there
   * @param malformed whether a length lies
   */
  record Options(
      int mss,
      int scale,
      @Nullable Timestamps timestamps,
      List<Block> sack,
      boolean experimental,
      boolean malformed) {}

  boolean has(int flag) {
    return (flags & flag) != 0;
  }

  /** The sequence number behind it: SYN and FIN count. */
  int end() {
    return seq + payload + (has(SYN) ? 1 : 0) + (has(FIN) ? 1 : 0);
  }

  @Override
  public String toString() {
    return "%d: %s > %s flags 0x%02x seq %s ack %s win %d len %d"
        .formatted(
            number,
            source,
            destination,
            flags,
            Integer.toUnsignedString(seq),
            Integer.toUnsignedString(ack),
            window,
            payload);
  }
}

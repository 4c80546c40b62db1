package dev.baton.dataplane;

import dev.baton.bindings.flow.Baton;
import java.nio.ByteBuffer;

/**
 * The IP version that a test speaks. A row of a table is about neither: its addresses are numbers,
 * which are IPv4 addresses as they are, and each stand for one of IPv6 besides.
 */
enum Family {
  V4(2, 0x0800, 4, 20),
  V6(10, 0x86dd, 6, 40);

  /** AF_INET, AF_INET6. */
  final int number;

  final int etherType;
  final int version;

  /** Bytes of the IP header without options or extension headers. */
  final int header;

  Family(int number, int etherType, int version, int header) {
    this.number = number;
    this.etherType = etherType;
    this.version = version;
    this.header = header;
  }

  Family other() {
    return this == V4 ? V6 : V4;
  }

  /** The address in network order. Of IPv6 no two words are alike, and none is zero. */
  byte[] address(int number) {
    if (this == V4) {
      return ByteBuffer.allocate(4).putInt(number).array();
    }
    return ByteBuffer.allocate(16)
        .putInt(0x20010db8)
        .putInt(~number)
        .putInt(Integer.rotateLeft(number, 13))
        .putInt(number)
        .array();
  }

  /** Which word of an address in a key says its number. */
  int numberedWord() {
    return this == V4 ? 0 : 3;
  }

  /** What IP options are to IPv4, extension headers are to IPv6. */
  int reason(int reason) {
    return this == V6 && reason == Baton.BATON_DROP_IP_OPTIONS()
        ? Baton.BATON_DROP_EXTENSION()
        : reason;
  }
}

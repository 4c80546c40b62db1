package dev.baton.dataplane;

import java.nio.ByteBuffer;

/** TCP options as bytes, to be put together in any order. */
final class Options {
  private Options() {}

  /** So many NOPs. */
  static byte[] nop(int count) {
    byte[] nops = new byte[count];
    java.util.Arrays.fill(nops, (byte) 1);
    return nops;
  }

  /** The end of the list, as padding. */
  static byte[] end(int count) {
    return new byte[count];
  }

  /** RFC 7323 3.2. */
  static byte[] timestamps(long value, long echo) {
    return ByteBuffer.allocate(10)
        .put((byte) 8)
        .put((byte) 10)
        .putInt((int) value)
        .putInt((int) echo)
        .array();
  }

  /** RFC 2018 3: pairs of left and right edges. */
  static byte[] sack(long... edges) {
    ByteBuffer option = ByteBuffer.allocate(2 + edges.length * 4);
    option.put((byte) 5).put((byte) option.capacity());
    for (long edge : edges) {
      option.putInt((int) edge);
    }
    return option.array();
  }

  /** RFC 9293 3.2. */
  static byte[] mss(int bytes) {
    return raw(2, 4, bytes >> 8, bytes);
  }

  /** RFC 7323 2.2. */
  static byte[] windowScale(int shift) {
    return raw(3, 3, shift);
  }

  /** RFC 2018 2. */
  static byte[] sackPermitted() {
    return raw(4, 2);
  }

  /** The REDIRECT option for IPv4, byte by byte as docs/wire.md draws it. */
  static byte[] redirect() {
    return raw(254, 9, 0x52, 0x44, 0x17, 192, 0, 2, 1);
  }

  /** Any bytes. */
  static byte[] raw(int... bytes) {
    byte[] raw = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      raw[i] = (byte) bytes[i];
    }
    return raw;
  }
}

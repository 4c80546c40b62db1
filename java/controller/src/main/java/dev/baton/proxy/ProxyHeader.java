package dev.baton.proxy;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.baton.address.Ip;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Writes headers of the PROXY protocol (haproxy's doc/proxy-protocol.txt, sections 2.1 and 2.2).
 * Source and destination are of one family.
 */
public final class ProxyHeader {
  /** The first 12 bytes of version 2. */
  static final byte[] SIGNATURE = {
    0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a
  };

  /** Bytes of version 2 before the addresses. */
  static final int FIXED = 16;

  static final int VERSION_2 = 0x20;
  static final int LOCAL = 0;
  static final int PROXY = 1;
  static final int TCP4 = 0x11;
  static final int TCP6 = 0x21;

  /** Bytes of both addresses and both ports. */
  static final int ADDRESSES_V4 = 12;

  static final int ADDRESSES_V6 = 36;

  /** PP2_TYPE_ALPN: the protocol chosen within TLS. */
  static final int TYPE_ALPN = 0x01;

  /** PP2_TYPE_AUTHORITY: the host name that the client gave, for TLS its server name. */
  static final int TYPE_AUTHORITY = 0x02;

  /** PP2_TYPE_CRC32C: over the whole header, with this field's value zero. */
  static final int TYPE_CRC32C = 0x03;

  /** Bytes of a type and a length. */
  static final int TLV_HEAD = 3;

  private static final int CRC_BYTES = 4;

  private ProxyHeader() {}

  /** One line of text, at most 107 bytes. */
  public static byte[] v1(Ip source, int sourcePort, Ip destination, int destinationPort) {
    return "PROXY %s %s %s %d %d\r\n"
        .formatted(
            source.isV4() ? "TCP4" : "TCP6", source, destination, sourcePort, destinationPort)
        .getBytes(US_ASCII);
  }

  /** The line of a connection that is the sender's own, which names no addresses. */
  public static byte[] ownV1() {
    return "PROXY UNKNOWN\r\n".getBytes(US_ASCII);
  }

  /** The same in the binary form. */
  public static byte[] ownV2() {
    return ByteBuffer.allocate(FIXED).put(SIGNATURE).put((byte) (VERSION_2 | LOCAL)).array();
  }

  /**
   * The binary form, with a checksum.
   *
   * @param authority the host that the client named, at most 255 bytes; null: it is not known
   * @param alpn what was chosen within TLS, such as {@code h2}; null: nothing
   */
  public static byte[] v2(
      Ip source,
      int sourcePort,
      Ip destination,
      int destinationPort,
      @Nullable String authority,
      @Nullable String alpn) {
    boolean v4 = source.isV4();
    byte[] host = authority == null ? null : authority.getBytes(UTF_8);
    byte[] protocol = alpn == null ? null : alpn.getBytes(US_ASCII);
    int length =
        (v4 ? ADDRESSES_V4 : ADDRESSES_V6) + bytes(protocol) + bytes(host) + TLV_HEAD + CRC_BYTES;
    ByteBuffer out = ByteBuffer.allocate(FIXED + length);
    out.put(SIGNATURE).put((byte) (VERSION_2 | PROXY)).put((byte) (v4 ? TCP4 : TCP6));
    out.putShort((short) length);
    put(out, source, v4);
    put(out, destination, v4);
    out.putShort((short) sourcePort).putShort((short) destinationPort);
    put(out, TYPE_ALPN, protocol);
    put(out, TYPE_AUTHORITY, host);
    out.put((byte) TYPE_CRC32C).putShort((short) CRC_BYTES).putInt(0);
    out.putInt(out.capacity() - CRC_BYTES, checksum(out.array()));
    return out.array();
  }

  private static int bytes(byte @Nullable [] value) {
    return value == null ? 0 : TLV_HEAD + value.length;
  }

  private static void put(ByteBuffer out, Ip address, boolean v4) {
    if (v4) {
      out.putInt(address.v4());
    } else {
      out.putLong(address.high()).putLong(address.low());
    }
  }

  private static void put(ByteBuffer out, int type, byte @Nullable [] value) {
    if (value != null) {
      out.put((byte) type).putShort((short) value.length).put(value);
    }
  }

  /** CRC-32C (RFC 3720, appendix B.4). */
  static int checksum(byte[] header) {
    CRC32C crc = new CRC32C();
    crc.update(header, 0, header.length);
    return (int) crc.getValue();
  }
}

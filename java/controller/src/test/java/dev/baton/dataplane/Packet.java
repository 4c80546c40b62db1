package dev.baton.dataplane;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * A frame with a TCP segment over IP of either version, well formed unless told to lie. Made by
 * hand and not by the product's own encoder, so that a mistake there cannot hide one in the
 * programs.
 *
 * <p>The four makers give segments of one and the same flow, each with the numbers of its leg: what
 * {@link #fromClient()} makes becomes {@link #toTarget()}, what {@link #fromTarget()} makes becomes
 * {@link #toClient()}. So a row of a table names only what it is about.
 */
final class Packet {
  static final int FIN = 1;
  static final int SYN = 2;
  static final int RST = 4;
  static final int PSH = 8;
  static final int ACK = 16;
  static final int URG = 32;
  static final int ECE = 64;
  static final int CWR = 128;

  static final int CLIENT = 0xc6336407; // 198.51.100.7
  static final int CLIENT_PORT = 40001;
  static final int LISTENER = 0xcb007101; // 203.0.113.1
  static final int LISTENER_PORT = 80;
  static final int OWN = 0x0a000001; // 10.0.0.1
  static final int OWN_PORT = 30001;
  static final int TARGET = 0x0a000002; // 10.0.0.2
  static final int TARGET_PORT = 8080;

  /** What the client sends next, in the numbers of its own leg and of the target's. */
  static final int CLIENT_NEXT = 0x1000_0000;

  static final int CLIENT_NEXT_AT_TARGET = 0x9000_0001;

  /** What the target sends next, likewise. */
  static final int TARGET_NEXT = 0x7000_0003;

  static final int TARGET_NEXT_AT_CLIENT = 0x2000_0000;

  private static final int ETHERNET = 14;
  private static final int HEADER = 20;
  private static final int DONT_FRAGMENT = 0x4000;
  private static final int MORE_FRAGMENTS = 0x2000;
  private static final int OFFSET = 0x1fff;
  private static final int FRAGMENT_HEADER = 44;
  private static final int DESTINATION_OPTIONS = 60;

  final int source;
  final int sourcePort;
  final int destination;
  final int destinationPort;
  int sequence;
  int acknowledgment;
  int flags = ACK;
  int window = 1000;
  byte[] payload = new byte[0];
  private int ttl = 64;
  private int tos;
  private int id = 0x1234;
  private int fragment = DONT_FRAGMENT;
  private int protocol = 6;
  private boolean otherEtherType;
  private boolean otherVersion;
  private byte[] ethernet = Options.raw(2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2);
  private byte[] tag = new byte[0];
  private int firstExtension = -1;
  private byte[] extensions = new byte[0];
  private int reserved;
  private int urgent;
  private int headerWords = -1;
  private int totalLength = -1;
  private int checksumOff;
  private int cut = -1;
  private byte[] trailer = new byte[0];
  private byte[] ipOptions = new byte[0];
  private byte[] options = new byte[0];

  private Packet(int source, int sourcePort, int destination, int destinationPort) {
    this.source = source;
    this.sourcePort = sourcePort;
    this.destination = destination;
    this.destinationPort = destinationPort;
  }

  static Packet tcp(int source, int sourcePort, int destination, int destinationPort) {
    return new Packet(source, sourcePort, destination, destinationPort);
  }

  /** From the client, as it comes in. */
  static Packet fromClient() {
    return tcp(CLIENT, CLIENT_PORT, LISTENER, LISTENER_PORT)
        .sequence(CLIENT_NEXT)
        .acknowledgment(TARGET_NEXT_AT_CLIENT);
  }

  /** The same on its way to the target: one hop further. */
  static Packet toTarget() {
    return tcp(OWN, OWN_PORT, TARGET, TARGET_PORT)
        .sequence(CLIENT_NEXT_AT_TARGET)
        .acknowledgment(TARGET_NEXT)
        .ttl(63);
  }

  /** From the target, as it comes in. */
  static Packet fromTarget() {
    return tcp(TARGET, TARGET_PORT, OWN, OWN_PORT)
        .sequence(TARGET_NEXT)
        .acknowledgment(CLIENT_NEXT_AT_TARGET);
  }

  /** The same on its way to the client: one hop further. */
  static Packet toClient() {
    return tcp(LISTENER, LISTENER_PORT, CLIENT, CLIENT_PORT)
        .sequence(TARGET_NEXT_AT_CLIENT)
        .acknowledgment(CLIENT_NEXT)
        .ttl(63);
  }

  Packet sequence(long value) {
    sequence = (int) value;
    return this;
  }

  Packet acknowledgment(long value) {
    acknowledgment = (int) value;
    return this;
  }

  Packet flags(int value) {
    flags = value;
    return this;
  }

  Packet window(int value) {
    window = value;
    return this;
  }

  /** The urgent pointer; the flag is set apart. */
  Packet urgent(int value) {
    urgent = value;
    return this;
  }

  /** The four bits behind the header length; the lowest is NS (RFC 3540) or AE. */
  Packet reserved(int bits) {
    reserved = bits;
    return this;
  }

  /** So many bytes of payload, none of them alike nearby. */
  Packet payload(int length) {
    payload = new byte[length];
    for (int i = 0; i < length; i++) {
      payload[i] = (byte) (i * 37 + 11);
    }
    return this;
  }

  Packet payload(byte... bytes) {
    payload = bytes.clone();
    return this;
  }

  /** TCP options, one behind the other; together whole words. */
  Packet options(byte[]... parts) {
    options = concat(parts);
    if (options.length % 4 != 0 || options.length > 40) {
      throw new IllegalArgumentException(options.length + " bytes of options");
    }
    return this;
  }

  /** IPv6: the hop limit. */
  Packet ttl(int value) {
    ttl = value;
    return this;
  }

  /** IPv6: the traffic class. */
  Packet tos(int value) {
    tos = value;
    return this;
  }

  /** IPv6: the flow label. */
  Packet id(int value) {
    id = value;
    return this;
  }

  /** Flags and offset, as the IPv4 header has them; IPv6: a fragment header, if it is one. */
  Packet fragment(int field) {
    fragment = field;
    return this;
  }

  Packet protocol(int value) {
    protocol = value;
    return this;
  }

  /** Says the other IP version's EtherType. */
  Packet otherEtherType() {
    otherEtherType = true;
    return this;
  }

  /** Says the other IP version in the IP header. */
  Packet otherVersion() {
    otherVersion = true;
    return this;
  }

  /** Puts bytes between the Ethernet addresses and the EtherType, as VLAN tags stand. */
  Packet tag(int... bytes) {
    tag = Options.raw(bytes);
    return this;
  }

  /** The Ethernet addresses, first octet lowest. */
  Packet ethernet(long destination, long source) {
    for (int i = 0; i < 6; i++) {
      ethernet[i] = (byte) (destination >> (8 * i));
      ethernet[6 + i] = (byte) (source >> (8 * i));
    }
    return this;
  }

  /** IPv6 alone: extension headers as they are, the first of this type. */
  Packet extensions(int first, int... bytes) {
    firstExtension = first;
    extensions = Options.raw(bytes);
    return this;
  }

  /** IPv6: destination options of as many bytes, padded. */
  Packet ipOptions(int... bytes) {
    ipOptions = Options.raw(bytes);
    return this;
  }

  /** Lies about the TCP header's length, in words. */
  Packet headerWords(int words) {
    headerWords = words;
    return this;
  }

  /** Lies about the datagram's length, counted as if the IP header had 20 bytes; 0 is 0. */
  Packet totalLength(int bytes) {
    totalLength = bytes;
    return this;
  }

  /** Damages the TCP checksum by so much, in one's complement. */
  Packet checksumOff(int by) {
    checksumOff = by;
    return this;
  }

  /** Keeps only the first bytes of the frame, counted as if the IP header had 20. */
  Packet cut(int bytes) {
    cut = bytes;
    return this;
  }

  /** What a network card puts behind a frame that is too short. */
  Packet trailer(int... bytes) {
    trailer = Options.raw(bytes);
    return this;
  }

  /** The bytes from the Ethernet header on, all checksums computed anew. */
  byte[] frame(Family family) {
    int tcpLength = HEADER + options.length + payload.length;
    byte[] ip = family == Family.V4 ? ipv4(tcpLength) : ipv6(tcpLength);
    ByteBuffer out = ByteBuffer.allocate(ETHERNET + ip.length + tcpLength + trailer.length);
    out.put(ethernet).putShort((short) (otherEtherType ? family.other() : family).etherType);
    out.put(ip);
    out.putShort((short) sourcePort).putShort((short) destinationPort);
    out.putInt(sequence).putInt(acknowledgment);
    int words = headerWords >= 0 ? headerWords : (HEADER + options.length) / 4;
    out.put((byte) (words << 4 | reserved)).put((byte) flags).putShort((short) window);
    out.putShort((short) 0).putShort((short) urgent).put(options).put(payload).put(trailer);
    byte[] frame = out.array();
    int tcp = ETHERNET + ip.length;
    int pseudo = Checksums.pseudoHeader(family, frame, tcpLength);
    int damaged = (~Checksums.sum(frame, tcp, tcp + tcpLength, pseudo) & 0xffff) + checksumOff;
    out.putShort(tcp + 16, (short) (damaged > 0xffff ? damaged - 0xffff : damaged));
    if (tag.length > 0) {
      frame = concat(ethernet, tag, Arrays.copyOfRange(frame, ethernet.length, frame.length));
    }
    return cut < 0 ? frame : Arrays.copyOf(frame, cut + family.header - HEADER);
  }

  private byte[] ipv4(int tcpLength) {
    int length = HEADER + ipOptions.length;
    ByteBuffer out = ByteBuffer.allocate(length);
    out.put((byte) ((otherVersion ? 6 : 4) << 4 | length / 4)).put((byte) tos);
    out.putShort((short) (totalLength >= 0 ? totalLength : length + tcpLength));
    out.putShort((short) id).putShort((short) fragment);
    out.put((byte) ttl).put((byte) protocol).putShort((short) 0);
    out.put(Family.V4.address(source)).put(Family.V4.address(destination)).put(ipOptions);
    return out.putShort(10, (short) ~Checksums.sum(out.array(), 0, length, 0)).array();
  }

  private byte[] ipv6(int tcpLength) {
    boolean fragmented = (fragment & (MORE_FRAGMENTS | OFFSET)) != 0;
    int first = fragmented ? FRAGMENT_HEADER : protocol;
    byte[] behind = fragmented ? fragmentHeader() : new byte[0];
    if (ipOptions.length > 0) {
      behind = concat(destinationOptions(first), behind);
      first = DESTINATION_OPTIONS;
    }
    if (firstExtension >= 0) {
      behind = concat(extensions, behind);
      first = firstExtension;
    }
    int real = behind.length + tcpLength;
    int length = totalLength < 0 ? real : totalLength == 0 ? 0 : totalLength - HEADER;
    return ByteBuffer.allocate(Family.V6.header + behind.length)
        .putInt((otherVersion ? 4 : 6) << 28 | tos << 20 | id)
        .putShort((short) length)
        .put((byte) first)
        .put((byte) ttl)
        .put(Family.V6.address(source))
        .put(Family.V6.address(destination))
        .put(behind)
        .array();
  }

  /** RFC 8200 4.5. */
  private byte[] fragmentHeader() {
    int field = (fragment & OFFSET) << 3 | ((fragment & MORE_FRAGMENTS) != 0 ? 1 : 0);
    return Options.raw(protocol, 0, field >> 8, field, 0, 0, 0, 9);
  }

  /** RFC 8200 4.6: one PadN option that fills up to whole units of eight bytes. */
  private byte[] destinationOptions(int next) {
    byte[] header = new byte[(2 + 2 + ipOptions.length + 7) / 8 * 8];
    header[0] = (byte) next;
    header[1] = (byte) (header.length / 8 - 1);
    header[2] = 1;
    header[3] = (byte) (header.length - 4);
    return header;
  }

  /** The sequence number behind it. */
  int end() {
    return sequence + payload.length + ((flags & SYN) != 0 ? 1 : 0) + ((flags & FIN) != 0 ? 1 : 0);
  }

  private static byte[] concat(byte[]... parts) {
    int length = 0;
    for (byte[] part : parts) {
      length += part.length;
    }
    ByteBuffer all = ByteBuffer.allocate(length);
    for (byte[] part : parts) {
      all.put(part);
    }
    return all.array();
  }
}

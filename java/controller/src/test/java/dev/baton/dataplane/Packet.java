package dev.baton.dataplane;

import java.nio.ByteBuffer;

/**
 * A frame with a TCP segment over IPv4, well formed unless told to lie. Made by hand and not by the
 * product's own encoder, so that a mistake there cannot hide one in the programs.
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
  private int etherType = 0x0800;
  private int version = 4;
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

  Packet ttl(int value) {
    ttl = value;
    return this;
  }

  Packet tos(int value) {
    tos = value;
    return this;
  }

  Packet id(int value) {
    id = value;
    return this;
  }

  /** Flags and offset, as the IP header has them. */
  Packet fragment(int field) {
    fragment = field;
    return this;
  }

  Packet protocol(int value) {
    protocol = value;
    return this;
  }

  Packet etherType(int value) {
    etherType = value;
    return this;
  }

  /** The IP header's version, whatever the EtherType says. */
  Packet version(int value) {
    version = value;
    return this;
  }

  Packet ipOptions(int... bytes) {
    ipOptions = Options.raw(bytes);
    return this;
  }

  /** Lies about the TCP header's length, in words. */
  Packet headerWords(int words) {
    headerWords = words;
    return this;
  }

  /** Lies about the datagram's length. */
  Packet totalLength(int bytes) {
    totalLength = bytes;
    return this;
  }

  /** Damages the TCP checksum by so much, in one's complement. */
  Packet checksumOff(int by) {
    checksumOff = by;
    return this;
  }

  /** Keeps only the first bytes of the frame. */
  Packet cut(int bytes) {
    cut = bytes;
    return this;
  }

  /** What a network card puts behind a frame that is too short. */
  Packet trailer(int... bytes) {
    trailer = Options.raw(bytes);
    return this;
  }

  /** The bytes from the Ethernet header on, both checksums computed anew. */
  byte[] frame() {
    int tcpLength = HEADER + options.length + payload.length;
    int ipLength = HEADER + ipOptions.length;
    ByteBuffer out = ByteBuffer.allocate(ETHERNET + ipLength + tcpLength + trailer.length);
    out.put(Options.raw(2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2)).putShort((short) etherType);
    out.put((byte) (version << 4 | ipLength / 4)).put((byte) tos);
    out.putShort((short) (totalLength >= 0 ? totalLength : ipLength + tcpLength));
    out.putShort((short) id).putShort((short) fragment);
    out.put((byte) ttl).put((byte) protocol).putShort((short) 0);
    out.putInt(source).putInt(destination).put(ipOptions);
    out.putShort((short) sourcePort).putShort((short) destinationPort);
    out.putInt(sequence).putInt(acknowledgment);
    int words = headerWords >= 0 ? headerWords : (HEADER + options.length) / 4;
    out.put((byte) (words << 4 | reserved)).put((byte) flags).putShort((short) window);
    out.putShort((short) 0).putShort((short) urgent).put(options).put(payload).put(trailer);
    byte[] frame = out.array();
    int tcp = ETHERNET + ipLength;
    int ipSum = Checksums.sum(frame, ETHERNET, tcp, 0);
    int pseudo = Checksums.pseudoHeader(frame, tcpLength);
    int tcpSum = Checksums.sum(frame, tcp, tcp + tcpLength, pseudo);
    int damaged = (~tcpSum & 0xffff) + checksumOff;
    out.putShort(ETHERNET + 10, (short) ~ipSum);
    out.putShort(tcp + 16, (short) (damaged > 0xffff ? damaged - 0xffff : damaged));
    return cut < 0 ? frame : java.util.Arrays.copyOf(frame, cut);
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

package dev.baton.wire;

import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/** A capture made by hand. */
final class Forged {
  static final String CLIENT = "10.0.1.2";
  static final String SERVER = "10.0.1.1";
  static final String CLIENT6 = "fd00:0:0:1::2";
  static final String SERVER6 = "fd00:0:0:1::1";

  /** A segment to be. Options in hexadecimal, a multiple of four bytes. */
  record Segment(
      boolean fromClient, int flags, int seq, int ack, int window, String options, String text) {
    Segment withSeq(int other) {
      return new Segment(fromClient, flags, other, ack, window, options, text);
    }

    Segment withAck(int other) {
      return new Segment(fromClient, flags, seq, other, window, options, text);
    }

    Segment withFlags(int other) {
      return new Segment(fromClient, other, seq, ack, window, options, text);
    }

    Segment withOptions(String other) {
      return new Segment(fromClient, flags, seq, ack, window, other, text);
    }

    Segment withText(String other) {
      return new Segment(fromClient, flags, seq, ack, window, options, other);
    }
  }

  private final boolean ipv6;
  private final ByteArrayOutputStream file = new ByteArrayOutputStream();

  Forged(boolean ipv6) {
    this.ipv6 = ipv6;
    file.writeBytes(
        ByteBuffer.allocate(24)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(0xa1b2c3d4)
            .putShort((short) 2)
            .putShort((short) 4)
            .putInt(0)
            .putInt(0)
            .putInt(65536)
            .putInt(1)
            .array());
  }

  static List<Frame> capture(boolean ipv6, List<Segment> segments) {
    var forged = new Forged(ipv6);
    segments.forEach(segment -> forged.add(forged.frame(segment)));
    return forged.frames();
  }

  List<Frame> frames() {
    return CaptureFile.read(ByteBuffer.wrap(file.toByteArray()));
  }

  void add(byte[] frame) {
    file.writeBytes(
        ByteBuffer.allocate(16)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(1)
            .putInt(1)
            .putInt(frame.length)
            .putInt(frame.length)
            .array());
    file.writeBytes(frame);
  }

  byte[] frame(Segment segment) {
    byte[] client = address(ipv6 ? CLIENT6 : CLIENT);
    byte[] server = address(ipv6 ? SERVER6 : SERVER);
    byte[] source = segment.fromClient ? client : server;
    byte[] destination = segment.fromClient ? server : client;
    byte[] options = HexFormat.of().parseHex(segment.options);
    byte[] text = segment.text.getBytes(StandardCharsets.US_ASCII);
    ByteBuffer tcp = ByteBuffer.allocate(20 + options.length + text.length);
    tcp.putChar((char) (segment.fromClient ? 40000 : 80))
        .putChar((char) (segment.fromClient ? 80 : 40000));
    tcp.putInt(segment.seq).putInt(segment.ack);
    tcp.put((byte) ((20 + options.length) << 2)).put((byte) segment.flags);
    tcp.putChar((char) segment.window).putInt(0).put(options).put(text);
    ByteBuffer pseudo = ByteBuffer.allocate(2 * source.length).put(source).put(destination);
    int sum = CaptureFile.sum(pseudo.flip(), 6 + tcp.capacity());
    tcp.putChar(16, (char) ~CaptureFile.sum(tcp.duplicate().rewind(), sum));
    ByteBuffer ip = ByteBuffer.allocate(ipv6 ? 40 : 20);
    if (ipv6) {
      ip.putInt(0x60000000).putChar((char) tcp.capacity()).put((byte) 6).put((byte) 64);
      ip.put(source).put(destination);
    } else {
      ip.putChar((char) 0x4500).putChar((char) (20 + tcp.capacity())).putInt(0x4000);
      ip.put((byte) 64).put((byte) 6).putChar((char) 0).put(source).put(destination);
      ip.putChar(10, (char) ~CaptureFile.sum(ip.duplicate().rewind(), 0));
    }
    return ByteBuffer.allocate(14 + ip.capacity() + tcp.capacity())
        .putInt(12, 0)
        .putChar(12, (char) (ipv6 ? 0x86dd : 0x0800))
        .position(14)
        .put(ip.rewind())
        .put(tcp.rewind())
        .array();
  }

  private static byte[] address(String text) {
    try {
      return Arrays.copyOf(InetAddress.getByName(text).getAddress(), text.contains(":") ? 16 : 4);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(text, e);
    }
  }
}

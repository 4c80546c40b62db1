package dev.baton.wire;

import dev.baton.wire.Frame.Block;
import dev.baton.wire.Frame.Endpoint;
import dev.baton.wire.Frame.Options;
import dev.baton.wire.Frame.Timestamps;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * Reads captures in the classic pcap format, of Ethernet and with whole packets, and keeps the TCP
 * segments over IPv4 and IPv6 in them.
 */
final class CaptureFile {
  private static final int FILE_HEADER = 24;
  private static final int ETHERNET = 14;
  private static final int IPV4 = 0x0800;
  private static final int IPV6 = 0x86dd;
  private static final int TCP = 6;

  private CaptureFile() {}

  /** All TCP segments, in the file's order. A packet that was not captured whole is refused. */
  static List<Frame> read(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file)) {
      return read(channel.map(MapMode.READ_ONLY, 0, channel.size()));
    }
  }

  static List<Frame> read(ByteBuffer in) {
    int magic = in.order(ByteOrder.LITTLE_ENDIAN).getInt(0);
    if (magic != 0xa1b2c3d4 && magic != 0xa1b23c4d) {
      in.order(ByteOrder.BIG_ENDIAN);
    }
    var frames = new ArrayList<Frame>();
    in.position(FILE_HEADER);
    for (int number = 1; in.remaining() >= 16; number++) {
      int captured = in.getInt(in.position() + 8);
      int length = in.getInt(in.position() + 12);
      in.position(in.position() + 16);
      if (captured != length || captured > in.remaining()) {
        throw new IllegalArgumentException("packet " + number + " was not captured whole");
      }
      Frame frame = parse(number, in.slice(in.position(), captured));
      if (frame != null) {
        frames.add(frame);
      }
      in.position(in.position() + captured);
    }
    return frames;
  }

  private static @Nullable Frame parse(int number, ByteBuffer in) {
    int type = in.limit() < ETHERNET + 20 ? 0 : in.getChar(12);
    ByteBuffer addresses;
    ByteBuffer tcp;
    boolean header = true;
    if (type == IPV4 && in.get(ETHERNET + 9) == TCP) {
      int length = (in.get(ETHERNET) & 15) * 4;
      header = sum(in.slice(ETHERNET, length), 0) == 0xffff;
      addresses = in.slice(ETHERNET + 12, 8);
      tcp = in.slice(ETHERNET + length, in.getChar(ETHERNET + 2) - length);
    } else if (type == IPV6 && in.get(ETHERNET + 6) == TCP) {
      addresses = in.slice(ETHERNET + 8, 32);
      tcp = in.slice(ETHERNET + 40, in.getChar(ETHERNET + 4));
    } else {
      return null;
    }
    int data = (tcp.get(12) >> 4 & 15) * 4;
    // The pseudo header's protocol and length are sums of 16 bits, too.
    boolean right = sum(tcp, sum(addresses, TCP + tcp.limit())) == 0xffff;
    int half = addresses.limit() / 2;
    var crc = new CRC32();
    crc.update(tcp.slice(data, tcp.limit() - data));
    return new Frame(
        number,
        new Endpoint(text(addresses.slice(0, half)), tcp.getChar(0)),
        new Endpoint(text(addresses.slice(half, half)), tcp.getChar(2)),
        tcp.getInt(4),
        tcp.getInt(8),
        tcp.get(13) & 0xff,
        tcp.getChar(14),
        tcp.limit() - data,
        crc.getValue(),
        options(tcp.slice(20, data - 20)),
        header && right);
  }

  private static Options options(ByteBuffer in) {
    int mss = 0;
    int scale = -1;
    Timestamps timestamps = null;
    var sack = new ArrayList<Block>();
    boolean experimental = false;
    int at = 0;
    while (at < in.limit() && in.get(at) != 0) {
      int kind = in.get(at) & 0xff;
      int length = kind == 1 ? 1 : at + 1 < in.limit() ? in.get(at + 1) & 0xff : 0;
      if (length < (kind == 1 ? 1 : 2) || at + length > in.limit()) {
        return new Options(mss, scale, timestamps, sack, experimental, true);
      }
      switch (kind) {
        case 2 -> mss = in.getChar(at + 2);
        case 3 -> scale = in.get(at + 2);
        case 5 -> {
          for (int block = at + 2; block + 8 <= at + length; block += 8) {
            sack.add(new Block(in.getInt(block), in.getInt(block + 4)));
          }
        }
        case 8 -> timestamps = new Timestamps(in.getInt(at + 2), in.getInt(at + 6));
        case 253, 254 -> experimental = true;
        default -> {}
      }
      at += length;
    }
    return new Options(mss, scale, timestamps, sack, experimental, false);
  }

  /** The sum of 16-bit words in one's complement (RFC 1071), an odd last byte padded. */
  static int sum(ByteBuffer in, int start) {
    long sum = start;
    int at = 0;
    for (; at + 1 < in.limit(); at += 2) {
      sum += in.getChar(at);
    }
    if (at < in.limit()) {
      sum += (in.get(at) & 0xff) << 8;
    }
    while (sum >> 16 != 0) {
      sum = (sum & 0xffff) + (sum >> 16);
    }
    return (int) sum;
  }

  private static String text(ByteBuffer address) {
    byte[] bytes = new byte[address.limit()];
    address.get(0, bytes);
    try {
      return InetAddress.getByAddress(bytes).getHostAddress();
    } catch (UnknownHostException e) {
      throw new IllegalStateException(e);
    }
  }
}

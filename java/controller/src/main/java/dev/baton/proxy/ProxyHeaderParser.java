package dev.baton.proxy;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.baton.address.Ip;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.regex.Pattern;

/**
 * Reads a header of the PROXY protocol, of either version, at the beginning of a buffer that fills
 * up (haproxy's doc/proxy-protocol.txt). Whatever is not exactly one is refused, for the bytes
 * behind it are taken for the client's. Used again for the next connection; belongs to one thread.
 */
public final class ProxyHeaderParser {
  /** What is known after a call of {@link #parse}. */
  public enum Result {
    /** Everything so far may be the start of a header. */
    NEED_MORE,
    /** The header is whole; every accessor may be asked. */
    COMPLETE,
    /** It is none. */
    INVALID
  }

  /** The longest header that is taken, bytes; version 2 could have 65551. */
  public static final int LENGTH_MAX = 4096;

  /** The longest line of version 1, its end included (section 2.1). */
  private static final int LINE_MAX = 107;

  private static final byte[] PREFIX = "PROXY ".getBytes(ISO_8859_1);
  private static final Pattern IPV4 =
      Pattern.compile("(0|[1-9][0-9]{0,2})(\\.(0|[1-9][0-9]{0,2})){3}");
  private static final Pattern IPV6 = Pattern.compile("[0-9a-fA-F:.]{2,45}");
  private static final Pattern PORT = Pattern.compile("0|[1-9][0-9]{0,4}");
  private static final int PORT_MAX = 65_535;

  private final int lengthMax;
  private final Ip source = new Ip();
  private final Ip destination = new Ip();
  private int sourcePort;
  private int destinationPort;
  private int length;
  private boolean known;

  /**
   * A parser for headers of at most so many bytes.
   *
   * @param room what a caller's buffer can hold; what needs more, or more than {@link #LENGTH_MAX},
   *     is refused
   */
  public ProxyHeaderParser(int room) {
    lengthMax = Math.min(room, LENGTH_MAX);
  }

  /** Whether a stream begins as a header of either version does. */
  public static boolean looksLikeOne(MemorySegment buffer, int filled) {
    return (filled >= PREFIX.length && begins(buffer, PREFIX.length, PREFIX))
        || (filled >= ProxyHeader.SIGNATURE.length
            && begins(buffer, ProxyHeader.SIGNATURE.length, ProxyHeader.SIGNATURE));
  }

  private static boolean begins(MemorySegment buffer, int count, byte[] with) {
    for (int i = 0; i < count; i++) {
      if (buffer.get(JAVA_BYTE, i) != with[i]) {
        return false;
      }
    }
    return true;
  }

  /**
   * Looks at a stream's beginning.
   *
   * @param buffer holds it from its first byte on
   * @param filled how many bytes of it are there
   */
  public Result parse(MemorySegment buffer, int filled) {
    length = 0;
    known = false;
    if (begins(buffer, Math.min(filled, PREFIX.length), PREFIX)) {
      return filled < PREFIX.length ? Result.NEED_MORE : line(buffer, filled);
    }
    int count = Math.min(filled, ProxyHeader.SIGNATURE.length);
    if (!begins(buffer, count, ProxyHeader.SIGNATURE)) {
      return Result.INVALID;
    }
    return filled < ProxyHeader.FIXED ? Result.NEED_MORE : binary(buffer, filled);
  }

  private Result line(MemorySegment buffer, int filled) {
    int end = 0;
    while (end < filled && buffer.get(JAVA_BYTE, end) != '\n') {
      end++;
    }
    if (end == filled) {
      return filled < LINE_MAX ? Result.NEED_MORE : Result.INVALID;
    }
    if (end >= LINE_MAX || buffer.get(JAVA_BYTE, end - 1) != '\r') {
      return Result.INVALID;
    }
    String text = new String(buffer.asSlice(0, end - 1).toArray(JAVA_BYTE), ISO_8859_1);
    length = end + 1;
    String[] words = text.split(" ", -1);
    if (words[1].equals("UNKNOWN")) {
      return Result.COMPLETE;
    }
    boolean v4 = words[1].equals("TCP4");
    if ((!v4 && !words[1].equals("TCP6"))
        || words.length != 6
        || !address(source, words[2], v4)
        || !address(destination, words[3], v4)
        || source.isV4() != destination.isV4()) {
      return Result.INVALID;
    }
    sourcePort = port(words[4]);
    destinationPort = port(words[5]);
    known = sourcePort >= 0 && destinationPort >= 0;
    return known ? Result.COMPLETE : Result.INVALID;
  }

  private static boolean address(Ip into, String text, boolean v4) {
    if (!(v4 ? IPV4 : IPV6).matcher(text).matches() || (!v4 && text.indexOf(':') < 0)) {
      return false;
    }
    try {
      into.set(Ip.of(InetAddress.ofLiteral(text)));
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static int port(String text) {
    int value = PORT.matcher(text).matches() ? Integer.parseInt(text) : PORT_MAX + 1;
    return value <= PORT_MAX ? value : -1;
  }

  private Result binary(MemorySegment buffer, int filled) {
    int versionAndCommand = buffer.get(JAVA_BYTE, 12) & 0xff;
    int family = buffer.get(JAVA_BYTE, 13) & 0xff;
    int behind = (buffer.get(JAVA_BYTE, 14) & 0xff) << 8 | (buffer.get(JAVA_BYTE, 15) & 0xff);
    int total = ProxyHeader.FIXED + behind;
    int command = versionAndCommand & 15;
    if ((versionAndCommand & 0xf0) != ProxyHeader.VERSION_2
        || command > ProxyHeader.PROXY
        || total > lengthMax) {
      return Result.INVALID;
    }
    int addresses = addresses(family, command);
    if (addresses < 0 || behind < addresses) {
      return Result.INVALID;
    }
    if (filled < total) {
      return Result.NEED_MORE;
    }
    byte[] header = buffer.asSlice(0, total).toArray(JAVA_BYTE);
    length = total;
    if (addresses == 0) {
      return Result.COMPLETE; // the proxy's own, or of a kind that is to be ignored (section 2.2)
    }
    read(ByteBuffer.wrap(header, ProxyHeader.FIXED, addresses), family == ProxyHeader.TCP4);
    if (source.isV4() != destination.isV4()
        || !extensionsAreSound(header, ProxyHeader.FIXED + addresses)) {
      return Result.INVALID;
    }
    known = true;
    return Result.COMPLETE;
  }

  /** Bytes of the addresses; 0: there are none that count; −1: not of a TCP connection. */
  private static int addresses(int family, int command) {
    if (command == ProxyHeader.LOCAL || family == 0) {
      return 0;
    }
    return switch (family) {
      case ProxyHeader.TCP4 -> ProxyHeader.ADDRESSES_V4;
      case ProxyHeader.TCP6 -> ProxyHeader.ADDRESSES_V6;
      default -> -1;
    };
  }

  private void read(ByteBuffer in, boolean v4) {
    if (v4) {
      source.setV4(in.getInt());
      destination.setV4(in.getInt());
    } else {
      source.set(in.getLong(), in.getLong());
      destination.set(in.getLong(), in.getLong());
    }
    sourcePort = Short.toUnsignedInt(in.getShort());
    destinationPort = Short.toUnsignedInt(in.getShort());
  }

  /** Whether the fields behind the addresses fill the rest, and a checksum is right. */
  private static boolean extensionsAreSound(byte[] header, int from) {
    ByteBuffer in = ByteBuffer.wrap(header);
    int at = from;
    while (at < header.length) {
      if (at + ProxyHeader.TLV_HEAD > header.length) {
        return false;
      }
      int size = Short.toUnsignedInt(in.getShort(at + 1));
      int value = at + ProxyHeader.TLV_HEAD;
      if (value + size > header.length) {
        return false;
      }
      if (header[at] == ProxyHeader.TYPE_CRC32C) {
        if (size != Integer.BYTES) {
          return false;
        }
        int said = in.getInt(value);
        in.putInt(value, 0);
        if (ProxyHeader.checksum(header) != said) {
          return false;
        }
        in.putInt(value, said);
      }
      at = value + size;
    }
    return true;
  }

  /** Bytes of the header. */
  public int length() {
    return length;
  }

  /** Whether it tells of a client; else the connection's own ends count. */
  public boolean known() {
    return known;
  }

  /** The client; the holder is used again. */
  public Ip source() {
    return source;
  }

  /** Its port, 0 to 65535. */
  public int sourcePort() {
    return sourcePort;
  }

  /** Where it connected to; the holder is used again. */
  public Ip destination() {
    return destination;
  }

  /** The port there, 0 to 65535. */
  public int destinationPort() {
    return destinationPort;
  }
}

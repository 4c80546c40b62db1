package dev.baton.http;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A request's path in the one form in which it is compared with the parts of a site: decoded once,
 * slashes merged, dot segments resolved, in the order in which servers do that before they look for
 * a file (RFC 3986, sections 5.2.4 and 6.2.2; nginx: {@code ngx_http_parse_complex_uri}).
 *
 * <p>Servers differ about a path that leaves the root, and about a slash or a NUL that is encoded:
 * these have no such form. Used again and again by one thread; allocates only when a path is longer
 * than all before.
 */
public final class PathBytes {
  private byte[] bytes = new byte[512];
  private int length;

  /** One that holds no path yet. */
  public PathBytes() {}

  /**
   * Takes a path.
   *
   * @param buffer where it stands
   * @param start its first byte
   * @param end behind its last; nothing at all, and the asterisk of OPTIONS, are the root
   * @return whether it has a form that all servers agree about
   */
  public boolean set(MemorySegment buffer, long start, long end) {
    length = 0;
    room((int) (end - start) + 1);
    if (start == end || (end - start == 1 && Bytes.at(buffer, start) == '*')) {
      bytes[length++] = '/';
      return true;
    }
    if (Bytes.at(buffer, start) != '/') {
      return false;
    }
    bytes[length++] = '/';
    long at = start + 1;
    int segment = length;
    while (at < end) {
      int b = Bytes.at(buffer, at++) & 0xff;
      if (b == '/') {
        if (!endSegment(segment, true)) {
          return false;
        }
        segment = length;
        continue;
      }
      if (b == '%') {
        b = end - at < 2 ? -1 : hex(buffer, at);
        at += 2;
        if (b <= 0 || b == '/') {
          return false;
        }
      }
      if (b == '\\') {
        return false; // some servers take it for a slash
      }
      bytes[length++] = (byte) b;
    }
    return endSegment(segment, false);
  }

  /** A segment is whole: settles what it means. */
  private boolean endSegment(int segment, boolean slash) {
    int size = length - segment;
    if (size == 1 && bytes[segment] == '.') {
      length = segment;
    } else if (size == 2 && bytes[segment] == '.' && bytes[segment + 1] == '.') {
      if (segment == 1) {
        return false;
      }
      int parent = segment - 2;
      while (bytes[parent] != '/') {
        parent--;
      }
      length = parent + 1;
    } else if (size > 0 && slash) {
      bytes[length++] = '/';
    }
    return true;
  }

  private static int hex(MemorySegment buffer, long at) {
    int high = Character.digit(Bytes.at(buffer, at), 16);
    int low = Character.digit(Bytes.at(buffer, at + 1), 16);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
  }

  private void room(int wanted) {
    if (bytes.length < wanted) {
      bytes = Arrays.copyOf(bytes, Math.max(wanted, 2 * bytes.length));
    }
  }

  /** Its bytes, from the first slash on; only {@link #length} of them count. */
  public byte[] array() {
    return bytes;
  }

  /** How many bytes. */
  public int length() {
    return length;
  }

  /** For messages. */
  @Override
  public String toString() {
    return new String(bytes, 0, length, StandardCharsets.UTF_8);
  }
}

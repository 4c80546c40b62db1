package dev.baton.http;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Host names seen lately, so that a known host costs no allocation and no second validation.
 *
 * <p>Direct-mapped and bounded: a stranger who sends ever new names only makes others' be built
 * again. Belongs to one thread, may be shared by all its parsers.
 */
public final class HostCache {
  private static final int SLOTS = 1024;
  private static final int LENGTH_MAX = 253;

  private final @Nullable String[] slots = new @Nullable String[SLOTS];

  /** The normalised name out of {@code name[:port]}, or null if it is not valid. */
  public @Nullable String resolve(MemorySegment buffer, long start, long end) {
    long nameLimit = start;
    boolean brackets = start < end && Bytes.at(buffer, start) == '[';
    while (nameLimit < end && Bytes.at(buffer, nameLimit) != (brackets ? ']' : ':')) {
      nameLimit++;
    }
    if (brackets && nameLimit < end) {
      nameLimit++;
    }
    if (nameLimit == start || !isPort(buffer, nameLimit, end)) {
      return null;
    }
    String known = find(buffer, start, nameLimit);
    return known != null ? known : build(buffer, start, nameLimit);
  }

  /**
   * The name that a TLS client asks for (RFC 6066, section 3): a DNS name in ASCII without a dot at
   * its end, lower-cased; null for anything else, an address or a port above all.
   */
  public @Nullable String serverName(MemorySegment buffer, long start, long end) {
    String name = find(buffer, start, end);
    if (name == null) {
      name = build(buffer, start, end);
      if (name == null || !Bytes.equalsIgnoreCase(buffer, start, end, name)) {
        return null;
      }
    }
    return HostNames.isAddress(name) ? null : name;
  }

  private @Nullable String build(MemorySegment buffer, long start, long end) {
    byte[] raw = new byte[(int) (end - start)];
    for (int i = 0; i < raw.length; i++) {
      raw[i] = Bytes.at(buffer, start + i);
    }
    // Bytes that are no UTF-8 become U+FFFD, which no name may have.
    String text = new String(raw, StandardCharsets.UTF_8);
    String normalized = HostNames.normalize(text);
    if (normalized != null && normalized.equalsIgnoreCase(text)) {
      put(normalized);
    }
    return normalized;
  }

  /** Nothing, or a colon and a port; RFC 3986, section 3.2.3 allows the colon alone. */
  private static boolean isPort(MemorySegment buffer, long start, long end) {
    if (start == end) {
      return true;
    }
    if (Bytes.at(buffer, start) != ':' || end - start > 6) {
      return false;
    }
    int port = 0;
    for (long i = start + 1; i < end; i++) {
      byte b = Bytes.at(buffer, i);
      if (!Bytes.isDigit(b)) {
        return false;
      }
      port = port * 10 + (b - '0');
    }
    return port <= 65_535;
  }

  /** The normalised host these bytes spell, in either case, or null if it is not known here. */
  private @Nullable String find(MemorySegment buffer, long start, long end) {
    long length = end - start;
    if (length > LENGTH_MAX) {
      return null;
    }
    int hash = 0;
    for (long i = start; i < end; i++) {
      hash = hash * 31 + lower(Bytes.at(buffer, i));
    }
    String known = slots[slot(hash)];
    if (known == null || known.length() != length) {
      return null;
    }
    for (int i = 0; i < length; i++) {
      if (known.charAt(i) != lower(Bytes.at(buffer, start + i))) {
        return null;
      }
    }
    return known;
  }

  /** Remembers a normalised host. */
  private void put(String host) {
    slots[slot(host.hashCode())] = host; // the hash above is String's own, over lower case
  }

  private static int slot(int hash) {
    return (hash ^ hash >>> 16) & (SLOTS - 1);
  }

  private static int lower(byte b) {
    return b >= 'A' && b <= 'Z' ? b + ('a' - 'A') : b;
  }
}

package dev.baton.http;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
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

  /** The normalised host these bytes spell, in either case, or null if it is not known here. */
  @Nullable String find(MemorySegment buffer, long start, long end) {
    long length = end - start;
    if (length > LENGTH_MAX) {
      return null;
    }
    int hash = 0;
    for (long i = start; i < end; i++) {
      hash = hash * 31 + lower(buffer.get(ValueLayout.JAVA_BYTE, i));
    }
    String known = slots[slot(hash)];
    if (known == null || known.length() != length) {
      return null;
    }
    for (int i = 0; i < length; i++) {
      if (known.charAt(i) != lower(buffer.get(ValueLayout.JAVA_BYTE, start + i))) {
        return null;
      }
    }
    return known;
  }

  /** Remembers a normalised host. */
  void put(String host) {
    slots[slot(host.hashCode())] = host; // the hash above is String's own, over lower case
  }

  private static int slot(int hash) {
    return (hash ^ hash >>> 16) & (SLOTS - 1);
  }

  private static int lower(byte b) {
    return b >= 'A' && b <= 'Z' ? b + ('a' - 'A') : b;
  }
}

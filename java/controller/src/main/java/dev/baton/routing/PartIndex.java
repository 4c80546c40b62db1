package dev.baton.routing;

import dev.baton.directory.Part;
import dev.baton.http.PathBytes;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The parts of one dataset by their paths: the longest prefix of a path is found in one pass over
 * it, however many parts there are, without allocation. Immutable.
 */
final class PartIndex {
  /** What lies at one path. */
  static final class Entry {
    final byte[] path;
    final int hash;

    /** What holds all below the path; null: nothing does. */
    @Nullable Part below;

    /** The file at the path; null: it is not split. */
    @Nullable SplitFile file;

    Entry(byte[] path, int hash) {
      this.path = path;
      this.hash = hash;
    }
  }

  private final @Nullable Entry[] table;
  private final int deepest;

  /**
   * Of these parts.
   *
   * @throws IllegalArgumentException if the ranges of a file have a gap or an overlap
   */
  PartIndex(List<Part> parts) {
    Map<String, Entry> entries = new LinkedHashMap<>();
    Map<String, List<Part>> files = new LinkedHashMap<>();
    int depth = 0;
    for (Part part : parts) {
      String key = part.path().replaceFirst("/+$", "");
      Entry entry = entries.computeIfAbsent(key, PartIndex::entry);
      depth = Math.max(depth, (int) key.chars().filter(c -> c == '/').count());
      if (part.range() != null) {
        files.computeIfAbsent(key, k -> new ArrayList<>()).add(part);
      } else if (entry.below == null) {
        entry.below = part;
      }
    }
    deepest = depth;
    table = new Entry[Integer.highestOneBit(Math.max(2, entries.size())) * 4];
    entries.forEach((key, entry) -> {
      List<Part> ranges = files.get(key);
      entry.file = ranges == null ? null : new SplitFile(key, ranges);
      int at = spread(entry.hash) & (table.length - 1);
      while (table[at] != null) {
        at = (at + 1) & (table.length - 1);
      }
      table[at] = entry;
    });
  }

  private static Entry entry(String key) {
    byte[] path = key.getBytes(StandardCharsets.UTF_8);
    int hash = 0;
    for (byte b : path) {
      hash = hash * 31 + b;
    }
    return new Entry(path, hash);
  }

  private static int spread(int hash) {
    int mixed = hash * 0x9E3779B9;
    return mixed ^ mixed >>> 15;
  }

  /**
   * The entry of the longest path that holds this one: with a file if it is that file's own, else
   * with what lies below it; null: none does.
   */
  @Nullable Entry find(PathBytes path) {
    byte[] bytes = path.array();
    int length = path.length();
    Entry longest = null;
    int hash = 0;
    int depth = 0;
    for (int i = 0; i < length; i++) {
      if (bytes[i] == '/') {
        Entry entry = find(bytes, i, hash);
        if (entry != null && entry.below != null) {
          longest = entry;
        }
        if (++depth > deepest) {
          return longest;
        }
      }
      hash = hash * 31 + bytes[i];
    }
    Entry entry = bytes[length - 1] == '/' ? null : find(bytes, length, hash);
    return entry != null && (entry.file != null || entry.below != null) ? entry : longest;
  }

  private @Nullable Entry find(byte[] bytes, int length, int hash) {
    int at = spread(hash) & (table.length - 1);
    for (Entry entry = table[at]; entry != null; entry = table[at]) {
      if (entry.hash == hash && Arrays.equals(entry.path, 0, entry.path.length, bytes, 0, length)) {
        return entry;
      }
      at = (at + 1) & (table.length - 1);
    }
    return null;
  }
}

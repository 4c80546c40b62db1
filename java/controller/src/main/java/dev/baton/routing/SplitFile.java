package dev.baton.routing;

import dev.baton.directory.ByteRange;
import dev.baton.directory.Part;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One file that is spread over several parts by its bytes.
 *
 * @param path of the file
 * @param parts each with a range, in order, from 0 to the file's end without a gap
 */
public record SplitFile(String path, List<Part> parts) {
  /**
   * Takes a copy, in order.
   *
   * @throws IllegalArgumentException for a gap, an overlap or a part without a range
   */
  public SplitFile {
    parts = parts.stream().sorted(Comparator.comparingLong(part -> range(part).first())).toList();
    long next = 0;
    for (Part part : parts) {
      if (range(part).first() != next) {
        throw new IllegalArgumentException(path + ": no part begins at byte " + next);
      }
      next = range(part).last() + 1;
    }
    if (next == 0) {
      throw new IllegalArgumentException(path + ": it has no parts");
    }
  }

  /** The range of one of a split file's parts. */
  public static ByteRange range(Part part) {
    return Objects.requireNonNull(part.range());
  }

  /** Bytes of the whole file. */
  public long size() {
    return range(parts.getLast()).last() + 1;
  }

  /** The number of the part that has a byte of the file. */
  public int indexOf(long offset) {
    int low = 0;
    int high = parts.size() - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (range(parts.get(middle)).first() <= offset) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  /** The part that has all of these bytes; null: no single one does. */
  public @Nullable Part holding(long first, long last) {
    Part part = parts.get(indexOf(first));
    return last <= range(part).last() ? part : null;
  }
}

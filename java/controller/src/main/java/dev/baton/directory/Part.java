package dev.baton.directory;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A slice of a dataset: what lies below a path, or a range of one file's bytes.
 *
 * @param path begins with a slash. It holds itself and what follows it behind a slash, so {@code
 *     /videos} and {@code /videos/} hold {@code /videos/a}, not {@code /videos-old}; with a range,
 *     that file alone
 * @param range null: all that the path holds
 * @param group the storage group that holds it; empty: the site names its nodes itself
 * @param copies one for each node that holds it or is to, in the order of preference
 */
public record Part(String path, @Nullable ByteRange range, String group, List<Copy> copies) {
  /** Of a site that is not split. */
  public static final String ALL = "/";

  /** Whether the other one, of another snapshot perhaps, is the same slice. */
  public boolean isSameSlice(Part other) {
    return path.equals(other.path) && Objects.equals(range, other.range);
  }

  /** Takes a copy of the list. */
  public Part {
    copies = List.copyOf(copies);
  }
}

package dev.baton.directory;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What cluster.yaml says of a part: where it is to be, not how far its copies have come.
 *
 * @param path see {@link Part#path()}
 * @param range see {@link Part#range()}
 * @param group the storage group that holds it; empty: {@code nodes} do
 * @param nodes their names, at least one, none twice; empty where a group is named
 */
public record PartSpec(String path, @Nullable ByteRange range, String group, List<String> nodes) {
  /** Takes a copy of the list. */
  public PartSpec {
    nodes = List.copyOf(nodes);
  }

  /** All of a site. */
  public static PartSpec whole(String group, List<String> nodes) {
    return new PartSpec(Part.ALL, null, group, nodes);
  }

  /** Whether it is the same slice, whoever holds it. */
  public boolean isSlice(PartSpec other) {
    return path.equals(other.path)
        && (range == null ? other.range == null : range.equals(other.range));
  }

  /** The slice as messages have it: {@code /a} or {@code /a 0-99}. */
  public String slice() {
    return range == null ? path : path + " " + range;
  }

  /** Who holds it. */
  String holder() {
    return group.isEmpty() ? String.join(", ", nodes) : "group " + group;
  }
}

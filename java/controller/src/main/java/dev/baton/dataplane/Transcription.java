package dev.baton.dataplane;

import dev.baton.bpf.BpfMap;
import dev.baton.bpf.BtfLayout;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Reads a struct as another schema laid it out, by the types in its own map: what has kept its name
 * and size goes to its place in today's layout, what is not there is zero.
 */
final class Transcription {
  private record Piece(long from, long to, long bytes) {}

  private final List<Piece> pieces = new ArrayList<>();
  private final @Nullable BpfMap map;

  /** Knows nothing yet of the map's structs. */
  Transcription(@Nullable BpfMap map) {
    this.map = map;
  }

  /** Copies a struct as it is. */
  static Transcription unchanged(GroupLayout struct) {
    Transcription same = new Transcription(null);
    same.pieces.add(new Piece(0, 0, struct.byteSize()));
    return same;
  }

  /**
   * Adds a struct's members, but those that are structs themselves.
   *
   * @param struct its name in C
   * @param from where it lies in what is read
   * @param to where it lies in what is written
   * @throws IllegalStateException when a member has changed its size
   */
  Transcription with(String struct, GroupLayout today, long from, long to) {
    BtfLayout then = BtfLayout.of(Objects.requireNonNull(map), struct);
    long offset = 0;
    for (MemoryLayout member : today.memberLayouts()) {
      String name = member.name().orElse("");
      BtfLayout.Member old = then.members().get(name);
      if (old != null && !(member instanceof GroupLayout) && !name.equals("pad")) {
        if (old.size() != member.byteSize()) {
          throw new IllegalStateException(struct + "." + name + " has another size in " + map);
        }
        pieces.add(new Piece(from + old.offset(), to + offset, old.size()));
      }
      offset += member.byteSize();
    }
    return this;
  }

  /** Where a member lies in the other schema's struct. */
  long offset(String struct, String member) {
    BtfLayout.Member there =
        BtfLayout.of(Objects.requireNonNull(map), struct).members().get(member);
    if (there == null) {
      throw new IllegalStateException(map + " has no " + struct + "." + member);
    }
    return there.offset();
  }

  /** Writes {@code from} into {@code to}; what neither names is left alone. */
  void copy(MemorySegment from, MemorySegment to) {
    for (Piece piece : pieces) {
      MemorySegment.copy(from, piece.from, to, piece.to, piece.bytes);
    }
  }
}

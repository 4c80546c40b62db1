package dev.baton.handoff;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Buffers for request heads, used again and again. Made as they are needed: a connection holds one
 * only while bytes of it are waiting to be replayed. Most heads fit into a small one, so thousands
 * of clients who never finish theirs cost little; few are longer than HTTP's limit, and of the
 * largest there are only so many.
 */
final class HeadBuffers implements AutoCloseable {
  /** Largest buffers at one time. */
  static final int LARGEST_MAX = 512;

  private static final int SMALL = 2048;

  private final Arena arena = Arena.ofConfined();
  private final List<Size> sizes = new ArrayList<>();

  /** The buffers of one size. */
  private static final class Size {
    final int bytes;
    final int max;
    final ArrayDeque<MemorySegment> free = new ArrayDeque<>();
    int made;

    Size(int bytes, int max) {
      this.bytes = bytes;
      this.max = max;
    }
  }

  /**
   * Buffers of up to three sizes.
   *
   * @param ordinary bytes that nearly every head fits into
   * @param largest bytes that each head fits into, more than that
   */
  HeadBuffers(int ordinary, int largest) {
    if (SMALL < ordinary) {
      sizes.add(new Size(SMALL, Integer.MAX_VALUE));
    }
    sizes.add(new Size(ordinary, Integer.MAX_VALUE));
    sizes.add(new Size(largest, LARGEST_MAX));
  }

  /** One to begin with. */
  MemorySegment take() {
    return Objects.requireNonNull(take(sizes.getFirst()));
  }

  private @Nullable MemorySegment take(Size size) {
    MemorySegment buffer = size.free.pollLast();
    if (buffer != null || size.made == size.max) {
      return buffer;
    }
    size.made++;
    return arena.allocate(size.bytes, 8);
  }

  /** Whether there are larger ones than this. */
  boolean canGrow(MemorySegment buffer) {
    return buffer.byteSize() < sizes.getLast().bytes;
  }

  /** The next larger one with the same bytes in it, the other given back; null: none is left. */
  @Nullable MemorySegment grow(MemorySegment buffer) {
    MemorySegment grown = take(sizes.get(index(buffer) + 1));
    if (grown != null) {
      MemorySegment.copy(buffer, 0, grown, 0, buffer.byteSize());
      giveBack(buffer);
    }
    return grown;
  }

  void giveBack(MemorySegment buffer) {
    sizes.get(index(buffer)).free.addLast(buffer);
  }

  private int index(MemorySegment buffer) {
    int index = 0;
    while (sizes.get(index).bytes != buffer.byteSize()) {
      index++;
    }
    return index;
  }

  @Override
  public void close() {
    arena.close();
  }
}

package dev.baton.handoff;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;

/**
 * Buffers for request heads, used again and again. Made as they are needed: a connection holds one
 * only while bytes of it are waiting to be replayed.
 */
final class HeadBuffers implements AutoCloseable {
  private final Arena arena = Arena.ofConfined();
  private final ArrayDeque<MemorySegment> free = new ArrayDeque<>();
  private final int size;

  HeadBuffers(int size) {
    this.size = size;
  }

  MemorySegment take() {
    MemorySegment buffer = free.pollLast();
    return buffer == null ? arena.allocate(size, 8) : buffer;
  }

  void giveBack(MemorySegment buffer) {
    free.addLast(buffer);
  }

  @Override
  public void close() {
    arena.close();
  }
}

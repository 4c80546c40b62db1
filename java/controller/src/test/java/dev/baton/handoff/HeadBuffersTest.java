package dev.baton.handoff;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

@SuppressWarnings("NullAway") // what is null fails the test
class HeadBuffersTest {
  @Test
  void aFullBufferGrowsWithItsBytes() {
    try (HeadBuffers buffers = new HeadBuffers(16, 64)) {
      MemorySegment small = buffers.take();
      small.fill((byte) 7);
      MemorySegment large = buffers.grow(small);
      assertThat(large.byteSize()).isEqualTo(64);
      assertThat(large.asSlice(0, 16).toArray(ValueLayout.JAVA_BYTE)).containsOnly(7);
      assertThat(buffers.take()).as("the small one is free again").isEqualTo(small);
      assertThat(buffers.canGrow(small)).isTrue();
      assertThat(buffers.canGrow(large)).isFalse();
      buffers.giveBack(large);
      assertThat(buffers.take().byteSize()).as("a large one is no small one").isEqualTo(16);
    }
  }

  @Test
  void mostHeadsFitIntoASmallOne() {
    try (HeadBuffers buffers = new HeadBuffers(16_384, 80_000)) {
      MemorySegment first = buffers.take();
      assertThat(first.byteSize()).isEqualTo(2048);
      MemorySegment second = buffers.grow(first);
      assertThat(second.byteSize()).isEqualTo(16_384);
      assertThat(buffers.grow(second).byteSize()).isEqualTo(80_000);
    }
  }

  @Test
  void largeBuffersComeToAnEnd() {
    try (HeadBuffers buffers = new HeadBuffers(16, 64)) {
      MemorySegment last = buffers.take();
      for (int i = 0; i < HeadBuffers.LARGEST_MAX; i++) {
        last = buffers.grow(buffers.take());
        assertThat(last).isNotNull();
      }
      assertThat(buffers.grow(buffers.take())).isNull();
      buffers.giveBack(last);
      assertThat(buffers.grow(buffers.take())).isEqualTo(last);
    }
  }
}

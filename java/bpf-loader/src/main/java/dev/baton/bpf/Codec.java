package dev.baton.bpf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * How a Java type lies in memory as a key or a value.
 *
 * @param <T> the Java type
 */
public interface Codec<T> {
  /** 32 bits, host order. */
  Codec<Integer> INT =
      new Codec<>() {
        @Override
        public long byteSize() {
          return Integer.BYTES;
        }

        @Override
        public void write(Integer value, MemorySegment to) {
          to.set(ValueLayout.JAVA_INT_UNALIGNED, 0, value);
        }

        @Override
        public Integer read(MemorySegment from) {
          return from.get(ValueLayout.JAVA_INT_UNALIGNED, 0);
        }
      };

  /** 64 bits, host order. */
  Codec<Long> LONG =
      new Codec<>() {
        @Override
        public long byteSize() {
          return Long.BYTES;
        }

        @Override
        public void write(Long value, MemorySegment to) {
          to.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, value);
        }

        @Override
        public Long read(MemorySegment from) {
          return from.get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
        }
      };

  /**
   * The size, the same for each value.
   *
   * @return bytes; must be what the map says
   */
  long byteSize();

  /**
   * Writes a value.
   *
   * @param value to be written
   * @param to zeroed memory of {@link #byteSize()} bytes; padding must stay zero
   */
  void write(T value, MemorySegment to);

  /**
   * Reads a value.
   *
   * @param from memory of {@link #byteSize()} bytes, valid only during the call
   * @return the value, which must not refer to {@code from}
   */
  T read(MemorySegment from);
}

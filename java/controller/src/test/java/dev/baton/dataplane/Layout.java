package dev.baton.dataplane;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Bytes as bpf/include/baton.h lays them out, put together by hand: offsets are written out where
 * they are used, so that the generated bindings are not compared with themselves.
 */
final class Layout {
  private final byte[] bytes;
  private final ByteBuffer host;
  private final ByteBuffer network;

  Layout(int size) {
    bytes = new byte[size];
    host = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    network = ByteBuffer.wrap(bytes).order(ByteOrder.BIG_ENDIAN);
  }

  /** struct baton_flow_key. */
  static Layout key(int source, int sourcePort, int destination, int destinationPort) {
    return new Layout(40)
        .be32(0, source)
        .be32(16, destination)
        .be16(32, sourcePort)
        .be16(34, destinationPort)
        .u8(36, 2);
  }

  Layout be32(int at, int value) {
    network.putInt(at, value);
    return this;
  }

  Layout be16(int at, int value) {
    network.putShort(at, (short) value);
    return this;
  }

  Layout u8(int at, int value) {
    bytes[at] = (byte) value;
    return this;
  }

  Layout u16(int at, int value) {
    host.putShort(at, (short) value);
    return this;
  }

  Layout u32(int at, int value) {
    host.putInt(at, value);
    return this;
  }

  Layout u64(int at, long value) {
    host.putLong(at, value);
    return this;
  }

  Layout put(int at, Layout inner) {
    System.arraycopy(inner.bytes, 0, bytes, at, inner.bytes.length);
    return this;
  }

  byte[] bytes() {
    return bytes;
  }

  /** Aligned for native calls and for the bindings. */
  MemorySegment segment() {
    MemorySegment segment = java.lang.foreign.Arena.ofAuto().allocate(bytes.length, 8);
    MemorySegment.copy(bytes, 0, segment, ValueLayout.JAVA_BYTE, 0, bytes.length);
    return segment;
  }
}

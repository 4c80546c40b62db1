package dev.baton.bpf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/**
 * A {@code struct __sk_buff} (include/uapi/linux/bpf.h) for a test run, with the fields that the
 * kernel lets a test set (net/bpf/test_run.c, convert___skb_to_skb). Numbers are in host order.
 */
public final class SkbContext {
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

  // This struct is UAPI: fields are only ever added at its end.
  private static final int MARK = 8;
  private static final int PRIORITY = 32;
  private static final int INGRESS_IFINDEX = 36;
  private static final int IFINDEX = 40;
  private static final int CB = 48;
  private static final int TSTAMP = 152;
  private static final int WIRE_LEN = 160;
  private static final int GSO_SEGS = 164;
  private static final int GSO_SIZE = 176;
  private static final int SIZE = 192;

  private final byte[] bytes = new byte[SIZE];
  private final MemorySegment struct = MemorySegment.ofArray(bytes);

  /** A context of zeroes. */
  public SkbContext() {}

  /**
   * Reads a context that a test run gave back.
   *
   * @param context of {@link TestRun#context()}
   * @return a copy
   */
  public static SkbContext of(byte[] context) {
    SkbContext made = new SkbContext();
    System.arraycopy(context, 0, made.bytes, 0, Math.min(SIZE, context.length));
    return made;
  }

  /**
   * The bytes for {@link BpfProgram#testRun(byte[], byte[])}.
   *
   * @return a copy
   */
  public byte[] toBytes() {
    return bytes.clone();
  }

  /**
   * Sets the packet's mark.
   *
   * @param mark as SO_MARK
   * @return this
   */
  public SkbContext mark(int mark) {
    return set(MARK, mark);
  }

  /**
   * The packet's mark.
   *
   * @return as SO_MARK
   */
  public int mark() {
    return struct.get(INT, MARK);
  }

  /**
   * Sets the packet's priority.
   *
   * @param priority as SO_PRIORITY
   * @return this
   */
  public SkbContext priority(int priority) {
    return set(PRIORITY, priority);
  }

  /**
   * The packet's priority.
   *
   * @return as SO_PRIORITY
   */
  public int priority() {
    return struct.get(INT, PRIORITY);
  }

  /**
   * Sets the interface the packet seems to be on; it must exist in the caller's network namespace.
   *
   * @param index 0 or 1: the loopback interface
   * @return this
   */
  public SkbContext ifindex(int index) {
    return set(IFINDEX, index);
  }

  /**
   * Sets the interface it seems to have come in by.
   *
   * @param index any number; nothing checks it
   * @return this
   */
  public SkbContext ingressIfindex(int index) {
    return set(INGRESS_IFINDEX, index);
  }

  /**
   * Makes the packet a GSO super-packet.
   *
   * @param size payload bytes of a segment
   * @param segments how many
   * @return this
   */
  public SkbContext gso(int size, int segments) {
    set(GSO_SIZE, size);
    return set(GSO_SEGS, segments);
  }

  /**
   * Sets the length on the wire.
   *
   * @param bytes at least the packet's, at most 65535
   * @return this
   */
  public SkbContext wireLength(int bytes) {
    return set(WIRE_LEN, bytes);
  }

  /**
   * Sets the time stamp.
   *
   * @param nanos in the clock the program expects
   * @return this
   */
  public SkbContext timestamp(long nanos) {
    struct.set(LONG, TSTAMP, nanos);
    return this;
  }

  /**
   * Sets a word of the control block.
   *
   * @param index 0 to 4
   * @param word any number
   * @return this
   */
  public SkbContext cb(int index, int word) {
    return set(CB + Integer.BYTES * Objects.checkIndex(index, 5), word);
  }

  /**
   * A word of the control block.
   *
   * @param index 0 to 4
   * @return the word
   */
  public int cb(int index) {
    return struct.get(INT, CB + Integer.BYTES * Objects.checkIndex(index, 5));
  }

  private SkbContext set(long offset, int value) {
    struct.set(INT, offset, value);
    return this;
  }
}

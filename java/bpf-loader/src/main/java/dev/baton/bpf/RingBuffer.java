package dev.baton.bpf;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * The reading end of a BPF_MAP_TYPE_RINGBUF, for one thread at a time.
 *
 * <p>The ring is mapped and read in Java, as kernel/bpf/ringbuf.c lays it out: first a page with
 * the consumer's position, which is ours to write; then a page with the producer's; then the data,
 * mapped twice in a row, so that a record is never broken at the end. A record is a header of 8
 * bytes (length, with a busy bit and a discard bit, and a page offset) and its data, padded to a
 * multiple of 8. Reading makes no system call and, with a {@link RawHandler}, no object.
 *
 * <p>The map may be closed before the ring buffer, but then {@link #epollFd()} and {@link #poll}
 * are of no use any more.
 */
public final class RingBuffer implements AutoCloseable {
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final VarHandle LENGTH = INT.varHandle();
  private static final VarHandle POSITION = ValueLayout.JAVA_LONG.varHandle();
  private static final int BUSY = 1 << 31;
  private static final int DISCARD = 1 << 30;
  private static final int HEADER = 8;

  /** Told each record. */
  @FunctionalInterface
  public interface Handler {
    /**
     * One record. Its room goes back to the kernel when the call returns.
     *
     * @param data exactly what the program submitted, read-only; valid only during the call
     */
    void sample(MemorySegment data);
  }

  /** Told each record, by its place in the ring: for paths that must not make an object. */
  @FunctionalInterface
  public interface RawHandler {
    /**
     * One record. Its room goes back to the kernel when the call returns.
     *
     * @param ring the data pages, read-only and the same segment each time
     * @param offset of the record in it, a multiple of 8
     * @param length of the record in bytes
     */
    void sample(MemorySegment ring, long offset, int length);
  }

  private final BpfMap map;
  private final RawHandler handler;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment consumer;
  private final MemorySegment producer;
  private final MemorySegment data;
  private final long mask;
  private int epoll = -1;
  private boolean closed;

  /**
   * Maps a ring.
   *
   * @param ring stays the caller's
   * @param handler told each record by {@link #consume} and {@link #poll}
   * @throws BpfException EPERM or ENOMEM when it cannot be mapped
   * @throws IllegalArgumentException when the map is no ring buffer
   */
  public RingBuffer(BpfMap ring, Handler handler) {
    this(ring, (data, offset, length) -> handler.sample(data.asSlice(offset, length)));
  }

  /**
   * Maps a ring, for a path that must not make an object.
   *
   * @param ring stays the caller's
   * @param handler told each record by {@link #consume} and {@link #poll}
   * @throws BpfException EPERM or ENOMEM when it cannot be mapped
   * @throws IllegalArgumentException when the map is no ring buffer
   */
  public RingBuffer(BpfMap ring, RawHandler handler) {
    if (ring.type() != MapType.RINGBUF) {
      throw new IllegalArgumentException(ring + " is no ring buffer");
    }
    this.map = ring;
    this.handler = handler;
    long size = Integer.toUnsignedLong(ring.maxEntries());
    this.mask = size - 1;
    long page = Libc.pageSize();
    try {
      int readWrite = Libc.PROT_READ | Libc.PROT_WRITE;
      consumer = Libc.map(ring.fd(), 0, page, readWrite, arena, ring.name());
      producer =
          Libc.map(ring.fd(), page, page + 2 * size, Libc.PROT_READ, arena, ring.name())
              .asReadOnly();
      data = producer.asSlice(page);
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /**
   * What an event loop waits for: readable (EPOLLIN, level-triggered) while there are records. It
   * is the map's own descriptor.
   *
   * @return the descriptor, which stays the map's
   */
  public int epollFd() {
    return map.fd();
  }

  /**
   * Gives the handler every record there was when the call began, in order, up to the first that a
   * program has reserved but not yet submitted. Never blocks, makes no system call.
   *
   * @return how many records the handler got; discarded ones do not count
   * @throws RuntimeException what the handler throws; its record counts as read
   */
  public int consume() {
    long position = (long) POSITION.get(consumer, 0L);
    long end = (long) POSITION.getAcquire(producer, 0L);
    int samples = 0;
    while (position < end) {
      long at = position & mask;
      // The program writes the length last, with a release: what it covers is there then.
      int header = (int) LENGTH.getAcquire(data, at);
      if ((header & BUSY) != 0) {
        break;
      }
      int length = header & ~(BUSY | DISCARD);
      position += (length + HEADER + 7L) & ~7L;
      if ((header & DISCARD) != 0) {
        POSITION.setRelease(consumer, 0L, position);
        continue;
      }
      samples++;
      try {
        handler.sample(data, at + HEADER, length);
      } finally {
        // One by one, so that a slow handler does not keep the room of what is done.
        POSITION.setRelease(consumer, 0L, position);
      }
    }
    return samples;
  }

  /**
   * Waits for records and gives them to the handler. For threads that wait for nothing else; an
   * event loop uses {@link #epollFd()} and {@link #consume()}.
   *
   * @param timeoutMillis how long to wait for the first; 0 does not wait, -1 waits without end
   * @return how many records the handler got; 0 when the time was up or a signal came
   */
  public int poll(int timeoutMillis) {
    int samples = consume();
    if (samples > 0 || timeoutMillis == 0) {
      return samples;
    }
    if (epoll < 0) {
      epoll = Libc.epollOf(map.fd());
    }
    return Libc.epollWait(epoll, timeoutMillis) > 0 ? consume() : 0;
  }

  /**
   * How far the reader is behind the programs.
   *
   * @return bytes in the ring, headers and unfinished records among them
   */
  public long backlogBytes() {
    return (long) POSITION.getAcquire(producer, 0L) - (long) POSITION.get(consumer, 0L);
  }

  /** Unmaps the ring. Records that were not read stay for the next reader. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    if (epoll >= 0) {
      Libc.close(epoll);
    }
    arena.close();
  }
}

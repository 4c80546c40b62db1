package dev.baton.net;

import static dev.baton.net.SystemCallException.check;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.baton.bindings.libc.LibC;
import dev.baton.bindings.libc.epoll_event;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * An epoll instance (epoll(7)) and the events it reported last. {@code struct epoll_event} is
 * packed on x86-64, so its members are read unaligned.
 */
public final class EventPoll implements AutoCloseable {
  private static final ValueLayout.OfInt EVENTS = ValueLayout.JAVA_INT_UNALIGNED;
  private static final long SIZE = epoll_event.layout().byteSize();
  private static final long DATA = epoll_event.data$offset();
  private static final int MAX = 256;

  private final SystemCalls calls;
  private final Arena arena = Arena.ofConfined();
  private final MemorySegment ready = arena.allocate(SIZE * MAX, JAVA_INT.byteAlignment());
  private final MemorySegment one = arena.allocate(SIZE, JAVA_INT.byteAlignment());
  private final int fd;
  private boolean closed;

  /** A new instance, for the thread of {@code calls}. */
  public EventPoll(SystemCalls calls) {
    this.calls = calls;
    this.fd = check(calls.epollCreate(), "epoll_create1", "event loop");
  }

  /**
   * Watches a descriptor.
   *
   * @param events EPOLLIN and so on
   * @param data what {@link #data} says of its events
   */
  public void add(int watched, int events, long data) {
    control(LibC.EPOLL_CTL_ADD(), watched, events, data);
  }

  /** Watches a descriptor for other events, and tells of those that are there already. */
  public void change(int watched, int events, long data) {
    control(LibC.EPOLL_CTL_MOD(), watched, events, data);
  }

  /** Watches it no longer; closing the descriptor does the same. */
  public void remove(int watched) {
    control(LibC.EPOLL_CTL_DEL(), watched, 0, 0);
  }

  private void control(int operation, int watched, int events, long data) {
    one.set(EVENTS, 0, events);
    one.set(JAVA_LONG_UNALIGNED, DATA, data);
    check(calls.epollControl(fd, operation, watched, one), "epoll_ctl", "descriptor " + watched);
  }

  /**
   * Waits for events; EINTR counts as none.
   *
   * @param timeoutMillis −1: for ever
   * @return how many there are
   */
  public int await(int timeoutMillis) {
    int count = calls.epollWait(fd, ready, MAX, timeoutMillis);
    return count == -LibC.EINTR() ? 0 : check(count, "epoll_wait", "event loop");
  }

  /** The data given to {@link #add} for the {@code index}th ready descriptor. */
  public long data(int index) {
    return ready.get(JAVA_LONG_UNALIGNED, index * SIZE + DATA);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      calls.close(fd);
      arena.close();
    }
  }
}

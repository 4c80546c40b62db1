package dev.baton.pieces;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * One buffer that a thread of an answer fills and an event loop empties, in turn: the socket stays
 * the loop's own, and a client that is slow to read stops the thread, which stops reading from its
 * node.
 */
public final class HandOver {
  /** Bytes that are under way at most. */
  public static final int SIZE = 64 * 1024;

  private final byte[] buffer = new byte[SIZE];
  private final Runnable wake;
  private int from;
  private int to;
  private boolean cancelled;
  private @Nullable Outcome outcome;
  private @Nullable Thread writer;

  /** The client is not there any more, or has been given up. */
  static final class ClientGone extends Exception {
    private static final long serialVersionUID = 1;
  }

  /**
   * An empty one.
   *
   * @param wake tells the loop that there is something to do, from any thread
   */
  public HandOver(Runnable wake) {
    this.wake = wake;
  }

  // The thread's side.

  /** Where the thread writes, while {@link #put} is not being called. */
  byte[] buffer() {
    return buffer;
  }

  /** Names the thread that is to hear of {@link #cancel}. */
  synchronized void writer(@Nullable Thread thread) {
    writer = thread;
    if (cancelled && thread != null) {
      thread.interrupt();
    }
  }

  /** Hands over the first {@code length} bytes and waits until the socket has taken them. */
  void put(int length) throws ClientGone {
    synchronized (this) {
      from = 0;
      to = length;
    }
    wake.run();
    synchronized (this) {
      try {
        while (from < to && !cancelled) {
          wait();
        }
      } catch (InterruptedException e) {
        throw new ClientGone();
      }
      if (cancelled) {
        throw new ClientGone();
      }
    }
  }

  /** Nothing more comes. */
  void end(Outcome how) {
    synchronized (this) {
      outcome = how;
    }
    wake.run();
  }

  // The event loop's side.

  /** Copies what is to be sent; how many bytes that is. */
  public synchronized int copyTo(MemorySegment target) {
    int length = to - from;
    if (length > 0) {
      MemorySegment.copy(buffer, from, target, ValueLayout.JAVA_BYTE, 0, length);
    }
    return length;
  }

  /** The socket has taken so many of them. */
  public synchronized void taken(int bytes) {
    from += bytes;
    if (from == to) {
      notifyAll();
    }
  }

  /** How it ended; null: it has not, or something is still to be sent. */
  public synchronized @Nullable Outcome outcome() {
    return from < to ? null : outcome;
  }

  /** The client is gone: its thread ends as soon as may be. */
  public synchronized void cancel() {
    cancelled = true;
    to = from;
    notifyAll();
    if (writer != null) {
      writer.interrupt();
    }
  }
}

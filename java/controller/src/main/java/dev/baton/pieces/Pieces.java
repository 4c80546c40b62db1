package dev.baton.pieces;

import dev.baton.address.Ip;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** Puts answers together, each on a virtual thread; so many at a time. All loops share one. */
public final class Pieces {
  private final List<Ip> own;
  private final int max;
  private final Duration connect;
  private final Duration silence;
  private final AtomicInteger running = new AtomicInteger();
  private final LongAdder answers = new LongAdder();
  private final LongAdder bytes = new LongAdder();
  private final LongAdder resumed = new LongAdder();

  /**
   * Nothing runs yet.
   *
   * @param own the DMZ node's addresses towards the nodes
   * @param max answers at one time
   * @param connect how long a connection to a node may take
   * @param silence how long a node may be silent
   */
  public Pieces(List<Ip> own, int max, Duration connect, Duration silence) {
    this.own = List.copyOf(own);
    this.max = max;
    this.connect = connect;
    this.silence = silence;
  }

  /**
   * Begins an answer.
   *
   * @return false: as many as may be are being put together
   */
  public boolean start(PieceRequest request, HandOver out) {
    if (running.incrementAndGet() > max) {
      running.decrementAndGet();
      return false;
    }
    var assembly = new Assembly(this, request, out);
    Thread.ofVirtual()
        .name("pieces")
        .start(() -> {
          out.writer(Thread.currentThread());
          try {
            assembly.run();
          } finally {
            out.writer(null);
            running.decrementAndGet();
          }
        });
    return true;
  }

  List<Ip> own() {
    return own;
  }

  Duration connect() {
    return connect;
  }

  Duration silence() {
    return silence;
  }

  void answered() {
    answers.increment();
  }

  void passed(long count) {
    bytes.add(count);
  }

  void resumed() {
    resumed.increment();
  }

  /** Answers that are being put together. */
  public int running() {
    return running.get();
  }

  /** Answers whose head was sent. */
  public long answersSum() {
    return answers.sum();
  }

  /** Bytes of content that have passed through. */
  public long bytesSum() {
    return bytes.sum();
  }

  /** Pieces that another node went on with. */
  public long resumedSum() {
    return resumed.sum();
  }
}

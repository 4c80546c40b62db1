package dev.baton.directory;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the newest snapshot of a directory at hand: one daemon thread asks for the version several
 * times a second and replaces the snapshot whole. A directory that cannot be read is logged once,
 * and the last good snapshot stays.
 */
public final class DirectoryWatcher implements AutoCloseable {
  /** How often the version is asked for unless told otherwise. */
  public static final Duration INTERVAL = Duration.ofMillis(200);

  private static final Logger LOG = LoggerFactory.getLogger(DirectoryWatcher.class);

  private final Directory directory;
  private final Duration interval;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread thread;
  private volatile Snapshot snapshot;
  private volatile Trouble trouble = Trouble.NONE;
  private volatile long readAt = System.nanoTime();

  /**
   * Whether the directory can be read.
   *
   * @param why what is wrong; empty: nothing is
   * @param since {@link System#nanoTime()} when that began
   */
  public record Trouble(String why, long since) {
    private static final Trouble NONE = new Trouble("", 0);

    /** Whether there is any. */
    public boolean isAny() {
      return !why.isEmpty();
    }
  }

  private DirectoryWatcher(Directory directory, Duration interval) {
    this.directory = directory;
    this.interval = interval;
    this.snapshot = directory.read();
    this.thread = Thread.ofPlatform().daemon().name("directory-watcher").unstarted(this::run);
  }

  /**
   * Reads the directory once and watches it from then on. The watcher does not own the directory:
   * close that afterwards.
   *
   * @throws DirectoryException if the first reading fails
   */
  public static DirectoryWatcher start(Directory directory, Duration interval) {
    DirectoryWatcher watcher = new DirectoryWatcher(directory, interval);
    watcher.thread.start();
    return watcher;
  }

  /** The same at the usual {@link #INTERVAL}. */
  public static DirectoryWatcher start(Directory directory) {
    return start(directory, INTERVAL);
  }

  /** The newest snapshot; costs one volatile read. */
  public Snapshot snapshot() {
    return snapshot;
  }

  /** What is wrong with the directory. */
  public Trouble trouble() {
    return trouble;
  }

  /** {@link System#nanoTime()} when the snapshot was last known to be what the directory says. */
  public long readAt() {
    return readAt;
  }

  /** Ends the thread and waits for it; closing twice is allowed. */
  @Override
  public void close() {
    closed.countDown();
    try {
      thread.join(Duration.ofSeconds(5));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try {
      while (!closed.await(interval.toMillis(), TimeUnit.MILLISECONDS)) {
        look();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // nobody interrupts it but a JVM that ends
    }
  }

  private void look() {
    try {
      if (directory.version() != snapshot.version()) {
        Snapshot read = directory.read();
        snapshot = read;
        LOG.info("directory: {} nodes, {} sites", read.nodes().size(), read.sites().size());
      }
      readAt = System.nanoTime();
      if (trouble.isAny()) {
        trouble = Trouble.NONE;
        LOG.info("the directory can be read again");
      }
    } catch (RuntimeException e) {
      boolean first = !trouble.isAny();
      String why = String.valueOf(e.getMessage());
      trouble = new Trouble(why, first ? System.nanoTime() : trouble.since());
      if (first) {
        LOG.warn("{}; the last snapshot stays in use", why);
      }
    }
  }
}

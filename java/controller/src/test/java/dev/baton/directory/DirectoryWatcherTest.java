package dev.baton.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class DirectoryWatcherTest {
  /** A directory that answers, or breaks, as it is told. */
  private static final class Told implements Directory {
    final AtomicLong version = new AtomicLong(1);
    final AtomicInteger asked = new AtomicInteger();
    volatile boolean broken;

    @Override
    public Snapshot read() {
      return new Snapshot(version(), List.of(), List.of());
    }

    @Override
    public long version() {
      asked.incrementAndGet();
      if (broken) {
        throw new DirectoryException("database is locked");
      }
      return version.get();
    }

    @Override
    public void close() {}
  }

  @Test
  void aBrokenDirectoryLeavesTheLastSnapshotAndIsFollowedAgain() {
    Told told = new Told();
    try (DirectoryWatcher watcher = DirectoryWatcher.start(told, Duration.ofMillis(1))) {
      Snapshot first = watcher.snapshot();
      told.broken = true;
      told.version.set(2);
      int before = told.asked.get();
      await().until(() -> told.asked.get() > before + 5);
      assertThat(watcher.snapshot()).isSameAs(first);
      assertThat(watcher.trouble().why()).isEqualTo("database is locked");
      long since = watcher.trouble().since();
      long readAt = watcher.readAt();
      await().until(() -> told.asked.get() > before + 8);
      assertThat(watcher.trouble().since()).as("when it began").isEqualTo(since);
      assertThat(watcher.readAt()).isEqualTo(readAt);
      told.broken = false;
      await().until(() -> watcher.snapshot().version() == 2);
      await().until(() -> !watcher.trouble().isAny());
      assertThat(watcher.readAt()).isGreaterThan(readAt);
    }
  }

  @Test
  void aClosedWatcherAsksNoMore() {
    Told told = new Told();
    DirectoryWatcher watcher = DirectoryWatcher.start(told, Duration.ofMillis(1));
    await().until(() -> told.asked.get() > 2);
    watcher.close();
    watcher.close();
    assertThat(Thread.getAllStackTraces().keySet())
        .extracting(Thread::getName)
        .doesNotContain("directory-watcher");
  }
}

package dev.baton.bpf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@SuppressWarnings("NullAway.Init")
class RingBufferTest {
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  private static final byte[] FRAME = Needs.frame(100);

  private BpfObject object;
  private BpfProgram emit;

  @BeforeEach
  void load() {
    Needs.bpf();
    object = Needs.loaded();
    emit = object.program("tc_emit");
  }

  @AfterEach
  void close() {
    if (object != null) {
      object.close();
    }
  }

  private int emit(int number) {
    return emit.testRun(FRAME, new SkbContext().mark(number).toBytes()).returnValue();
  }

  private void discard(int number) {
    emit.testRun(FRAME, new SkbContext().mark(number).cb(0, 1).toBytes());
  }

  @Test
  void recordsComeInOrderAndRoundTheEndOfTheRing() {
    // Records of 32 bytes with their header fill the 4096 bytes 128 at a time: several rounds.
    List<Long> got = new ArrayList<>();
    try (RingBuffer ring =
        new RingBuffer(
            object.map("ring"),
            data -> {
              assertThat(data.byteSize()).isEqualTo(24);
              assertThat(data.isReadOnly()).isTrue();
              assertThat(data.get(LONG, 8)).isEqualTo(FRAME.length);
              assertThat(data.get(LONG, 16)).isEqualTo(~data.get(LONG, 0));
              got.add(data.get(LONG, 0));
            })) {
      assertThat(ring.consume()).isZero();
      for (int i = 0; i < 1000; i++) {
        assertThat(emit(i)).isZero();
        if (i % 50 == 49) {
          assertThat(ring.backlogBytes()).isEqualTo(50 * 32);
          assertThat(ring.consume()).isEqualTo(50);
          assertThat(ring.backlogBytes()).isZero();
        }
      }
    }
    assertThat(got).containsExactlyElementsOf(LongStream.range(0, 1000).boxed().toList());
  }

  @Test
  void discardedRecordsAreSkippedAndTheirRoomGivenBack() {
    List<Long> got = new ArrayList<>();
    try (RingBuffer ring = new RingBuffer(object.map("ring"), data -> got.add(data.get(LONG, 0)))) {
      for (int i = 0; i < 300; i++) {
        discard(i);
        emit(i);
        discard(i);
        assertThat(ring.consume()).isEqualTo(1);
      }
      discard(7);
      assertThat(ring.consume()).isZero();
      assertThat(ring.backlogBytes()).isZero();
    }
    assertThat(got).hasSize(300);
  }

  @Test
  void aFullRingRefusesAndWorksAgainWhenItHasBeenRead() {
    int[] got = new int[1];
    try (RingBuffer ring = new RingBuffer(object.map("ring"), data -> got[0]++)) {
      int sent = 0;
      while (emit(sent) == 0) {
        sent++;
      }
      assertThat(sent).isBetween(100, 128);
      assertThat(ring.consume()).isEqualTo(sent);
      assertThat(emit(1)).isZero();
      assertThat(ring.consume()).isEqualTo(1);
    }
  }

  @Test
  void aRecordWhoseHandlerThrowsIsNotSeenAgain() {
    List<Long> got = new ArrayList<>();
    try (RingBuffer ring =
        new RingBuffer(
            object.map("ring"),
            data -> {
              if (data.get(LONG, 0) == 1) {
                throw new IllegalStateException("one");
              }
              got.add(data.get(LONG, 0));
            })) {
      emit(0);
      emit(1);
      emit(2);
      assertThatThrownBy(ring::consume).isInstanceOf(IllegalStateException.class);
      assertThat(ring.consume()).isEqualTo(1);
    }
    assertThat(got).containsExactly(0L, 2L);
  }

  @Test
  void whatIsUnreadStaysForTheNextReader() {
    int[] got = new int[1];
    new RingBuffer(object.map("ring"), data -> got[0]++).close();
    emit(1);
    try (RingBuffer ring = new RingBuffer(object.map("ring"), data -> got[0]++)) {
      assertThat(ring.consume()).isEqualTo(1);
    }
  }

  @Test
  void pollWaitsForARecord() throws InterruptedException {
    CountDownLatch waiting = new CountDownLatch(1);
    try (RingBuffer ring = new RingBuffer(object.map("ring"), data -> {})) {
      assertThat(ring.poll(0)).isZero();
      assertThat(ring.poll(1)).isZero();
      Thread sender =
          Thread.ofPlatform()
              .start(() -> {
                try {
                  waiting.await();
                } catch (InterruptedException e) {
                  throw new AssertionError(e);
                }
                emit(5);
              });
      waiting.countDown();
      assertThat(ring.poll(10_000)).isEqualTo(1);
      sender.join();
    }
  }

  @Test
  void nothingIsLostOrTornWhileAProgramWritesOnAnotherCpu() throws InterruptedException {
    int count = 20_000;
    List<Long> got = new ArrayList<>(count);
    try (RingBuffer ring =
        new RingBuffer(
            object.map("ring"),
            data -> {
              assertThat(data.get(LONG, 16)).isEqualTo(~data.get(LONG, 0));
              got.add(data.get(LONG, 0));
            })) {
      Thread sender =
          Thread.ofPlatform()
              .start(() -> {
                for (int i = 0; i < count; i++) {
                  while (emit(i) != 0) {
                    Thread.onSpinWait(); // full: the reader is behind
                  }
                }
              });
      long deadline = System.nanoTime() + 30_000_000_000L;
      while (got.size() < count && System.nanoTime() < deadline) {
        ring.poll(100);
      }
      sender.join(30_000);
    }
    assertThat(got).containsExactlyElementsOf(LongStream.range(0, count).boxed().toList());
  }

  @Test
  void theMapsDescriptorIsReadableWhileThereAreRecords() {
    try (RingBuffer ring = new RingBuffer(object.map("ring"), data -> {})) {
      int epoll = Libc.epollOf(ring.epollFd());
      try {
        assertThat(Libc.epollWait(epoll, 0)).isZero();
        emit(1);
        assertThat(Libc.epollWait(epoll, 10_000)).isEqualTo(1);
        assertThat(Libc.epollWait(epoll, 0)).as("level-triggered").isEqualTo(1);
        ring.consume();
        assertThat(Libc.epollWait(epoll, 0)).isZero();
      } finally {
        Libc.close(epoll);
      }
    }
  }

  @Test
  void innerRingsAreReadOneByOne() {
    List<Integer> got = new ArrayList<>();
    try (BpfMap first = ring("first");
        BpfMap second = ring("second")) {
      object.map("rings").update(0, first);
      object.map("rings").update(3, second);
      BpfProgram program = object.program("tc_emit_inner");
      for (int index = 0; index < 4; index++) {
        int verdict = program.testRun(FRAME, new SkbContext().mark(index).toBytes()).returnValue();
        assertThat(verdict).isEqualTo(index == 0 || index == 3 ? 0 : 2);
      }
      try (RingBuffer reader =
          new RingBuffer(second, data -> got.add(data.get(ValueLayout.JAVA_INT, 0)))) {
        assertThat(reader.consume()).isEqualTo(1);
      }
    }
    assertThat(got).containsExactly(3);
  }

  private static BpfMap ring(String name) {
    return BpfMap.create(MapType.RINGBUF, name, 0, 0, 4096, 0);
  }

  @Test
  void readingAllocatesNothing() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long self = Thread.currentThread().threadId();
    long[] sum = new long[1];
    try (RingBuffer ring =
        new RingBuffer(
            object.map("ring"), (data, offset, length) -> sum[0] += data.get(LONG, offset))) {
      long least = Long.MAX_VALUE;
      for (int round = 0; round < 400; round++) {
        for (int i = 0; i < 100; i++) {
          emit(i);
        }
        long before = threads.getThreadAllocatedBytes(self);
        int got = ring.consume();
        least = Math.min(least, threads.getThreadAllocatedBytes(self) - before);
        assertThat(got).isEqualTo(100);
      }
      assertThat(least).as("bytes for 100 records, once warm").isLessThan(100);
    }
    assertThat(sum[0]).isEqualTo(400 * 4950);
  }

  @Test
  void aMapOfAnotherKindIsRefused() {
    assertThatThrownBy(() -> new RingBuffer(object.map("values"), data -> {}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("is no ring buffer");
  }

  @Test
  void closedMeansClosed() {
    RingBuffer ring = new RingBuffer(object.map("ring"), data -> {});
    ring.close();
    ring.close();
    assertThatThrownBy(ring::consume).isInstanceOf(IllegalStateException.class);
  }
}

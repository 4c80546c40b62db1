package dev.baton.bpf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BpfMapTest {
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  private static final int NO_PREALLOC = BpfMap.NO_PREALLOC;

  @BeforeEach
  void needs() {
    Needs.bpf();
  }

  private static BpfMap hash(int maxEntries) {
    return BpfMap.create(MapType.HASH, "numbers", 4, 8, maxEntries, NO_PREALLOC);
  }

  private static void fill(BpfMap map, int count) {
    TypedMap<Integer, Long> typed = new TypedMap<>(map, Codec.INT, Codec.LONG);
    for (int i = 0; i < count; i++) {
      typed.put(i, i * 10L);
    }
  }

  @Test
  void tellsWhatItIs() {
    try (BpfMap map = hash(7)) {
      assertThat(map.type()).isEqualTo(MapType.HASH);
      assertThat(map.name()).isEqualTo("numbers");
      assertThat(map.keySize()).isEqualTo(4);
      assertThat(map.valueSize()).isEqualTo(8);
      assertThat(map.valueBytes()).isEqualTo(8);
      assertThat(map.maxEntries()).isEqualTo(7);
      assertThat(map.flags()).isEqualTo(NO_PREALLOC);
      try (BpfMap again = BpfMap.openById(map.id())) {
        assertThat(again.id()).isEqualTo(map.id());
        assertThat(again.fd()).isNotEqualTo(map.fd());
      }
    }
  }

  @Test
  void ordinaryOutcomesAreReturnValues() {
    try (BpfMap map = BpfMap.create(MapType.HASH, "numbers", 4, 8, 2, 0);
        Arena arena = Arena.ofConfined()) {
      MemorySegment key = arena.allocateFrom(INT, 1);
      MemorySegment value = arena.allocateFrom(LONG, 11);
      MemorySegment out = arena.allocate(LONG);
      assertThat(map.lookup(key, out)).isFalse();
      assertThat(map.delete(key)).isFalse();
      assertThat(map.lookupAndDelete(key, out)).isFalse();
      assertThat(map.update(key, value, BpfMap.EXIST)).isEqualTo(-Libc.ENOENT);
      assertThat(map.update(key, value, BpfMap.NOEXIST)).isZero();
      assertThat(map.update(key, value, BpfMap.NOEXIST)).isEqualTo(-Libc.EEXIST);
      assertThat(map.lookup(key, out)).isTrue();
      assertThat(out.get(LONG, 0)).isEqualTo(11);
      key.set(INT, 0, 2);
      assertThat(map.update(key, value, 0)).isZero();
      key.set(INT, 0, 3);
      assertThat(map.update(key, value, 0)).isEqualTo(-Libc.E2BIG);
      key.set(INT, 0, 1);
      assertThat(map.lookupAndDelete(key, out)).isTrue();
      assertThat(map.lookup(key, out)).isFalse();
      assertThatThrownBy(() -> map.update(key, value, 77))
          .isInstanceOf(BpfException.class)
          .hasMessage("bpf_map_update_elem(numbers): EINVAL (Invalid argument)");
    }
  }

  @Test
  void shortSegmentsAreRefusedBeforeTheKernelWritesPastThem() {
    try (BpfMap map = hash(2);
        Arena arena = Arena.ofConfined()) {
      MemorySegment four = arena.allocate(4);
      MemorySegment three = arena.allocate(3);
      assertThatThrownBy(() -> map.lookup(four, four))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("8 bytes, not 4");
      assertThatThrownBy(() -> map.delete(three)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void everyKindIsVisitedCompletely() {
    int count = 3000;
    for (int type : new int[] {MapType.HASH, MapType.LRU_HASH, MapType.ARRAY}) {
      try (BpfMap map = BpfMap.create(type, "numbers", 4, 8, 4 * count, 0)) {
        fill(map, count);
        List<Integer> seen = new ArrayList<>();
        new TypedMap<>(map, Codec.INT, Codec.LONG)
            .forEach((key, value) -> {
              if (key < count) {
                assertThat(value).isEqualTo(key * 10L);
                seen.add(key);
              }
            });
        assertThat(seen)
            .as("type %d", type)
            .containsExactlyInAnyOrderElementsOf(IntStream.range(0, count).boxed().toList());
      }
    }
  }

  @Test
  void aBucketLargerThanTheBatchMakesTheBatchGrow() {
    // Values of 32 kB give batches of 8 entries; 128 entries in a map of 2 crowd its buckets.
    int valueSize = 32 * 1024;
    try (BpfMap map = BpfMap.create(MapType.HASH, "crowded", 4, valueSize, 128, NO_PREALLOC);
        Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(valueSize);
      MemorySegment key = arena.allocate(4);
      for (int i = 0; i < 128; i++) {
        key.set(INT, 0, i);
        assertThat(map.update(key, value, 0)).isZero();
      }
      assertThat(map.forEach((k, v) -> assertThat(v.byteSize()).isEqualTo(valueSize)))
          .isEqualTo(128);
      assertThat(MapBatch.forEach(map, (k, v) -> {}, 1))
          .as("from batches of one entry on")
          .isEqualTo(128);
    }
  }

  @Test
  void triesAreVisitedByTheirKeys() {
    try (BpfMap map = BpfMap.create(MapType.LPM_TRIE, "trie", 8, 8, 10, NO_PREALLOC);
        Arena arena = Arena.ofConfined()) {
      MemorySegment key = arena.allocate(8);
      MemorySegment value = arena.allocate(8);
      for (int bits = 1; bits <= 5; bits++) {
        key.set(INT, 0, bits);
        key.set(INT, 4, 0x55);
        assertThat(map.update(key, value, 0)).isZero();
      }
      assertThat(map.forEach((k, v) -> assertThat(map.delete(k)).isTrue())).isEqualTo(5);
      assertThat(map.forEach((k, v) -> {})).isZero();
    }
  }

  @Test
  void visitsEndWhileOthersDeleteAndInsert() throws Exception {
    int stable = 500;
    AtomicBoolean done = new AtomicBoolean();
    try (BpfMap map = hash(4 * stable);
        ExecutorService other = Executors.newSingleThreadExecutor()) {
      fill(map, stable);
      Future<?> churn = other.submit(() -> churn(map, stable, done));
      try {
        for (int round = 0; round < 50; round++) {
          long[] kept = new long[1];
          map.forEach((key, value) -> kept[0] += key.get(INT, 0) < stable ? 1 : 0);
          assertThat(kept[0]).as("those that never went").isEqualTo(stable);
        }
      } finally {
        done.set(true);
        churn.get();
      }
    }
  }

  private static void churn(BpfMap map, int from, AtomicBoolean done) {
    TypedMap<Integer, Long> typed = new TypedMap<>(map, Codec.INT, Codec.LONG);
    for (int i = 0; !done.get(); i = (i + 1) % 1000) {
      typed.put(from + i, 0L);
      typed.remove(from + (i + 500) % 1000);
    }
  }

  @Test
  void batchesWriteRemoveAndTake() {
    try (BpfMap map = hash(100);
        Arena arena = Arena.ofConfined()) {
      MemorySegment keys = arena.allocateFrom(INT, IntStream.range(0, 60).toArray());
      MemorySegment values =
          arena.allocateFrom(LONG, IntStream.range(0, 60).asLongStream().toArray());
      assertThat(map.updateBatch(keys, values, 60, 0)).isEqualTo(60);
      assertThat(map.updateBatch(keys, values, 60, BpfMap.NOEXIST)).isZero();
      assertThat(map.updateBatch(keys, values, 0, 0)).isZero();
      map.delete(keys);
      map.delete(keys.asSlice(10 * 4));
      map.delete(keys.asSlice(59 * 4));
      assertThat(map.deleteBatch(keys, 60)).as("three were gone already").isEqualTo(57);
      assertThat(map.forEach((k, v) -> {})).isZero();
      assertThat(map.updateBatch(keys, values, 60, 0)).isEqualTo(60);
      long[] sum = new long[1];
      assertThat(map.lookupAndDeleteBatch((k, v) -> sum[0] += v.get(LONG, 0))).isEqualTo(60);
      assertThat(sum[0]).isEqualTo(59 * 60 / 2);
      assertThat(map.forEach((k, v) -> {})).isZero();
      assertThatThrownBy(() -> map.deleteBatch(keys, 61))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void aFullMapEndsABatchEarly() {
    try (BpfMap map = hash(10);
        Arena arena = Arena.ofConfined()) {
      MemorySegment keys = arena.allocateFrom(INT, IntStream.range(0, 20).toArray());
      assertThat(map.updateBatch(keys, arena.allocate(160, 8), 20, 0)).isEqualTo(10);
    }
  }

  @Test
  void nextKeyWalksToTheEnd() {
    try (BpfMap map = hash(10);
        Arena arena = Arena.ofConfined()) {
      MemorySegment key = arena.allocate(INT);
      assertThat(map.nextKey(null, key)).isFalse();
      fill(map, 3);
      assertThat(map.nextKey(null, key)).isTrue();
      assertThat(map.nextKey(key, key)).isTrue();
      assertThat(map.nextKey(key, key)).isTrue();
      assertThat(map.nextKey(key, key)).isFalse();
    }
  }

  @Test
  void perCpuNumbersAreSummed() {
    try (BpfMap map = BpfMap.create(MapType.PERCPU_ARRAY, "counters", 4, 8, 2, 0)) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment values = arena.allocate(map.valueBytes(), 8);
        for (int cpu = 0; cpu < Libbpf.possibleCpus(); cpu++) {
          values.setAtIndex(LONG, cpu, cpu + 1);
        }
        assertThat(map.update(arena.allocateFrom(INT, 1), values, 0)).isZero();
      }
      long cpus = Libbpf.possibleCpus();
      assertThat(map.sumPerCpuLong(0)).isZero();
      assertThat(map.sumPerCpuLong(1)).isEqualTo(cpus * (cpus + 1) / 2);
      assertThat(map.perCpuLongs(1)).hasSize((int) cpus);
      assertThat(map.forEach((k, v) -> assertThat(v.byteSize()).isEqualTo(8 * cpus))).isEqualTo(2);
      assertThatThrownBy(() -> map.sumPerCpuLong(2)).isInstanceOf(BpfException.class);
    }
    try (BpfMap map = hash(1)) {
      assertThatThrownBy(() -> map.sumPerCpuLong(0)).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void pinsOutliveTheDescriptor(@TempDir Path temp) {
    Needs.root();
    Path dir = temp.resolve("fs");
    BpfFs.ensure(dir);
    try {
      Path pin = dir.resolve("numbers");
      assertThat(BpfMap.tryOpenPinned(pin)).isEmpty();
      assertThat(BpfMap.isPinned(pin)).isFalse();
      int id;
      try (BpfMap map = hash(3)) {
        map.pin(pin);
        id = map.id();
        assertThatThrownBy(() -> map.pin(pin))
            .isInstanceOf(BpfException.class)
            .hasMessageContaining("EEXIST");
      }
      assertThat(BpfMap.isPinned(pin)).isTrue();
      try (BpfMap map = BpfMap.openPinned(pin)) {
        assertThat(map.id()).isEqualTo(id);
      }
      BpfMap.unpin(pin);
      BpfMap.unpin(pin);
      assertThatThrownBy(() -> BpfMap.openPinned(pin))
          .isInstanceOf(BpfException.class)
          .hasMessageContaining("ENOENT");
    } finally {
      BpfFs.unmount(dir);
    }
  }

  @Test
  void mapsOfMapsHoldWhatFitsThePattern() {
    try (BpfMap inner = hash(3);
        BpfMap other = BpfMap.create(MapType.HASH, "other", 8, 8, 3, NO_PREALLOC);
        BpfMap outer = BpfMap.createOuter(MapType.ARRAY_OF_MAPS, "outer", inner, 2, 0);
        Arena arena = Arena.ofConfined()) {
      outer.update(1, inner);
      MemorySegment value = arena.allocate(INT);
      assertThat(outer.lookup(arena.allocateFrom(INT, 0), value)).isFalse();
      assertThat(outer.lookup(arena.allocateFrom(INT, 1), value)).isTrue();
      assertThat(value.get(INT, 0)).isEqualTo(inner.id());
      assertThatThrownBy(() -> outer.update(0, other)).isInstanceOf(BpfException.class);
      assertThatThrownBy(() -> outer.update(2, inner))
          .isInstanceOf(BpfException.class)
          .hasMessageContaining("outer[2]");
    }
  }

  @Test
  void severalThreadsCanUseOneMap() throws ExecutionException, InterruptedException {
    try (BpfMap map = hash(4000);
        ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<?>> all = new ArrayList<>();
      for (int t = 0; t < 4; t++) {
        int base = t * 1000;
        all.add(
            threads.submit(() -> {
              try (Arena arena = Arena.ofConfined()) {
                MemorySegment key = arena.allocate(INT);
                MemorySegment value = arena.allocate(LONG);
                for (int i = base; i < base + 1000; i++) {
                  key.set(INT, 0, i);
                  value.set(LONG, 0, i);
                  assertThat(map.update(key, value, 0)).isZero();
                  assertThat(map.lookup(key, value)).isTrue();
                  assertThat(value.get(LONG, 0)).isEqualTo(i);
                }
              }
            }));
      }
      for (Future<?> one : all) {
        one.get();
      }
      assertThat(map.forEach((k, v) -> {})).isEqualTo(4000);
    }
  }

  @Test
  void pointCallsAllocateNothing() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long self = Thread.currentThread().threadId();
    try (BpfMap map = hash(10);
        Arena arena = Arena.ofConfined()) {
      MemorySegment key = arena.allocate(INT);
      MemorySegment value = arena.allocate(LONG);
      long least = Long.MAX_VALUE;
      for (int round = 0; round < 300; round++) {
        long before = threads.getThreadAllocatedBytes(self);
        for (int i = 0; i < 100; i++) {
          map.update(key, value, 0);
          map.lookup(key, value);
          map.nextKey(null, key);
          map.delete(key);
        }
        least = Math.min(least, threads.getThreadAllocatedBytes(self) - before);
      }
      assertThat(least).as("bytes for 400 calls, once warm").isLessThan(100);
    }
  }

  @Test
  void closeIsIdempotent() {
    BpfMap map = hash(1);
    map.close();
    map.close();
    assertThatThrownBy(map::fd)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("map numbers is closed");
  }

  @Test
  void typedMapsCheckTheirCodecs() {
    try (BpfMap map = hash(2)) {
      assertThatThrownBy(() -> new TypedMap<>(map, Codec.LONG, Codec.LONG))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("keys of 4 bytes");
      TypedMap<Integer, Long> typed = new TypedMap<>(map, Codec.INT, Codec.LONG);
      assertThat(typed.get(1)).isEmpty();
      assertThat(typed.putIfAbsent(1, 5L)).isTrue();
      assertThat(typed.putIfAbsent(1, 6L)).isFalse();
      assertThat(typed.get(1)).contains(5L);
      typed.put(1, 7L);
      typed.put(2, 8L);
      assertThatThrownBy(() -> typed.put(3, 9L))
          .isInstanceOf(BpfException.class)
          .hasMessageContaining("E2BIG");
      assertThat(typed.remove(1)).isTrue();
      assertThat(typed.remove(1)).isFalse();
    }
  }
}

package dev.baton.bpf;

import dev.baton.bindings.libbpf.LibBpf;
import dev.baton.bindings.libbpf.bpf_map_batch_opts;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * Many entries at once: the batch commands of bpf(2) (kernel/bpf/hashtab.c, generic_map_*_batch in
 * kernel/bpf/syscall.c), and what stands in for them where there are none.
 */
final class MapBatch {
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final int FIRST_CAPACITY = 256;
  private static final int FIRST_BYTES = 256 * 1024;

  private MapBatch() {}

  static long forEach(BpfMap map, BpfMap.Visitor visitor) {
    return forEach(map, visitor, capacity(map));
  }

  /** The same, with batches of so many entries to begin with. */
  static long forEach(BpfMap map, BpfMap.Visitor visitor, int capacity) {
    if (map.type() != MapType.LPM_TRIE) {
      long visited = inBatches(map, visitor, false, capacity);
      if (visited >= 0) {
        return visited;
      }
    }
    // A trie's batches go from key to key, and start again when the last key has been deleted.
    return byKeys(map, visitor, false);
  }

  static long takeAll(BpfMap map, BpfMap.Visitor visitor) {
    long taken = inBatches(map, visitor, true, capacity(map));
    return taken >= 0 ? taken : byKeys(map, visitor, true);
  }

  private static int capacity(BpfMap map) {
    int entry = Math.max(1, map.keySize() + map.valueBytes());
    return Math.max(1, Math.min(FIRST_CAPACITY, FIRST_BYTES / entry));
  }

  /** Returns -1, before anything has been visited, when there is no such command for this map. */
  private static long inBatches(
      BpfMap map, BpfMap.Visitor visitor, boolean delete, int firstCapacity) {
    int capacity = firstCapacity;
    // Where a batch ended: a bucket number for hashes, a key for the others.
    int cursorBytes = Math.max(Integer.BYTES, map.keySize());
    long visited = 0;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment from = arena.allocate(cursorBytes, 8);
      MemorySegment to = arena.allocate(cursorBytes, 8);
      MemorySegment count = arena.allocate(INT);
      boolean first = true;
      while (true) {
        try (Arena buffers = Arena.ofConfined()) {
          MemorySegment keys = buffers.allocate((long) capacity * map.keySize(), 8);
          MemorySegment values = buffers.allocate((long) capacity * map.valueBytes(), 8);
          int result;
          do {
            count.set(INT, 0, capacity);
            MemorySegment start = first ? MemorySegment.NULL : from;
            result = batch(map, delete, start, to, keys, values, count);
            if (result == 0 || result == -Libc.ENOENT) {
              first = false;
              visited += visit(map, visitor, keys, values, count.get(INT, 0));
              from.copyFrom(to);
            }
          } while (result == 0);
          if (result == -Libc.ENOENT) {
            return visited;
          }
          if (result != -Libc.ENOSPC) {
            if (first && unsupported(result)) {
              return -1;
            }
            Libbpf.check(result, "bpf_map_lookup_batch", map.name());
          }
        }
        // One bucket holds more than a whole batch: nothing has been copied, ask again with more.
        capacity = Math.multiplyExact(capacity, 2);
      }
    }
  }

  private static int batch(
      BpfMap map,
      boolean delete,
      MemorySegment from,
      MemorySegment to,
      MemorySegment keys,
      MemorySegment values,
      MemorySegment count) {
    MemorySegment none = MemorySegment.NULL;
    return delete
        ? LibBpf.bpf_map_lookup_and_delete_batch(map.fd(), from, to, keys, values, count, none)
        : LibBpf.bpf_map_lookup_batch(map.fd(), from, to, keys, values, count, none);
  }

  private static int visit(
      BpfMap map, BpfMap.Visitor visitor, MemorySegment keys, MemorySegment values, int count) {
    int keySize = map.keySize();
    int valueBytes = map.valueBytes();
    for (int i = 0; i < count; i++) {
      visitor.entry(
          keys.asSlice((long) i * keySize, keySize),
          values.asSlice((long) i * valueBytes, valueBytes));
    }
    return count;
  }

  /** EINVAL: a kernel before 5.6 does not know the command. */
  private static boolean unsupported(int result) {
    return result == -Errno.ENOTSUPP || result == -Libc.EOPNOTSUPP || result == -Libc.EINVAL;
  }

  /** Keys first, each once, then their values: so neither restarts nor deletions can harm. */
  private static long byKeys(BpfMap map, BpfMap.Visitor visitor, boolean delete) {
    long visited = 0;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment key = arena.allocate(map.keySize(), 8);
      MemorySegment value = arena.allocate(map.valueBytes(), 8);
      for (ByteBuffer one : keys(map, key)) {
        key.copyFrom(MemorySegment.ofBuffer(one));
        boolean there = map.lookup(key, value);
        if (there && (!delete || map.delete(key))) {
          visitor.entry(key.asSlice(0), value.asSlice(0));
          visited++;
        }
      }
    }
    return visited;
  }

  private static Set<ByteBuffer> keys(BpfMap map, MemorySegment scratch) {
    Set<ByteBuffer> keys = new LinkedHashSet<>();
    // Restarts repeat keys; so many steps mean that others delete faster than we walk.
    long steps = 4L * Integer.toUnsignedLong(map.maxEntries()) + 16;
    boolean more = map.nextKey(null, scratch);
    while (more && steps-- > 0) {
      keys.add(ByteBuffer.wrap(scratch.toArray(ValueLayout.JAVA_BYTE)));
      more = map.nextKey(scratch, scratch);
    }
    return keys;
  }

  static int update(BpfMap map, MemorySegment keys, MemorySegment values, int count, long flags) {
    checkRoom(keys, map.keySize(), count);
    checkRoom(values, map.valueBytes(), count);
    if ((flags & ~LibBpf.BPF_F_LOCK()) != 0) {
      // The batch command knows no other flag.
      return updateEach(map, keys, values, count, flags);
    }
    if (count == 0) {
      return 0;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment opts = bpf_map_batch_opts.allocate(arena);
      bpf_map_batch_opts.sz(opts, opts.byteSize());
      bpf_map_batch_opts.elem_flags(opts, flags);
      MemorySegment done = arena.allocateFrom(INT, count);
      int result = LibBpf.bpf_map_update_batch(map.fd(), keys, values, done, opts);
      if (!BpfMap.ordinary(result)) {
        Libbpf.check(result, "bpf_map_update_batch", map.name());
      }
      return done.get(INT, 0);
    }
  }

  private static int updateEach(
      BpfMap map, MemorySegment keys, MemorySegment values, int count, long flags) {
    int keySize = map.keySize();
    int valueBytes = map.valueBytes();
    for (int i = 0; i < count; i++) {
      MemorySegment key = keys.asSlice((long) i * keySize, keySize);
      if (map.update(key, values.asSlice((long) i * valueBytes, valueBytes), flags) != 0) {
        return i;
      }
    }
    return count;
  }

  static int delete(BpfMap map, MemorySegment keys, int count) {
    int keySize = map.keySize();
    checkRoom(keys, keySize, count);
    int deleted = 0;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment done = arena.allocate(INT);
      int next = 0;
      while (next < count) {
        done.set(INT, 0, count - next);
        MemorySegment rest = keys.asSlice((long) next * keySize);
        int result = LibBpf.bpf_map_delete_batch(map.fd(), rest, done, MemorySegment.NULL);
        if (result < 0 && result != -Libc.ENOENT) {
          Libbpf.check(result, "bpf_map_delete_batch", map.name());
        }
        deleted += done.get(INT, 0);
        // The kernel stops at the first key that is not there: go on behind it.
        next += done.get(INT, 0) + (result == -Libc.ENOENT ? 1 : 0);
      }
    }
    return deleted;
  }

  private static void checkRoom(MemorySegment segment, int each, int count) {
    if (count < 0 || segment.byteSize() < (long) each * count) {
      throw new IllegalArgumentException(
          count + " times " + each + " bytes do not fit into " + segment.byteSize());
    }
  }
}

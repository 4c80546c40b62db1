package dev.baton.bpf;

import dev.baton.bindings.libbpf.LibBpf;
import dev.baton.bindings.libbpf.bpf_map_create_opts;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An eBPF map, by file descriptor.
 *
 * <p>Keys and values are native memory in the layout and byte order of the C structs; segments must
 * be native (not on the heap) and at least {@link #keySize()} and {@link #valueBytes()} long. The
 * methods that take segments allocate nothing and may be called from several threads at once; there
 * is no state but the descriptor. Closing while another thread still calls is the caller's mistake.
 *
 * <p>A map of a {@link BpfObject} belongs to that object: it lives until the object is closed, and
 * its own {@link #close()} does nothing. Any other owns its descriptor. A map itself lives on in
 * the kernel while a descriptor, a program or a pin holds it.
 *
 * <p>Errors: {@code false} and the documented negative values for what is ordinary in a life with
 * maps, {@link BpfException} for everything else. See bpf(2) and kernel/bpf/syscall.c.
 */
public final class BpfMap implements AutoCloseable {
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

  /** Update: write the entry, new or old. */
  public static final long ANY = 0;

  /** Update: only a new entry. */
  public static final long NOEXIST = 1;

  /** Update: only an entry that is there. */
  public static final long EXIST = 2;

  /** Creation: entries are allocated when they come (BPF_F_NO_PREALLOC). */
  public static final int NO_PREALLOC = 1;

  /** Told each entry of a map. */
  @FunctionalInterface
  public interface Visitor {
    /**
     * One entry, copied out of the map.
     *
     * @param key of {@link #keySize()} bytes, valid only during the call
     * @param value of {@link #valueBytes()} bytes, valid only during the call
     */
    void entry(MemorySegment key, MemorySegment value);
  }

  private final MapInfo info;
  private final boolean owned;
  private final int valueBytes;
  private int fd;

  private BpfMap(int fd, boolean owned, MapInfo info) {
    this.fd = fd;
    this.owned = owned;
    this.info = info;
    this.valueBytes = info.valueBytes();
  }

  /** A map whose descriptor belongs to somebody else. */
  static BpfMap borrowed(int fd) {
    return new BpfMap(fd, false, MapInfo.read(fd));
  }

  private static BpfMap owning(int fd) {
    try {
      return new BpfMap(fd, true, MapInfo.read(fd));
    } catch (RuntimeException e) {
      Libc.close(fd);
      throw e;
    }
  }

  /**
   * Makes a map.
   *
   * @param type one of {@link MapType}; for maps of maps see {@link #createOuter}
   * @param name at most 15 characters of {@code [A-Za-z0-9_.]}; longer ones are cut
   * @param keySize bytes; 0 for a ring buffer
   * @param valueSize bytes, of one CPU's value in per-CPU maps; 0 for a ring buffer
   * @param maxEntries at least 1; for a ring buffer its bytes, a power of two and whole pages
   * @param flags {@code BPF_F_…} of map creation, or 0
   * @return the map, which the caller closes
   * @throws BpfException EPERM without CAP_BPF, EINVAL for what the type does not allow, ENOMEM
   */
  public static BpfMap create(
      int type, String name, int keySize, int valueSize, int maxEntries, int flags) {
    return create(type, name, keySize, valueSize, maxEntries, flags, 0);
  }

  /**
   * Makes a map of maps, keyed by a 32-bit number in host order.
   *
   * @param type array of maps or hash of maps
   * @param name as in {@link #create(int, String, int, int, int, int)}
   * @param inner the pattern of what it may hold: type, sizes and flags (for most types not the
   *     number of entries)
   * @param maxEntries at least 1
   * @param flags {@code BPF_F_…} of map creation, or 0
   * @return the map, which the caller closes
   */
  public static BpfMap createOuter(int type, String name, BpfMap inner, int maxEntries, int flags) {
    return create(type, name, Integer.BYTES, Integer.BYTES, maxEntries, flags, inner.fd());
  }

  private static BpfMap create(
      int type, String name, int keySize, int valueSize, int maxEntries, int flags, int innerFd) {
    Libbpf.require();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment opts = bpf_map_create_opts.allocate(arena);
      bpf_map_create_opts.sz(opts, opts.byteSize());
      bpf_map_create_opts.map_flags(opts, flags);
      bpf_map_create_opts.inner_map_fd(opts, innerFd);
      MemorySegment kernelName =
          arena.allocateFrom(name.length() > 15 ? name.substring(0, 15) : name);
      int fd = LibBpf.bpf_map_create(type, kernelName, keySize, valueSize, maxEntries, opts);
      return owning(Libbpf.check(fd, "bpf_map_create", name));
    }
  }

  /**
   * Opens a pinned map.
   *
   * @param path on a bpf file system
   * @return the map, which the caller closes
   * @throws BpfException ENOENT when nothing is there, EINVAL when it is no map, EACCES
   */
  public static BpfMap openPinned(Path path) {
    int fd = Pins.open(path, Pins.Kind.MAP);
    return owning(Libbpf.check(fd, "bpf_obj_get", path.toString()));
  }

  /**
   * Opens a pinned map, if it is there.
   *
   * @param path on a bpf file system
   * @return the map, which the caller closes, or empty when nothing is at {@code path}
   * @throws BpfException EINVAL when it is no map, EACCES
   */
  public static Optional<BpfMap> tryOpenPinned(Path path) {
    int fd = Pins.open(path, Pins.Kind.MAP);
    if (fd == -Libc.ENOENT) {
      return Optional.empty();
    }
    return Optional.of(owning(Libbpf.check(fd, "bpf_obj_get", path.toString())));
  }

  /**
   * Opens a map by the number the kernel gave it. Needs CAP_SYS_ADMIN.
   *
   * @param id as {@link #id()} tells it, or a look-up in a map of maps
   * @return the map, which the caller closes
   * @throws BpfException ENOENT when there is none (any more), EPERM
   */
  public static BpfMap openById(int id) {
    Libbpf.require();
    int fd = LibBpf.bpf_map_get_fd_by_id(id);
    return owning(Libbpf.check(fd, "bpf_map_get_fd_by_id", "map id " + id));
  }

  /**
   * The file descriptor, which stays this map's.
   *
   * @return at least 0
   * @throws IllegalStateException after the close
   */
  public int fd() {
    int now = fd;
    if (now < 0) {
      throw new IllegalStateException("map " + info.name() + " is closed");
    }
    return now;
  }

  /**
   * The kernel's number of the map.
   *
   * @return positive; never given twice while the machine runs, in practice
   */
  public int id() {
    return info.id();
  }

  /**
   * The kernel's name of the map.
   *
   * @return at most 15 characters
   */
  public String name() {
    return info.name();
  }

  /**
   * The kind of map.
   *
   * @return {@code enum bpf_map_type}; see {@link MapType}
   */
  public int type() {
    return info.type();
  }

  /**
   * The size of a key.
   *
   * @return bytes; 0 for a ring buffer
   */
  public int keySize() {
    return info.keySize();
  }

  /**
   * The size of a value as eBPF sees it: one CPU's in per-CPU maps.
   *
   * @return bytes; 0 for a ring buffer
   */
  public int valueSize() {
    return info.valueSize();
  }

  /**
   * The size of a value as user space sees it: in per-CPU maps, {@link #valueSize()} rounded up to
   * a multiple of 8, times the number of possible CPUs; in others {@link #valueSize()}.
   *
   * @return bytes
   */
  public int valueBytes() {
    return valueBytes;
  }

  /**
   * How many entries the map can hold.
   *
   * @return entries; for a ring buffer its bytes
   */
  public int maxEntries() {
    return info.maxEntries();
  }

  /**
   * The flags it was made with.
   *
   * @return {@code BPF_F_…} of map creation
   */
  public int flags() {
    return info.flags();
  }

  /** The kernel's number of the types that the map was made with; 0: it knows none. */
  int btfId() {
    return info.btfId();
  }

  /**
   * Copies the value of a key.
   *
   * @param key read
   * @param value written if the key is there
   * @return false when it is not (ENOENT)
   */
  public boolean lookup(MemorySegment key, MemorySegment value) {
    checkKey(key);
    checkValue(value);
    return found(LibBpf.bpf_map_lookup_elem(fd(), key, value), "bpf_map_lookup_elem");
  }

  /**
   * Copies the value of a key and removes the entry, in one step. For hash maps, since Linux 5.14.
   *
   * @param key read
   * @param value written if the key is there
   * @return false when it is not (ENOENT)
   */
  public boolean lookupAndDelete(MemorySegment key, MemorySegment value) {
    checkKey(key);
    checkValue(value);
    return found(
        LibBpf.bpf_map_lookup_and_delete_elem(fd(), key, value), "bpf_map_lookup_and_delete_elem");
  }

  /**
   * Writes an entry. In a map of maps the value is the inner map's file descriptor; see {@link
   * #update(int, BpfMap)}.
   *
   * @param key read
   * @param value read
   * @param flags {@code BPF_ANY} 0, {@code BPF_NOEXIST} 1 (only new ones), {@code BPF_EXIST} 2
   *     (only old ones)
   * @return 0, or -EEXIST (NOEXIST, and it is there), -ENOENT (EXIST, and it is not), -E2BIG
   *     (full), -ENOMEM, -ENOSPC, -EBUSY (the bucket is being written by an interrupted program)
   * @throws BpfException for every other errno
   */
  public int update(MemorySegment key, MemorySegment value, long flags) {
    checkKey(key);
    checkValue(value);
    int result = LibBpf.bpf_map_update_elem(fd(), key, value, flags);
    return ordinary(result) ? result : Libbpf.check(result, "bpf_map_update_elem", name());
  }

  /** Whether the result of an update is one that {@link #update} returns. */
  static boolean ordinary(int result) {
    return switch (-result) {
      case 0, Libc.EEXIST, Libc.ENOENT, Libc.E2BIG, Libc.ENOMEM, Libc.ENOSPC, Libc.EBUSY -> true;
      default -> false;
    };
  }

  /**
   * Puts a map into this map of maps.
   *
   * @param key 32 bits, host order
   * @param inner of the same kind as the pattern; the map of maps holds it from now on
   * @throws BpfException EINVAL when it does not fit the pattern, E2BIG for a wrong index
   */
  public void update(int key, BpfMap inner) {
    try (Arena arena = Arena.ofConfined()) {
      int result = update(arena.allocateFrom(INT, key), arena.allocateFrom(INT, inner.fd()), ANY);
      Libbpf.check(result, "bpf_map_update_elem", name() + "[" + key + "]");
    }
  }

  /**
   * Removes an entry.
   *
   * @param key read
   * @return false when it was not there (ENOENT)
   * @throws BpfException EINVAL for arrays, whose entries cannot be removed
   */
  public boolean delete(MemorySegment key) {
    checkKey(key);
    return found(LibBpf.bpf_map_delete_elem(fd(), key), "bpf_map_delete_elem");
  }

  /**
   * The key after a key, in an order of the kernel's own.
   *
   * <p>When {@code key} is no longer there, a hash starts again with its first. So a walk during
   * which others delete can repeat itself without end; {@link #forEach} cannot.
   *
   * @param key read; null asks for the first
   * @param next written when there is one; may be the same segment as {@code key}
   * @return false after the last
   */
  public boolean nextKey(@Nullable MemorySegment key, MemorySegment next) {
    if (key != null) {
      checkKey(key);
    }
    checkKey(next);
    MemorySegment from = key == null ? MemorySegment.NULL : key;
    return found(LibBpf.bpf_map_get_next_key(fd(), from, next), "bpf_map_get_next_key");
  }

  /**
   * Visits the entries, by batched look-ups where the map and the kernel have them (hash and array
   * kinds, since Linux 5.6) and by a walk over the keys where not. An entry that is there from
   * beginning to end is visited once; one that comes or goes meanwhile, once or not at all. The
   * visitor may change the map.
   *
   * @param visitor told each entry
   * @return how many entries were visited
   */
  public long forEach(Visitor visitor) {
    return MapBatch.forEach(this, visitor);
  }

  /**
   * Takes all entries out of a hash map, each looked up and removed in one step.
   *
   * @param visitor told each entry, when it is out already; entries that it does not get because it
   *     threw are lost
   * @return how many entries were taken
   */
  public long lookupAndDeleteBatch(Visitor visitor) {
    return MapBatch.takeAll(this, visitor);
  }

  /**
   * Writes many entries with one system call (Linux 5.6).
   *
   * @param keys {@code count} keys, one after the other without gaps
   * @param values as many values
   * @param count how many
   * @param flags as in {@link #update}
   * @return how many were written, from the first on; less than {@code count} when the next one met
   *     an errno that {@link #update} would have returned
   * @throws BpfException for every other errno
   */
  public int updateBatch(MemorySegment keys, MemorySegment values, int count, long flags) {
    return MapBatch.update(this, keys, values, count, flags);
  }

  /**
   * Removes many entries with as few system calls as can be. Keys that are not there are passed
   * over.
   *
   * @param keys {@code count} keys, one after the other without gaps
   * @param count how many
   * @return how many were there and are removed
   */
  public int deleteBatch(MemorySegment keys, int count) {
    return MapBatch.delete(this, keys, count);
  }

  /**
   * The sum over all CPUs of an element of a per-CPU array of 64-bit numbers.
   *
   * @param index of the element, from 0
   * @return the sum, wrapping as the counters do
   * @throws BpfException ENOENT when the index is too large
   * @throws IllegalStateException when the map is of another kind
   */
  public long sumPerCpuLong(int index) {
    long sum = 0;
    for (long one : perCpuLongs(index)) {
      sum += one;
    }
    return sum;
  }

  /**
   * An element of a per-CPU array of 64-bit numbers.
   *
   * @param index of the element, from 0
   * @return the number of each possible CPU
   * @throws BpfException ENOENT when the index is too large
   * @throws IllegalStateException when the map is of another kind
   */
  public long[] perCpuLongs(int index) {
    if (type() != MapType.PERCPU_ARRAY || valueSize() != Long.BYTES) {
      throw new IllegalStateException("map " + name() + " is no per-CPU array of 64-bit numbers");
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment values = arena.allocate(valueBytes, Long.BYTES);
      if (!lookup(arena.allocateFrom(INT, index), values)) {
        throw new BpfException("bpf_map_lookup_elem", name() + "[" + index + "]", Libc.ENOENT);
      }
      return values.toArray(LONG);
    }
  }

  /**
   * Pins the map, so that it outlives every process.
   *
   * @param path on a bpf file system; its last part may hold no dot (the kernel keeps those)
   * @throws BpfException EEXIST when something is there, ENOENT when the directory is not, EINVAL
   *     when it is no bpf file system
   */
  public void pin(Path path) {
    Pins.pin(fd(), path);
  }

  /**
   * Removes a pin, of a map or a program. What was pinned lives on while something else holds it.
   *
   * @param path nothing there is fine
   */
  public static void unpin(Path path) {
    boolean _ = Libc.unlink(path);
  }

  /**
   * Whether something is pinned at a path.
   *
   * @param path on a bpf file system
   * @return true when something is there
   */
  public static boolean isPinned(Path path) {
    return Files.exists(path);
  }

  /** Closes the descriptor if this map owns it. */
  @Override
  public void close() {
    if (owned && fd >= 0) {
      Libc.close(fd);
      fd = -1;
    }
  }

  /** Called by the owner of the descriptor, when it is about to go. */
  void disown() {
    fd = -1;
  }

  boolean found(int result, String call) {
    if (result == -Libc.ENOENT) {
      return false;
    }
    Libbpf.check(result, call, name());
    return true;
  }

  // The kernel copies by the map's sizes, whatever the segment's are.
  private void checkKey(MemorySegment key) {
    if (key.byteSize() < info.keySize()) {
      throw tooShort("key", key, info.keySize());
    }
  }

  private void checkValue(MemorySegment value) {
    if (value.byteSize() < valueBytes) {
      throw tooShort("value", value, valueBytes);
    }
  }

  private IllegalArgumentException tooShort(String what, MemorySegment segment, long wanted) {
    return new IllegalArgumentException(
        "map " + name() + ": a " + what + " has " + wanted + " bytes, not " + segment.byteSize());
  }

  @Override
  public String toString() {
    return "map " + name() + " (id " + id() + ")";
  }
}

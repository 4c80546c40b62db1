package dev.baton.bpf;

/** Kinds of map, {@code enum bpf_map_type} (include/uapi/linux/bpf.h); here to need no libbpf. */
public final class MapType {
  /** A hash table. */
  public static final int HASH = 1;

  /** An array, keyed by a 32-bit index in host order; all elements exist from the start. */
  public static final int ARRAY = 2;

  /** A hash table with a value for each CPU. */
  public static final int PERCPU_HASH = 5;

  /** An array with a value for each CPU. */
  public static final int PERCPU_ARRAY = 6;

  /** A hash table that evicts old entries when it is full. */
  public static final int LRU_HASH = 9;

  /** The same with a value for each CPU. */
  public static final int LRU_PERCPU_HASH = 10;

  /** Longest prefix match; made with {@link BpfMap#NO_PREALLOC}. */
  public static final int LPM_TRIE = 11;

  /** An array of maps. */
  public static final int ARRAY_OF_MAPS = 12;

  /** A hash table of maps. */
  public static final int HASH_OF_MAPS = 13;

  /** A ring buffer; see {@link RingBuffer}. */
  public static final int RINGBUF = 27;

  private MapType() {}
}

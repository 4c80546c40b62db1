package dev.baton.bpf;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * A map with Java keys and values, for code off the hot path: each call allocates. It does not own
 * the map. May be used by several threads if the codecs may.
 *
 * @param <K> the key
 * @param <V> the value; of per-CPU maps, all CPUs' values
 */
public final class TypedMap<K, V> {
  private final BpfMap map;
  private final Codec<K> keys;
  private final Codec<V> values;

  /**
   * A typed view of a map.
   *
   * @param map stays the caller's
   * @param keys its size is the map's key size
   * @param values its size is the map's {@link BpfMap#valueBytes()}
   * @throws IllegalArgumentException when a size differs
   */
  public TypedMap(BpfMap map, Codec<K> keys, Codec<V> values) {
    if (keys.byteSize() != map.keySize() || values.byteSize() != map.valueBytes()) {
      throw new IllegalArgumentException(
          "%s has keys of %d bytes and values of %d, the codecs %d and %d"
              .formatted(map, map.keySize(), map.valueBytes(), keys.byteSize(), values.byteSize()));
    }
    this.map = map;
    this.keys = keys;
    this.values = values;
  }

  /**
   * The map beneath.
   *
   * @return the map
   */
  public BpfMap map() {
    return map;
  }

  /**
   * Looks a key up.
   *
   * @param key of the entry
   * @return its value, empty when it is not there
   */
  public Optional<V> get(K key) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(map.valueBytes(), 8);
      return map.lookup(write(arena, keys, key), value)
          ? Optional.of(values.read(value))
          : Optional.empty();
    }
  }

  /**
   * Writes an entry, new or old.
   *
   * @param key of the entry
   * @param value its new value
   * @throws BpfException E2BIG when the map is full, ENOMEM, EBUSY
   */
  public void put(K key, V value) {
    int result = update(key, value, BpfMap.ANY);
    Libbpf.check(result, "bpf_map_update_elem", map.name());
  }

  /**
   * Writes an entry unless there is one.
   *
   * @param key of the entry
   * @param value its value
   * @return false when there is one (EEXIST); it is left as it is
   * @throws BpfException E2BIG when the map is full, ENOMEM, EBUSY
   */
  public boolean putIfAbsent(K key, V value) {
    int result = update(key, value, BpfMap.NOEXIST);
    if (result == -Libc.EEXIST) {
      return false;
    }
    Libbpf.check(result, "bpf_map_update_elem", map.name());
    return true;
  }

  /**
   * Removes an entry.
   *
   * @param key of the entry
   * @return false when it was not there
   */
  public boolean remove(K key) {
    try (Arena arena = Arena.ofConfined()) {
      return map.delete(write(arena, keys, key));
    }
  }

  /**
   * Visits the entries, as {@link BpfMap#forEach} does.
   *
   * @param visitor told each entry
   * @return how many entries were visited
   */
  public long forEach(BiConsumer<? super K, ? super V> visitor) {
    return map.forEach((key, value) -> visitor.accept(keys.read(key), values.read(value)));
  }

  private int update(K key, V value, long flags) {
    try (Arena arena = Arena.ofConfined()) {
      return map.update(write(arena, keys, key), write(arena, values, value), flags);
    }
  }

  private static <T> MemorySegment write(Arena arena, Codec<T> codec, T value) {
    MemorySegment segment = arena.allocate(codec.byteSize(), 8);
    codec.write(value, segment);
    return segment;
  }
}

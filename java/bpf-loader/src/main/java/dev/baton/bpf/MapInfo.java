package dev.baton.bpf;

import dev.baton.bindings.libbpf.LibBpf;
import dev.baton.bindings.libbpf.bpf_map_info;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** What the kernel tells of a map. */
record MapInfo(
    int id,
    int type,
    String name,
    int keySize,
    int valueSize,
    int maxEntries,
    int flags,
    int btfId) {
  private static final int PERCPU_CGROUP_STORAGE = 21;

  static MapInfo read(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = bpf_map_info.allocate(arena);
      MemorySegment size = arena.allocateFrom(ValueLayout.JAVA_INT, (int) info.byteSize());
      Libbpf.check(
          LibBpf.bpf_obj_get_info_by_fd(fd, info, size), "bpf_obj_get_info_by_fd", "map fd " + fd);
      return new MapInfo(
          bpf_map_info.id(info),
          bpf_map_info.type(info),
          bpf_map_info.name(info).getString(0),
          bpf_map_info.key_size(info),
          bpf_map_info.value_size(info),
          bpf_map_info.max_entries(info),
          bpf_map_info.map_flags(info),
          bpf_map_info.btf_id(info));
    }
  }

  int valueBytes() {
    return isPerCpu() ? Math.multiplyExact((valueSize + 7) & ~7, Libbpf.possibleCpus()) : valueSize;
  }

  private boolean isPerCpu() {
    return type == MapType.PERCPU_ARRAY
        || type == MapType.PERCPU_HASH
        || type == MapType.LRU_PERCPU_HASH
        || type == PERCPU_CGROUP_STORAGE;
  }
}

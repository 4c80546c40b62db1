package dev.baton.bpf;

import dev.baton.bindings.libbpf.LibBpf;
import dev.baton.bindings.libbpf.btf_member;
import dev.baton.bindings.libbpf.btf_type;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import java.util.function.Function;

/**
 * The type information of an object (Documentation/bpf/btf.rst), through libbpf, which has put the
 * sections' variables in their places; or of a map. Lives as long as that.
 */
final class Btf {
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;

  // include/uapi/linux/btf.h; not among the bindings.
  private static final int KIND_VAR = 14;
  private static final int KIND_DATASEC = 15;
  private static final int KIND_FLAG = 1 << 31;
  private static final int SECINFO_BYTES = 12; // struct btf_var_secinfo: type, offset, size

  private final MemorySegment btf;

  Btf(MemorySegment btf) {
    this.btf = btf;
  }

  /**
   * Looks at the types that a map was made with; they are there only during the call.
   *
   * @throws BpfException ENOENT when the kernel knows none, EPERM
   */
  static <T> T ofMap(BpfMap map, Function<Btf, T> look) {
    Libbpf.require();
    int id = map.btfId();
    if (id == 0) {
      throw new BpfException("bpf_btf_get_fd_by_id", map + ": made without types", Libc.ENOENT);
    }
    MemorySegment btf = LibBpf.btf__load_from_kernel_by_id(id);
    if (btf.equals(MemorySegment.NULL)) {
      throw new BpfException("btf__load_from_kernel_by_id", map.toString(), Libc.EPERM);
    }
    try {
      return look.apply(new Btf(btf));
    } finally {
      LibBpf.btf__free(btf);
    }
  }

  /** Where a global variable lies. */
  record Variable(String section, int offset, int size) {}

  /** A member of a struct or union; bits, from the start of the struct. */
  record Member(String name, int type, int bitOffset, int bitFieldSize) {}

  /** A global variable in one of the sections whose name begins so. */
  Optional<Variable> variable(String sectionPrefix, String name) {
    int count = LibBpf.btf__type_cnt(btf);
    for (int id = 1; id < count; id++) {
      MemorySegment section = type(id);
      if (kind(section) == KIND_DATASEC && nameOf(section).startsWith(sectionPrefix)) {
        Optional<Variable> found = variableIn(section, name);
        if (found.isPresent()) {
          return found;
        }
      }
    }
    return Optional.empty();
  }

  private Optional<Variable> variableIn(MemorySegment section, String name) {
    for (int i = 0; i < length(section); i++) {
      long at = btf_type.sizeof() + (long) i * SECINFO_BYTES;
      MemorySegment variable = type(section.get(INT, at));
      if (kind(variable) == KIND_VAR && nameOf(variable).equals(name)) {
        return Optional.of(
            new Variable(nameOf(section), section.get(INT, at + 4), section.get(INT, at + 8)));
      }
    }
    return Optional.empty();
  }

  /** The number of a struct, or else a union, of that name; 0 when there is none. */
  int struct(String name) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment cName = arena.allocateFrom(name);
      int id = LibBpf.btf__find_by_name_kind(btf, cName, LibBpf.BTF_KIND_STRUCT());
      if (id <= 0) {
        id = LibBpf.btf__find_by_name_kind(btf, cName, LibBpf.BTF_KIND_UNION());
      }
      return Math.max(0, id);
    }
  }

  /** Bytes. */
  int size(int type) {
    long size = LibBpf.btf__resolve_size(btf, type);
    return Libbpf.check((int) size, "btf__resolve_size", "type " + type);
  }

  boolean isComposite(int type) {
    int kind = kind(type(type));
    return kind == LibBpf.BTF_KIND_STRUCT() || kind == LibBpf.BTF_KIND_UNION();
  }

  int memberCount(int struct) {
    return length(type(struct));
  }

  Member member(int struct, int index) {
    MemorySegment type = type(struct);
    MemorySegment member =
        type.asSlice(btf_type.sizeof() + index * btf_member.sizeof(), btf_member.sizeof());
    int offset = btf_member.offset(member);
    boolean withBitFields = (btf_type.info(type) & KIND_FLAG) != 0;
    return new Member(
        string(btf_member.name_off(member)),
        btf_member.type(member),
        withBitFields ? offset & 0xffffff : offset,
        withBitFields ? offset >>> 24 : 0);
  }

  private MemorySegment type(int id) {
    MemorySegment type = LibBpf.btf__type_by_id(btf, id);
    if (type.equals(MemorySegment.NULL)) {
      throw new BpfException("btf__type_by_id", "type " + id, Libc.EINVAL);
    }
    long head = btf_type.sizeof();
    int entries = length(type.reinterpret(head));
    // Members and variables have 12 bytes each; other kinds have less behind them.
    return type.reinterpret(head + (long) entries * SECINFO_BYTES);
  }

  private static int kind(MemorySegment type) {
    return (btf_type.info(type) >>> 24) & 0x1f;
  }

  private static int length(MemorySegment type) {
    return btf_type.info(type) & 0xffff;
  }

  private String nameOf(MemorySegment type) {
    return string(btf_type.name_off(type));
  }

  private String string(int offset) {
    MemorySegment name = LibBpf.btf__name_by_offset(btf, offset);
    return name.equals(MemorySegment.NULL) ? "" : name.getString(0);
  }
}

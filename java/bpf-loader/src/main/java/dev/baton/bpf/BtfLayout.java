package dev.baton.bpf;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The layout of a C struct as clang compiled it, out of the BTF of an object or of a map: for tests
 * that compare it with a Java MemoryLayout, and for those who read a map that another build made.
 * Members of anonymous structs and unions count as members of the struct around them, as in C. BTF
 * holds the structs that the object's programs and maps use.
 *
 * @param name of the struct
 * @param size in bytes
 * @param members by name, in the order of declaration
 */
public record BtfLayout(String name, int size, Map<String, Member> members) {

  /**
   * Where a member lies.
   *
   * @param offset bytes from the start of the struct
   * @param size in bytes
   */
  public record Member(int offset, int size) {}

  /**
   * Reads a layout out of an object file. Needs no privilege.
   *
   * @param elf the whole file
   * @param struct the name of a struct or union
   * @return its layout
   * @throws BpfException ENOENT when the object does not have it, EINVAL when it is no object
   */
  public static BtfLayout read(byte[] elf, String struct) {
    try (BpfObject object = BpfObject.open(elf, struct)) {
      return of(object, struct);
    }
  }

  /**
   * Reads a layout out of an opened object, loaded or not.
   *
   * @param object with BTF
   * @param struct the name of a struct or union
   * @return its layout
   * @throws BpfException ENOENT when the object does not have it
   */
  public static BtfLayout of(BpfObject object, String struct) {
    return of(object.btf(), struct);
  }

  /**
   * Reads a layout out of the types that a map was made with, whichever build made it: for those
   * who find a map of another version. Needs CAP_SYS_ADMIN.
   *
   * @param map whose object was compiled with BTF
   * @param struct the name of a struct or union
   * @return its layout
   * @throws BpfException ENOENT when the map has no types, or not this one; EPERM
   */
  public static BtfLayout of(BpfMap map, String struct) {
    return Btf.ofMap(map, btf -> of(btf, struct));
  }

  private static BtfLayout of(Btf btf, String struct) {
    int id = btf.struct(struct);
    if (id == 0) {
      throw new BpfException("btf__find_by_name_kind", "struct " + struct, Libc.ENOENT);
    }
    Map<String, Member> members = new LinkedHashMap<>();
    collect(btf, id, 0, struct, members);
    return new BtfLayout(struct, btf.size(id), Collections.unmodifiableMap(members));
  }

  private static void collect(
      Btf btf, int id, int bitBase, String struct, Map<String, Member> members) {
    for (int i = 0; i < btf.memberCount(id); i++) {
      Btf.Member member = btf.member(id, i);
      int bits = bitBase + member.bitOffset();
      if (member.name().isEmpty() && btf.isComposite(member.type())) {
        collect(btf, member.type(), bits, struct, members);
      } else if (!member.name().isEmpty()) {
        if (member.bitFieldSize() != 0) {
          throw new IllegalArgumentException(struct + "." + member.name() + " is a bit field");
        }
        members.put(member.name(), new Member(bits / Byte.SIZE, btf.size(member.type())));
      }
    }
  }
}

package dev.baton.bpf;

import dev.baton.bindings.libbpf.LibBpf;
import dev.baton.bindings.libbpf.bpf_xdp_attach_opts;
import dev.baton.bindings.libbpf.bpf_xdp_query_opts;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * XDP programs on interfaces (net/core/dev.c, dev_xdp_attach). An interface takes one program, in
 * one of two modes; another's is never replaced or removed, which the kernel itself checks
 * (XDP_FLAGS_REPLACE, XDP_FLAGS_UPDATE_IF_NOEXIST). Interfaces are those of the calling thread's
 * network namespace. All needs CAP_NET_ADMIN.
 */
public final class Xdp {
  private static final int KERNEL_NAME_LENGTH = 15;

  private Xdp() {}

  /** Where in the receive path the program runs. */
  public enum Mode {
    /** In the driver, before the packet has a socket buffer. */
    NATIVE,
    /** In the stack, for every driver. */
    GENERIC;

    private int flag() {
      return this == NATIVE ? LibBpf.XDP_FLAGS_DRV_MODE() : LibBpf.XDP_FLAGS_SKB_MODE();
    }
  }

  /**
   * What runs on an interface.
   *
   * @param mode where
   * @param programId the kernel's number of the program
   */
  public record Attached(Mode mode, int programId) {}

  /**
   * Attaches a program: where nothing is, or instead of an earlier load of the same program, which
   * is told by its name (the kernel's, of at most 15 characters).
   *
   * @param ifindex of the interface
   * @param program of type XDP
   * @param mode where it is to run
   * @throws BpfException EBUSY when another's program is there, EEXIST when one is there in the
   *     other mode, EOPNOTSUPP when the driver has no native mode, ENODEV, EPERM
   */
  public static void attach(int ifindex, BpfProgram program, Mode mode) {
    Optional<Integer> there = query(ifindex, mode);
    if (there.isEmpty()) {
      set(ifindex, program, mode.flag() | LibBpf.XDP_FLAGS_UPDATE_IF_NOEXIST(), 0);
    } else if (there.get() != program.id()) {
      try (BpfProgram old = BpfProgram.openById(there.get())) {
        if (!kernelName(old).equals(kernelName(program))) {
          throw new BpfException(
              "bpf_xdp_attach", "interface " + ifindex + ", which runs " + old, Libc.EBUSY);
        }
        attach(ifindex, program, mode, old);
      }
    }
  }

  /**
   * Attaches a program in place of a certain other one, without a moment in between.
   *
   * @param ifindex of the interface
   * @param program of type XDP
   * @param mode where the old one runs
   * @param old the program that must be there now
   * @throws BpfException EEXIST when something else is there, or nothing; ENODEV, EPERM
   */
  public static void attach(int ifindex, BpfProgram program, Mode mode, BpfProgram old) {
    set(ifindex, program, mode.flag(), old.fd());
  }

  /**
   * What runs on an interface.
   *
   * @param ifindex of the interface
   * @return mode and program; of both modes' (offloading cards only) the native one; empty also
   *     without such an interface
   * @throws BpfException when the kernel's answer cannot be had
   */
  public static Optional<Attached> query(int ifindex) {
    Optional<Attached> inDriver =
        query(ifindex, Mode.NATIVE).map(id -> new Attached(Mode.NATIVE, id));
    return inDriver.isPresent()
        ? inDriver
        : query(ifindex, Mode.GENERIC).map(id -> new Attached(Mode.GENERIC, id));
  }

  /**
   * What runs on an interface in one mode.
   *
   * @param ifindex of the interface
   * @param mode which
   * @return the program's id, empty when nothing runs there, nor is there such an interface
   * @throws BpfException when the kernel's answer cannot be had
   */
  public static Optional<Integer> query(int ifindex, Mode mode) {
    begin();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment opts = bpf_xdp_query_opts.allocate(arena);
      bpf_xdp_query_opts.sz(opts, opts.byteSize());
      int result = LibBpf.bpf_xdp_query(ifindex, 0, opts);
      Libbpf.checkLogged(result, "bpf_xdp_query", "interface " + ifindex);
      int id =
          mode == Mode.NATIVE
              ? bpf_xdp_query_opts.drv_prog_id(opts)
              : bpf_xdp_query_opts.skb_prog_id(opts);
      return id == 0 ? Optional.empty() : Optional.of(id);
    }
  }

  /**
   * Detaches a program, if it is this one.
   *
   * @param ifindex of the interface
   * @param program ours
   * @param mode where it runs
   * @return false: it was not there, nor perhaps the interface; what is there is left alone
   * @throws BpfException EBUSY when it is held by a link, EPERM
   */
  public static boolean detach(int ifindex, BpfProgram program, Mode mode) {
    begin();
    try (Arena arena = Arena.ofConfined()) {
      int result = LibBpf.bpf_xdp_detach(ifindex, mode.flag(), old(arena, program.fd()));
      if (result == -Libc.EEXIST || result == -Libc.ENOENT || result == -Libc.ENODEV) {
        return false;
      }
      Libbpf.checkLogged(result, "bpf_xdp_detach", program.name() + " from " + ifindex);
      return true;
    }
  }

  private static void set(int ifindex, BpfProgram program, int flags, int oldFd) {
    begin();
    try (Arena arena = Arena.ofConfined()) {
      int result = LibBpf.bpf_xdp_attach(ifindex, program.fd(), flags, old(arena, oldFd));
      Libbpf.checkLogged(result, "bpf_xdp_attach", program.name() + " on " + ifindex);
    }
  }

  private static MemorySegment old(Arena arena, int fd) {
    MemorySegment opts = bpf_xdp_attach_opts.allocate(arena);
    bpf_xdp_attach_opts.sz(opts, opts.byteSize());
    bpf_xdp_attach_opts.old_prog_fd(opts, fd);
    return opts;
  }

  private static String kernelName(BpfProgram program) {
    String name = program.name();
    return name.length() > KERNEL_NAME_LENGTH ? name.substring(0, KERNEL_NAME_LENGTH) : name;
  }

  private static void begin() {
    Libbpf.require();
    LibbpfLog.begin();
  }
}

package dev.baton.bpf;

import dev.baton.bindings.libbpf.LibBpf;
import dev.baton.bindings.libbpf.bpf_tc_hook;
import dev.baton.bindings.libbpf.bpf_tc_opts;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.Optional;

/**
 * Programs on an interface's clsact qdisc (net/sched/sch_ingress.c, cls_bpf.c), always
 * direct-action: the program's return value is the verdict.
 *
 * <p>A place is named by direction, priority (1 to 65535, lower ones run first) and handle (not 0).
 * Whoever calls owns that place; filters elsewhere are never touched. Interfaces are those of the
 * calling thread's network namespace. All needs CAP_NET_ADMIN.
 */
public final class TcHook {
  private static final int BOTH = 3; // BPF_TC_INGRESS | BPF_TC_EGRESS: the clsact qdisc itself

  private TcHook() {}

  /**
   * Gives an interface a clsact qdisc.
   *
   * @param ifindex of the interface
   * @return true: made now; false: it had one (or an ingress qdisc, which takes no egress programs)
   * @throws BpfException ENODEV without such an interface, EPERM
   */
  public static boolean createClsact(int ifindex) {
    try (Arena arena = Arena.ofConfined()) {
      begin();
      int result = LibBpf.bpf_tc_hook_create(hook(arena, ifindex, BOTH));
      if (result == -Libc.EEXIST) {
        return false;
      }
      Libbpf.checkLogged(result, "bpf_tc_hook_create", "clsact on interface " + ifindex);
      return true;
    }
  }

  /**
   * Puts a program into a place, instead of the one that is there, if any, without a moment in
   * between.
   *
   * @param ifindex of the interface, which must have a clsact qdisc
   * @param direction which packets
   * @param program of type sched_cls
   * @param priority 1 to 65535
   * @param handle not 0
   * @throws BpfException ENODEV without such an interface, EINVAL or ENOENT without a clsact qdisc,
   *     or when the priority belongs to a filter of another kind, EPERM
   */
  public static void attach(
      int ifindex, Direction direction, BpfProgram program, int priority, int handle) {
    try (Arena arena = Arena.ofConfined()) {
      begin();
      MemorySegment opts = place(arena, priority, handle);
      bpf_tc_opts.prog_fd(opts, program.fd());
      bpf_tc_opts.flags(opts, LibBpf.BPF_TC_F_REPLACE());
      int result = LibBpf.bpf_tc_attach(hook(arena, ifindex, direction.attachPoint()), opts);
      Libbpf.checkLogged(
          result, "bpf_tc_attach", program.name() + " on " + direction + " of " + ifindex);
    }
  }

  /**
   * What is in a place.
   *
   * @param ifindex of the interface
   * @param direction which packets
   * @param priority 1 to 65535
   * @param handle not 0
   * @return the program's id; empty when nothing is there, nor a qdisc, nor the interface
   */
  public static Optional<Integer> query(
      int ifindex, Direction direction, int priority, int handle) {
    try (Arena arena = Arena.ofConfined()) {
      begin();
      MemorySegment opts = place(arena, priority, handle);
      int result = LibBpf.bpf_tc_query(hook(arena, ifindex, direction.attachPoint()), opts);
      if (nothingThere(result)) {
        return Optional.empty();
      }
      Libbpf.checkLogged(result, "bpf_tc_query", direction + " of interface " + ifindex);
      return Optional.of(bpf_tc_opts.prog_id(opts));
    }
  }

  /**
   * Empties a place.
   *
   * @param ifindex of the interface
   * @param direction which packets
   * @param priority 1 to 65535
   * @param handle not 0
   * @return false: nothing was there, nor a qdisc, nor the interface
   */
  public static boolean detach(int ifindex, Direction direction, int priority, int handle) {
    try (Arena arena = Arena.ofConfined()) {
      begin();
      MemorySegment opts = place(arena, priority, handle);
      int result = LibBpf.bpf_tc_detach(hook(arena, ifindex, direction.attachPoint()), opts);
      if (nothingThere(result)) {
        return false;
      }
      Libbpf.checkLogged(result, "bpf_tc_detach", direction + " of interface " + ifindex);
      return true;
    }
  }

  /**
   * Removes an interface's clsact qdisc with all that is attached to it, whoever did that. For
   * those who made it; none there is fine.
   *
   * @param ifindex of the interface
   */
  public static void destroyClsact(int ifindex) {
    try (Arena arena = Arena.ofConfined()) {
      begin();
      int result = LibBpf.bpf_tc_hook_destroy(hook(arena, ifindex, BOTH));
      if (!nothingThere(result)) {
        Libbpf.checkLogged(result, "bpf_tc_hook_destroy", "clsact on interface " + ifindex);
      }
    }
  }

  private static void begin() {
    Libbpf.require();
    LibbpfLog.begin();
  }

  /** EINVAL: our arguments are right, so it is the qdisc that is missing; ENODEV: the interface. */
  private static boolean nothingThere(int result) {
    return result == -Libc.ENOENT || result == -Libc.EINVAL || result == -Libc.ENODEV;
  }

  private static MemorySegment hook(Arena arena, int ifindex, int attachPoint) {
    if (ifindex <= 0) {
      throw new IllegalArgumentException("no interface has index " + ifindex);
    }
    MemorySegment hook = bpf_tc_hook.allocate(arena);
    bpf_tc_hook.sz(hook, hook.byteSize());
    bpf_tc_hook.ifindex(hook, ifindex);
    bpf_tc_hook.attach_point(hook, attachPoint);
    return hook;
  }

  private static MemorySegment place(Arena arena, int priority, int handle) {
    Objects.checkIndex(priority - 1, 0xffff);
    if (handle == 0) {
      throw new IllegalArgumentException("handle 0 would be any handle");
    }
    MemorySegment opts = bpf_tc_opts.allocate(arena);
    bpf_tc_opts.sz(opts, opts.byteSize());
    bpf_tc_opts.priority(opts, priority);
    bpf_tc_opts.handle(opts, handle);
    return opts;
  }
}

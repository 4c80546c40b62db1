package dev.baton.bpf;

import dev.baton.bindings.libbpf.LibBpf;
import dev.baton.bindings.libbpf.bpf_prog_info;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A loaded eBPF program, by file descriptor.
 *
 * <p>A program of a {@link BpfObject} belongs to that object: it lives until the object is closed,
 * and its own {@link #close()} does nothing. Any other owns its descriptor. In the kernel a program
 * lives on while a descriptor, a pin or an attachment holds it.
 */
public final class BpfProgram implements AutoCloseable {
  private final String name;
  private final int id;
  private final int type;
  private final boolean owned;
  private int fd;

  private BpfProgram(int fd, boolean owned, String name, int id, int type) {
    this.fd = fd;
    this.owned = owned;
    this.name = name;
    this.id = id;
    this.type = type;
  }

  /** A program whose descriptor belongs to somebody else; the name as in the object file. */
  static BpfProgram borrowed(int fd, String name) {
    return read(fd, false, Optional.of(name));
  }

  private static BpfProgram owning(int fd) {
    try {
      return read(fd, true, Optional.empty());
    } catch (RuntimeException e) {
      Libc.close(fd);
      throw e;
    }
  }

  private static BpfProgram read(int fd, boolean owned, Optional<String> name) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = bpf_prog_info.allocate(arena);
      MemorySegment size = arena.allocateFrom(ValueLayout.JAVA_INT, (int) info.byteSize());
      int result = LibBpf.bpf_obj_get_info_by_fd(fd, info, size);
      Libbpf.check(result, "bpf_obj_get_info_by_fd", name.orElse("program fd " + fd));
      return new BpfProgram(
          fd,
          owned,
          name.orElseGet(() -> bpf_prog_info.name(info).getString(0)),
          bpf_prog_info.id(info),
          bpf_prog_info.type(info));
    }
  }

  /**
   * Opens a pinned program.
   *
   * @param path on a bpf file system
   * @return the program, which the caller closes
   * @throws BpfException ENOENT when nothing is there, EINVAL when it is no program, EACCES
   */
  public static BpfProgram openPinned(Path path) {
    int fd = Pins.open(path, Pins.Kind.PROGRAM);
    return owning(Libbpf.check(fd, "bpf_obj_get", path.toString()));
  }

  /**
   * Opens a pinned program, if it is there.
   *
   * @param path on a bpf file system
   * @return the program, which the caller closes, or empty when nothing is at {@code path}
   * @throws BpfException EINVAL when it is no program, EACCES
   */
  public static Optional<BpfProgram> tryOpenPinned(Path path) {
    int fd = Pins.open(path, Pins.Kind.PROGRAM);
    if (fd == -Libc.ENOENT) {
      return Optional.empty();
    }
    return Optional.of(owning(Libbpf.check(fd, "bpf_obj_get", path.toString())));
  }

  /**
   * Opens a program by the number the kernel gave it. Needs CAP_SYS_ADMIN.
   *
   * @param id as {@link #id()}, {@link TcHook#query} or {@link Xdp#query} tell it
   * @return the program, which the caller closes
   * @throws BpfException ENOENT when there is none (any more), EPERM
   */
  public static BpfProgram openById(int id) {
    Libbpf.require();
    int fd = LibBpf.bpf_prog_get_fd_by_id(id);
    return owning(Libbpf.check(fd, "bpf_prog_get_fd_by_id", "program id " + id));
  }

  /**
   * The file descriptor, which stays this program's.
   *
   * @return at least 0
   * @throws IllegalStateException after the close
   */
  public int fd() {
    if (fd < 0) {
      throw new IllegalStateException("program " + name + " is closed");
    }
    return fd;
  }

  /**
   * The kernel's number of the program.
   *
   * @return positive
   */
  public int id() {
    return id;
  }

  /**
   * The name: the C function's for a program out of an object, else the kernel's, which is cut to
   * 15 characters.
   *
   * @return the name
   */
  public String name() {
    return name;
  }

  /**
   * The kind of program.
   *
   * @return {@code enum bpf_prog_type}
   */
  public int type() {
    return type;
  }

  /**
   * Pins the program, so that it outlives every process.
   *
   * @param path on a bpf file system; its last part may hold no dot (the kernel keeps those)
   * @throws BpfException EEXIST when something is there, ENOENT when the directory is not, EINVAL
   *     when it is no bpf file system
   */
  public void pin(Path path) {
    Pins.pin(fd(), path);
  }

  /**
   * Pins the program in place of what is pinned there, if anything: at each moment the path names
   * either the old one or this one.
   *
   * @param path as for {@link #pin}
   */
  public void replacePin(Path path) {
    Pins.replace(fd(), path);
  }

  /**
   * Removes a pin.
   *
   * @param path nothing there is fine
   */
  public static void unpin(Path path) {
    BpfMap.unpin(path);
  }

  /**
   * Runs the program once on a packet, in the kernel, without an interface.
   *
   * @param packet from the Ethernet header on; at least 14 bytes
   * @return what came out
   * @throws BpfException as {@link #testRun(byte[], byte[], int)} does
   */
  public TestRun testRun(byte[] packet) {
    return testRun(packet, new byte[0], 1);
  }

  /**
   * Runs the program once on a packet and its context.
   *
   * @param packet from the Ethernet header on; at least 14 bytes
   * @param context as for {@link #testRun(byte[], byte[], int)}
   * @return what came out
   * @throws BpfException as {@link #testRun(byte[], byte[], int)} does
   */
  public TestRun testRun(byte[] packet, byte[] context) {
    return testRun(packet, context, 1);
  }

  /**
   * Runs the program on a packet and its context (BPF_PROG_TEST_RUN, net/bpf/test_run.c). Redirects
   * are not carried out; a program that changes the packet sees its own changes in the next round.
   *
   * @param packet from the Ethernet header on; at least 14 bytes
   * @param context {@code struct __sk_buff} (see {@link SkbContext}) or {@code struct xdp_md}; none
   *     when empty. The kernel refuses fields other than those it lets a test set
   * @param repeat how often, at least 1; the duration is the mean of so many runs
   * @return what came out of the last run
   * @throws BpfException EINVAL for a short packet or a context with other fields set, ENODEV for
   *     an interface that is not there, EPERM
   */
  public TestRun testRun(byte[] packet, byte[] context, int repeat) {
    return TestRun.run(this, packet, context, repeat);
  }

  /** Closes the descriptor if this program owns it. */
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

  @Override
  public String toString() {
    return "program " + name + " (id " + id + ")";
  }
}

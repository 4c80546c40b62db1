package dev.baton.bpf;

import dev.baton.bindings.libbpf.LibBpf;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Pins on a bpf file system, of maps and programs alike. */
final class Pins {
  private Pins() {}

  /** What a pin can hold, as the kernel names its anonymous inode. */
  enum Kind {
    MAP("bpf-map"),
    PROGRAM("bpf-prog");

    private final String inode;

    Kind(String inode) {
      this.inode = inode;
    }
  }

  /** A new descriptor of what is pinned, or -errno. A map is never taken for a program. */
  static int open(Path path, Kind kind) {
    Libbpf.require();
    int fd;
    try (Arena arena = Arena.ofConfined()) {
      fd = LibBpf.bpf_obj_get(arena.allocateFrom(path.toString()));
    }
    if (fd >= 0 && !inode(fd).contains(kind.inode)) {
      Libc.close(fd);
      return -Libc.EINVAL;
    }
    return fd;
  }

  private static String inode(int fd) {
    Path link = Path.of("/proc/self/fd/" + fd);
    try {
      return Files.readSymbolicLink(link).toString();
    } catch (IOException e) {
      Libc.close(fd);
      throw Libc.failed("readlink", link, e);
    }
  }

  static void pin(int fd, Path path) {
    try (Arena arena = Arena.ofConfined()) {
      int result = LibBpf.bpf_obj_pin(fd, arena.allocateFrom(path.toString()));
      Libbpf.check(result, "bpf_obj_pin", path.toString());
    }
  }

  /** Pins in place of what is there, if anything, without a moment in between. */
  static void replace(int fd, Path path) {
    Path parent = path.toAbsolutePath().getParent();
    if (parent == null) {
      throw new BpfException("bpf_obj_pin", path.toString(), Libc.EINVAL);
    }
    Path fresh = parent.resolve(path.getFileName() + "_new" + ProcessHandle.current().pid());
    pin(fd, fresh);
    try {
      Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      boolean _ = Libc.unlink(fresh);
      throw Libc.failed("rename", path, e);
    }
  }
}

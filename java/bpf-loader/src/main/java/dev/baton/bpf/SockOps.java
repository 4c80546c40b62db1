package dev.baton.bpf;

import dev.baton.bindings.libbpf.LibBpf;
import dev.baton.bindings.libc.LibC;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * sock_ops programs of a version 2 control group (kernel/bpf/cgroup.c): told of the TCP sockets
 * that processes in it, or below it, have opened since they are there. Others' programs on the same
 * group stay; all run. Needs CAP_NET_ADMIN and CAP_BPF.
 */
public final class SockOps {
  private SockOps() {}

  /**
   * Attaches a program.
   *
   * @param group the control group's directory
   * @param program of type sock_ops; it stays attached until {@link #detach} or until the group is
   *     removed
   * @throws BpfException ENOENT without such a directory, EBADF when it is no control group, EPERM
   *     when a program is attached that allows no other, EINVAL when this one is attached already
   */
  public static void attach(Path group, BpfProgram program) {
    Libbpf.require();
    int fd = open(group);
    try {
      int result =
          LibBpf.bpf_prog_attach(
              program.fd(), fd, LibBpf.BPF_CGROUP_SOCK_OPS(), LibBpf.BPF_F_ALLOW_MULTI());
      Libbpf.check(result, "bpf_prog_attach", program.name() + " to " + group);
    } finally {
      Libc.close(fd);
    }
  }

  /**
   * Detaches a program.
   *
   * @param group the control group's directory
   * @param program ours
   * @return false: it was not there, nor perhaps the group
   * @throws BpfException EBADF when it is no control group, EPERM
   */
  public static boolean detach(Path group, BpfProgram program) {
    Libbpf.require();
    if (!Files.isDirectory(group)) {
      return false;
    }
    int fd = open(group);
    try {
      int result = LibBpf.bpf_prog_detach2(program.fd(), fd, LibBpf.BPF_CGROUP_SOCK_OPS());
      if (result == -Libc.ENOENT) {
        return false;
      }
      Libbpf.check(result, "bpf_prog_detach2", program.name() + " from " + group);
      return true;
    } finally {
      Libc.close(fd);
    }
  }

  private static int open(Path group) {
    try (Arena arena = Arena.ofConfined()) {
      int fd =
          LibC.open
              .makeInvoker()
              .apply(arena.allocateFrom(group.toString()), LibC.O_RDONLY() | LibC.O_CLOEXEC());
      if (fd < 0) {
        // Which errno is lost with this invoker; what can be wrong with a directory is told here.
        int errno = Files.isDirectory(group) ? Libc.EACCES : Libc.ENOENT;
        throw new BpfException("open", group.toString(), errno);
      }
      return fd;
    }
  }
}

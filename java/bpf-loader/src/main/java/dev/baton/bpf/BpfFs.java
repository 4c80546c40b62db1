package dev.baton.bpf;

import dev.baton.bindings.libc.LibC;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The bpf file system, where pins live (kernel/bpf/inode.c). */
public final class BpfFs {
  /** Where it is mounted by custom. */
  public static final Path STANDARD = Path.of("/sys/fs/bpf");

  private BpfFs() {}

  /**
   * Whether a path is on a bpf file system.
   *
   * @param path of anything
   * @return false too when nothing is there
   */
  public static boolean isBpfFs(Path path) {
    return Libc.fileSystemType(path) == (LibC.BPF_FS_MAGIC() & 0xffffffffL);
  }

  /**
   * Makes sure that a path is a directory on a bpf file system: makes the directories that are
   * missing, and mounts a bpf file system if there is none: at /sys/fs/bpf for paths below that,
   * otherwise on the directory itself. What was made is undone when a later step fails.
   *
   * @param dir the directory; below a bpf file system no part may hold a dot
   * @return true: a file system was mounted now (see {@link #mountPoint})
   * @throws BpfException EPERM without CAP_SYS_ADMIN when something must be mounted, EACCES
   */
  public static boolean ensure(Path dir) {
    Path at = dir.toAbsolutePath().normalize();
    if (isBpfFs(existing(at))) {
      createDirectories(at);
      return false;
    }
    Path mountPoint = mountPoint(at);
    if (!mountPoint.equals(STANDARD)) {
      createDirectories(mountPoint);
    }
    Libc.mountBpffs(mountPoint);
    try {
      createDirectories(at);
    } catch (BpfException e) {
      Libc.unmount(mountPoint);
      throw e;
    }
    return true;
  }

  /**
   * Where {@link #ensure} mounts a file system if it must.
   *
   * @param dir the directory it is asked for
   * @return /sys/fs/bpf, or the directory itself
   */
  public static Path mountPoint(Path dir) {
    Path at = dir.toAbsolutePath().normalize();
    return at.startsWith(STANDARD) ? STANDARD : at;
  }

  /**
   * Unmounts what {@link #ensure} mounted; the pins on it are gone with it.
   *
   * @param mountPoint of a bpf file system
   * @throws BpfException EBUSY while somebody uses it, EINVAL when nothing is mounted there
   */
  public static void unmount(Path mountPoint) {
    Libc.unmount(mountPoint);
  }

  private static Path existing(Path path) {
    Path at = path;
    for (Path up = at.getParent(); up != null && !Files.exists(at); up = at.getParent()) {
      at = up;
    }
    return at;
  }

  private static void createDirectories(Path dir) {
    try {
      Files.createDirectories(dir);
    } catch (IOException e) {
      throw Libc.failed("mkdir", dir, e);
    }
  }
}

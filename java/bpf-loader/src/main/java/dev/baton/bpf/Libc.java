package dev.baton.bpf;

import dev.baton.bindings.libc.LibC;
import dev.baton.bindings.libc.epoll_event;
import dev.baton.bindings.libc.statfs;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** The libc calls below this package: with errno, and turned into {@link BpfException}. */
final class Libc {
  static final int EPERM = 1;
  static final int ENOENT = 2;
  static final int EINTR = 4;
  static final int EIO = 5;
  static final int E2BIG = 7;
  static final int ENOMEM = 12;
  static final int EACCES = 13;
  static final int EBUSY = 16;
  static final int EEXIST = 17;
  static final int ENODEV = 19;
  static final int EINVAL = 22;
  static final int ENOSPC = 28;
  static final int EOPNOTSUPP = 95;

  static final int PROT_READ = 1;
  static final int PROT_WRITE = 2;
  private static final int MAP_SHARED = 1;
  private static final int SC_PAGESIZE = 30;

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

  // Not among the bindings: a va_list parameter is beyond jextract, and the rest belongs to it.
  private static final MethodHandle VASPRINTF =
      find("vasprintf", FunctionDescriptor.of(INT, LibC.C_POINTER, LibC.C_POINTER, LibC.C_POINTER));
  private static final MethodHandle FREE = find("free", FunctionDescriptor.ofVoid(LibC.C_POINTER));
  private static final MethodHandle MUNMAP = find("munmap", FunctionDescriptor.of(INT, LONG, LONG));
  private static final MethodHandle MMAP =
      Errno.capturing(
          Linker.nativeLinker().defaultLookup().findOrThrow("mmap"),
          FunctionDescriptor.of(LONG, LONG, LONG, INT, INT, INT, LONG));

  private static final MethodHandle STATFS =
      Errno.capturing(LibC.statfs$address(), LibC.statfs$descriptor());
  private static final MethodHandle MOUNT =
      Errno.capturing(LibC.mount$address(), LibC.mount$descriptor());
  private static final MethodHandle UMOUNT =
      Errno.capturing(LibC.umount2$address(), LibC.umount2$descriptor());
  private static final MethodHandle EPOLL_CREATE =
      Errno.capturing(LibC.epoll_create1$address(), LibC.epoll_create1$descriptor());
  private static final MethodHandle EPOLL_CTL =
      Errno.capturing(LibC.epoll_ctl$address(), LibC.epoll_ctl$descriptor());
  private static final MethodHandle EPOLL_WAIT =
      Errno.capturing(LibC.epoll_wait$address(), LibC.epoll_wait$descriptor());

  private Libc() {}

  private static MethodHandle find(String name, FunctionDescriptor descriptor) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor);
  }

  /** A printf format with its va_list, as text. Consumes the va_list. */
  static String format(MemorySegment format, MemorySegment arguments) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(LibC.C_POINTER);
      if ((int) VASPRINTF.invokeExact(out, format, arguments) < 0) {
        return "";
      }
      MemorySegment text = out.get(LibC.C_POINTER, 0);
      try {
        return text.reinterpret(Long.MAX_VALUE).getString(0);
      } finally {
        FREE.invokeExact(text);
      }
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * Maps {@code length} bytes of {@code fd}, shared, for as long as the arena lives.
   *
   * @param what for the exception
   */
  static MemorySegment map(int fd, long offset, long length, int prot, Arena arena, String what) {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment state = Errno.newState(call);
      long address = (long) MMAP.invokeExact(state, 0L, length, prot, MAP_SHARED, fd, offset);
      if (address == -1L) {
        throw new BpfException("mmap", what, Errno.errno(state));
      }
      return MemorySegment.ofAddress(address)
          .reinterpret(length, arena, mapped -> unmap(mapped.address(), length));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  private static void unmap(long address, long length) {
    try {
      int _ = (int) MUNMAP.invokeExact(address, length);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** The type of the file system that holds {@code path}: statfs(2)'s f_type, or -errno. */
  static long fileSystemType(Path path) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Errno.newState(arena);
      MemorySegment buffer = statfs.allocate(arena);
      int result = (int) STATFS.invokeExact(state, arena.allocateFrom(path.toString()), buffer);
      return result < 0 ? -Errno.errno(state) : statfs.f_type(buffer) & 0xffffffffL;
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static void mountBpffs(Path directory) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Errno.newState(arena);
      MemorySegment type = arena.allocateFrom("bpf");
      MemorySegment at = arena.allocateFrom(directory.toString());
      MemorySegment options = arena.allocateFrom("mode=0700");
      if ((int) MOUNT.invokeExact(state, type, at, type, 0L, options) < 0) {
        throw new BpfException("mount", "bpffs on " + directory, Errno.errno(state));
      }
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static void unmount(Path directory) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Errno.newState(arena);
      MemorySegment at = arena.allocateFrom(directory.toString());
      if ((int) UMOUNT.invokeExact(state, at, 0) < 0) {
        throw new BpfException("umount2", directory.toString(), Errno.errno(state));
      }
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** A new epoll instance that reports {@code fd} as readable, level-triggered. */
  static int epollOf(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Errno.newState(arena);
      int epoll = (int) EPOLL_CREATE.invokeExact(state, LibC.EPOLL_CLOEXEC());
      if (epoll < 0) {
        throw new BpfException("epoll_create1", "ring buffer", Errno.errno(state));
      }
      MemorySegment event = epoll_event.allocate(arena);
      epoll_event.events(event, LibC.EPOLLIN());
      if ((int) EPOLL_CTL.invokeExact(state, epoll, LibC.EPOLL_CTL_ADD(), fd, event) < 0) {
        close(epoll);
        throw new BpfException("epoll_ctl", "ring buffer", Errno.errno(state));
      }
      return epoll;
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * Waits until the epoll instance has an event, the time is up, or a signal came.
   *
   * @param timeoutMillis -1 waits without end
   * @return 1 with an event, else 0
   */
  static int epollWait(int epoll, int timeoutMillis) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Errno.newState(arena);
      MemorySegment event = epoll_event.allocate(arena);
      int result = (int) EPOLL_WAIT.invokeExact(state, epoll, event, 1, timeoutMillis);
      if (result < 0 && Errno.errno(state) != EINTR) {
        throw new BpfException("epoll_wait", "ring buffer", Errno.errno(state));
      }
      return Math.max(0, result);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static void close(int fd) {
    // Nothing can be done about a failed close; Linux has released the descriptor even then.
    int _ = LibC.close(fd);
  }

  static int pageSize() {
    return Math.toIntExact(LibC.sysconf(SC_PAGESIZE));
  }

  /** Removes a pin. False when there was none. */
  static boolean unlink(Path path) {
    try {
      return Files.deleteIfExists(path);
    } catch (IOException e) {
      throw failed("unlink", path, e);
    }
  }

  /** An IOException of java.nio.file as this package's exception. */
  static BpfException failed(String call, Path path, IOException e) {
    int errno =
        switch (e) {
          case NoSuchFileException _ -> ENOENT;
          case FileAlreadyExistsException _ -> EEXIST;
          case AccessDeniedException _ -> EACCES;
          default -> EIO;
        };
    BpfException wrapped = new BpfException(call, path.toString(), errno);
    wrapped.initCause(e);
    return wrapped;
  }

  /** Method handles declare Throwable; a downcall throws only what its arguments deserve. */
  static RuntimeException unexpected(Throwable e) {
    return switch (e) {
      case RuntimeException r -> r;
      case Error r -> throw r;
      default -> new IllegalStateException("a downcall threw a checked exception", e);
    };
  }
}

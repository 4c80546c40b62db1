package dev.baton.e2e;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.baton.bindings.libc.LibC;
import dev.baton.bindings.libc.cmsghdr;
import dev.baton.bindings.libc.iovec;
import dev.baton.bindings.libc.msghdr;
import dev.baton.bindings.libc.sockaddr_un;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Plays systemd's part for one service: holds NOTIFY_SOCKET, keeps the descriptors that come with
 * FDSTORE=1, and gives them to the next process through exec, as sd_listen_fds(3) has it.
 */
final class ManagerDouble implements AutoCloseable {
  private static final int FIRST = 3;
  private static final int O_WRONLY_CREAT_APPEND = 02101;
  private static final MethodHandle SPAWN =
      handle("posix_spawn", ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS);
  private static final MethodHandle INIT = handle("posix_spawn_file_actions_init", ADDRESS);
  private static final MethodHandle DUP2 =
      handle("posix_spawn_file_actions_adddup2", ADDRESS, JAVA_INT, JAVA_INT);
  private static final MethodHandle OPEN =
      handle("posix_spawn_file_actions_addopen", ADDRESS, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT);
  private static final MethodHandle CLOSE_FROM =
      handle("posix_spawn_file_actions_addclosefrom_np", ADDRESS, JAVA_INT);
  private static final MethodHandle KILL = handle("kill", JAVA_INT, JAVA_INT);
  private static final MethodHandle WAITPID = handle("waitpid", JAVA_INT, ADDRESS, JAVA_INT);

  static final int SIGKILL = 9;
  static final int SIGTERM = 15;
  static final int SIGCONT = 18;
  static final int SIGSTOP = 19;

  private final Path socket;
  private final Path log;
  private boolean keeps = true;
  private final int fd;
  private final Thread reader;
  private final Map<String, Integer> stored = new LinkedHashMap<>();
  private final List<String> states = new ArrayList<>();
  private int pid = -1;

  /**
   * One with an empty store.
   *
   * @param socket where it listens
   * @param log where the service's output goes
   */
  ManagerDouble(Path socket, Path log) {
    this.socket = socket;
    this.log = log;
    fd = LibC.socket(LibC.AF_UNIX(), LibC.SOCK_DGRAM() | LibC.SOCK_CLOEXEC(), 0);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = arena.allocate(sockaddr_un.layout());
      sockaddr_un.sun_family(address, (short) LibC.AF_UNIX());
      address.setString(sockaddr_un.sun_path$offset(), socket.toString());
      if (fd < 0 || LibC.bind(fd, address, (int) address.byteSize()) != 0) {
        throw new AssertionError("cannot bind " + socket);
      }
    }
    reader = Thread.ofPlatform().daemon().name("service-manager").start(this::read);
  }

  private static MethodHandle handle(String name, java.lang.foreign.MemoryLayout... arguments) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(
        linker.defaultLookup().findOrThrow(name), FunctionDescriptor.of(JAVA_INT, arguments));
  }

  private static int call(MethodHandle handle, Object... arguments) {
    try {
      return (int) handle.invokeWithArguments(arguments);
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  private void read() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocate(4096);
      MemorySegment control = arena.allocate(64, 8);
      MemorySegment part = arena.allocate(iovec.layout());
      MemorySegment message = arena.allocate(msghdr.layout());
      while (true) {
        iovec.iov_base(part, text);
        iovec.iov_len(part, text.byteSize());
        msghdr.msg_iov(message, part);
        msghdr.msg_iovlen(message, 1);
        msghdr.msg_control(message, control);
        msghdr.msg_controllen(message, control.byteSize());
        int length = (int) LibC.recvmsg(fd, message, 0);
        if (length <= 0) {
          return;
        }
        int passed = -1;
        if (msghdr.msg_controllen(message) > 0 && cmsghdr.cmsg_type(control) == LibC.SCM_RIGHTS()) {
          passed = control.get(JAVA_INT, cmsghdr.layout().byteSize());
        }
        heard(
            new String(text.asSlice(0, length).toArray(JAVA_BYTE), StandardCharsets.US_ASCII),
            passed);
      }
    }
  }

  private synchronized void heard(String text, int passed) {
    List<String> lines = List.of(text.split("\n", -1));
    String name =
        lines.stream()
            .filter(line -> line.startsWith("FDNAME="))
            .map(line -> line.substring("FDNAME=".length()))
            .findFirst()
            .orElse("stored");
    if (lines.contains("FDSTORE=1") && passed >= 0 && keeps) {
      stored.put(name, passed);
    } else if (passed >= 0) {
      LibC.close(passed);
    }
    if (lines.contains("FDSTOREREMOVE=1")) {
      Integer gone = stored.remove(name);
      if (gone != null) {
        LibC.close(gone);
      }
    }
    states.addAll(lines);
  }

  /** As with FileDescriptorStoreMax=0. */
  synchronized void keepNothing() {
    keeps = false;
  }

  /** What the service has said since its start, line by line. */
  synchronized List<String> states() {
    return List.copyOf(states);
  }

  /** Names of the descriptors it keeps. */
  synchronized List<String> stored() {
    return List.copyOf(stored.keySet());
  }

  /** Starts the service with what is in the store, and waits for READY=1. */
  void start(List<String> command, String... environment) {
    synchronized (this) {
      states.clear();
      spawn(command, environment);
    }
    Scene.await("READY=1", Scene.LIMIT, () -> states().contains("READY=1") || !isAlive());
    if (!isAlive()) {
      throw new AssertionError("the service ended; see " + log);
    }
  }

  private void spawn(List<String> command, String... more) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment actions = arena.allocate(512, 16);
      call(INIT, actions);
      int target = FIRST;
      for (int each : stored.values()) {
        if (each < FIRST + stored.size()) {
          throw new AssertionError("descriptor " + each + " would be overwritten");
        }
        call(DUP2, actions, each, target++);
      }
      MemorySegment file = arena.allocateFrom(log.toString());
      call(OPEN, actions, 1, file, O_WRONLY_CREAT_APPEND, 0600);
      call(DUP2, actions, 1, 2);
      call(CLOSE_FROM, actions, target);
      List<String> environment = new ArrayList<>(List.of(more));
      System.getenv().forEach((key, value) -> environment.add(key + "=" + value));
      environment.add("NOTIFY_SOCKET=" + socket);
      environment.add("LISTEN_FDS=" + stored.size());
      environment.add("LISTEN_FDNAMES=" + String.join(":", stored.keySet()));
      // LISTEN_PID is known only between fork and exec: a shell stands there.
      List<String> line =
          new ArrayList<>(List.of("sh", "-c", "export LISTEN_PID=$$; exec \"$@\"", "sh"));
      line.addAll(command);
      MemorySegment child = arena.allocate(JAVA_INT);
      int result =
          call(
              SPAWN,
              child,
              arena.allocateFrom("/bin/sh"),
              actions,
              MemorySegment.NULL,
              strings(arena, line),
              strings(arena, environment));
      if (result != 0) {
        throw new AssertionError("posix_spawn: " + result);
      }
      pid = child.get(JAVA_INT, 0);
    }
  }

  private static MemorySegment strings(Arena arena, List<String> texts) {
    MemorySegment array = arena.allocate(ADDRESS, texts.size() + 1L);
    for (int i = 0; i < texts.size(); i++) {
      array.setAtIndex(ADDRESS, i, arena.allocateFrom(texts.get(i)));
    }
    return array;
  }

  /** Sends the service a signal. */
  void signal(int number) {
    call(KILL, pid, number);
  }

  /** Sends the service a signal that ends it, and waits for that. */
  void end(int number) {
    signal(number);
    Scene.await("the end of the service", Scene.LIMIT, () -> !isAlive());
  }

  private boolean isAlive() {
    if (pid > 0 && call(WAITPID, pid, MemorySegment.NULL, 1) == pid) {
      pid = -1;
    }
    return pid > 0;
  }

  @Override
  public void close() {
    if (isAlive()) {
      end(SIGKILL);
    }
    LibC.shutdown(fd, LibC.SHUT_RDWR());
    try {
      reader.join(1000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    LibC.close(fd);
    stored.values().forEach(LibC::close);
  }
}

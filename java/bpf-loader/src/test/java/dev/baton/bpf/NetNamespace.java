package dev.baton.bpf;

import dev.baton.bindings.libc.LibC;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** A network namespace with a veth pair, a0 and b0, in it; removed by the close. */
final class NetNamespace implements AutoCloseable {
  private final String name;
  private final int fd;

  private NetNamespace(String name, int fd) {
    this.name = name;
    this.fd = fd;
  }

  static NetNamespace create(String purpose) {
    Needs.root();
    Needs.program("ip");
    String name = "bpf-" + purpose + "-" + ProcessHandle.current().pid();
    run("ip", "netns", "add", name);
    try {
      run("ip", "-n", name, "link", "add", "a0", "type", "veth", "peer", "name", "b0");
      run("ip", "-n", name, "link", "set", "a0", "up");
      run("ip", "-n", name, "link", "set", "b0", "up");
      return new NetNamespace(name, open(Path.of("/run/netns/" + name)));
    } catch (RuntimeException | Error e) {
      run("ip", "netns", "del", name);
      throw e;
    }
  }

  private static int open(Path path) {
    try (Arena arena = Arena.ofConfined()) {
      int flags = LibC.O_RDONLY() | LibC.O_CLOEXEC();
      int fd = LibC.open.makeInvoker().apply(arena.allocateFrom(path.toString()), flags);
      if (fd < 0) {
        throw new AssertionError("cannot open " + path);
      }
      return fd;
    }
  }

  /** Runs something in this namespace, on a thread that ends with it. */
  <T> T in(Callable<T> action) {
    FutureTask<T> task =
        new FutureTask<>(() -> {
          if (LibC.setns(fd, LibC.CLONE_NEWNET()) != 0) {
            throw new AssertionError("setns failed");
          }
          return action.call();
        });
    Thread thread = Thread.ofPlatform().start(task);
    try {
      T result = task.get();
      thread.join();
      return result;
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case RuntimeException r -> throw r;
        case Error r -> throw r;
        case null, default -> throw new AssertionError(e);
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  int ifindex(String device) {
    return in(() -> {
      try (Arena arena = Arena.ofConfined()) {
        return LibC.if_nametoindex(arena.allocateFrom(device));
      }
    });
  }

  /** A command's output, in this namespace. */
  String exec(String... command) {
    String[] all = new String[command.length + 4];
    all[0] = "ip";
    all[1] = "netns";
    all[2] = "exec";
    all[3] = name;
    System.arraycopy(command, 0, all, 4, command.length);
    return run(all);
  }

  static String run(String... command) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new AssertionError(String.join(" ", command) + ": " + output);
      }
      return output;
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(String.join(" ", command), e);
    }
  }

  @Override
  public void close() {
    Libc.close(fd);
    run("ip", "netns", "del", name);
  }
}

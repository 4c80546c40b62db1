package dev.baton.testing;

import dev.baton.bindings.libc.LibC;
import dev.baton.bpf.BpfObject;
import dev.baton.lab.Namespace;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** The tests' own eBPF programs, compiled of src/test/bpf, and how to act inside a namespace. */
public final class TestPrograms {
  private TestPrograms() {}

  /** Opens one of the compiled objects; not loaded yet. */
  public static BpfObject open(String name) {
    String resource = "/bpf/" + name + ".bpf.o";
    try (InputStream in = TestPrograms.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new AssertionError(resource + " is missing: did the build compile src/test/bpf?");
      }
      return BpfObject.open(in.readAllBytes(), name);
    } catch (IOException e) {
      throw new UncheckedIOException(resource, e);
    }
  }

  /** Calls something with the calling thread in a lab's namespace; that thread ends with it. */
  public static <T> T inside(Namespace namespace, Callable<T> action) {
    FutureTask<T> task =
        new FutureTask<>(() -> {
          enter(namespace);
          return action.call();
        });
    Thread.ofPlatform().name("in-" + namespace).start(task);
    try {
      return task.get();
    } catch (ExecutionException e) {
      throw new AssertionError("in " + namespace, e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  private static void enter(Namespace namespace) {
    String path = "/run/netns/" + namespace.name();
    try (Arena arena = Arena.ofConfined()) {
      int fd =
          LibC.open
              .makeInvoker()
              .apply(arena.allocateFrom(path), LibC.O_RDONLY() | LibC.O_CLOEXEC());
      if (fd < 0 || LibC.setns(fd, LibC.CLONE_NEWNET()) != 0) {
        throw new AssertionError("cannot enter " + path);
      }
      LibC.close(fd);
    }
  }

  /** The index of an interface in a lab's namespace. */
  public static int interfaceIndex(Namespace namespace, String device) {
    String line = namespace.sh("ip -o link show dev " + device);
    return Integer.parseInt(line.substring(0, line.indexOf(':')));
  }
}

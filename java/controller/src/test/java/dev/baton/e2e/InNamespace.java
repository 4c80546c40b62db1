package dev.baton.e2e;

import dev.baton.bindings.libc.LibC;
import dev.baton.lab.Namespace;
import java.lang.foreign.Arena;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Runs a test's own code in one of a lab's network namespaces, each time on a thread of its own.
 */
final class InNamespace {
  private InNamespace() {}

  /** In the background. */
  static <T> FutureTask<T> start(Namespace namespace, Callable<T> work) {
    FutureTask<T> task =
        new FutureTask<>(() -> {
          enter(namespace);
          return work.call();
        });
    Thread.ofPlatform().daemon().name("in-" + namespace.name()).start(task);
    return task;
  }

  /** To its end. */
  static <T> T call(Namespace namespace, Callable<T> work) {
    return result(start(namespace, work));
  }

  /** What came of {@link #start}. */
  static <T> T result(FutureTask<T> task) {
    try {
      return task.get();
    } catch (ExecutionException | InterruptedException e) {
      throw new AssertionError(e.getCause() == null ? e : e.getCause());
    }
  }

  private static void enter(Namespace namespace) {
    try (Arena arena = Arena.ofConfined()) {
      int fd =
          LibC.open
              .makeInvoker()
              .apply(
                  arena.allocateFrom("/run/netns/" + namespace.name()),
                  LibC.O_RDONLY() | LibC.O_CLOEXEC());
      if (fd < 0 || LibC.setns(fd, LibC.CLONE_NEWNET()) != 0) {
        throw new AssertionError("cannot enter network namespace " + namespace);
      }
      LibC.close(fd);
    }
  }
}

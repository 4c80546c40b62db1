package dev.baton.lab;

import dev.baton.bindings.libc.LibC;
import java.lang.foreign.Arena;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** Runs one's own code in one of a lab's network namespaces, each time on a thread of its own. */
public final class InNamespace {
  private InNamespace() {}

  /**
   * In the background.
   *
   * @param namespace where the thread is to be
   * @param work what it does; threads that it starts are in there too
   */
  public static <T> FutureTask<T> start(Namespace namespace, Callable<T> work) {
    FutureTask<T> task =
        new FutureTask<>(() -> {
          enter(namespace);
          return work.call();
        });
    Thread.ofPlatform().daemon().name("in-" + namespace.name()).start(task);
    return task;
  }

  /**
   * To its end.
   *
   * @param namespace where the thread is to be
   * @param work what it does
   * @throws LabException if that fails
   */
  public static <T> T call(Namespace namespace, Callable<T> work) {
    return result(start(namespace, work));
  }

  /**
   * What came of {@link #start}.
   *
   * @throws LabException if it failed
   */
  public static <T> T result(FutureTask<T> task) {
    try {
      return task.get();
    } catch (ExecutionException e) {
      throw new LabException("in a namespace: " + e.getCause(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LabException("interrupted in a namespace", e);
    }
  }

  /**
   * The calling thread from now on; for good, so it should be one of its own.
   *
   * @param namespace where it is to be
   * @throws LabException if the kernel refuses
   */
  public static void enter(Namespace namespace) {
    try (Arena arena = Arena.ofConfined()) {
      int fd =
          LibC.open
              .makeInvoker()
              .apply(
                  arena.allocateFrom("/run/netns/" + namespace.name()),
                  LibC.O_RDONLY() | LibC.O_CLOEXEC());
      if (fd < 0 || LibC.setns(fd, LibC.CLONE_NEWNET()) != 0) {
        throw new LabException("cannot enter network namespace " + namespace);
      }
      LibC.close(fd);
    }
  }
}

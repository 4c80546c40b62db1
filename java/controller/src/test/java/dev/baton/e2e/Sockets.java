package dev.baton.e2e;

import dev.baton.bindings.libc.LibC;
import dev.baton.lab.Namespace;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.StandardProtocolFamily;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Sockets of one namespace of a lab, in this JVM: a socket belongs to the namespace of the thread
 * that made it, and may be used by any thread from then on.
 */
final class Sockets implements AutoCloseable {
  private final ExecutorService inside =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("inside").factory());

  Sockets(Namespace namespace) {
    in(() -> {
      try (Arena arena = Arena.ofConfined()) {
        int fd =
            LibC.open
                .makeInvoker()
                .apply(
                    arena.allocateFrom("/run/netns/" + namespace.name()),
                    LibC.O_RDONLY() | LibC.O_CLOEXEC());
        if (fd < 0 || LibC.setns(fd, LibC.CLONE_NEWNET()) != 0) {
          throw new AssertionError("cannot enter " + namespace);
        }
        LibC.close(fd);
        return fd;
      }
    });
  }

  /** A socket that is not connected. */
  SocketChannel socket(StandardProtocolFamily family) {
    return in(() -> SocketChannel.open(family));
  }

  /** A listening socket that is not bound. */
  ServerSocketChannel listener(StandardProtocolFamily family) {
    return in(() -> ServerSocketChannel.open(family));
  }

  /** Sets a switch of the namespace, as sysctl names it, without a program for it. */
  void sysctl(String key, String value) {
    in(() -> Files.writeString(Path.of("/proc/sys/" + key.replace('.', '/')), value));
  }

  /** Does something in the namespace; one thread does all of it. */
  <T> T in(Callable<T> action) {
    try {
      return inside.submit(action).get();
    } catch (ExecutionException e) {
      throw new AssertionError(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() throws IOException {
    inside.shutdown();
  }
}

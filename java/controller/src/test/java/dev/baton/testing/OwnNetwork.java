package dev.baton.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.bindings.libc.LibC;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;

/**
 * Runs each test method of a class in a network namespace of its own, loopback up, on a thread that
 * ends with it. Nothing is left behind whatever happens: the namespace has no name once it is
 * entered, and goes with its last socket. Without root the test is skipped, by name.
 */
public final class OwnNetwork implements InvocationInterceptor {
  private static final AtomicInteger COUNT = new AtomicInteger();

  @Override
  public void interceptTestMethod(
      Invocation<@Nullable Void> invocation,
      ReflectiveInvocationContext<Method> method,
      ExtensionContext context)
      throws Throwable {
    inside(invocation);
  }

  @Override
  public void interceptTestTemplateMethod(
      Invocation<@Nullable Void> invocation,
      ReflectiveInvocationContext<Method> method,
      ExtensionContext context)
      throws Throwable {
    inside(invocation);
  }

  private static void inside(Invocation<@Nullable Void> invocation) throws Throwable {
    assumeTrue("root".equals(System.getProperty("user.name")), "needs root");
    assumeTrue(program("ip"), "needs the program ip");
    FutureTask<Boolean> task =
        new FutureTask<>(() -> {
          enter();
          try {
            invocation.proceed();
          } catch (Exception | Error e) {
            throw e;
          } catch (Throwable t) {
            throw new AssertionError(t);
          }
          return true;
        });
    Thread thread = Thread.ofPlatform().name("own-network").start(task);
    try {
      task.get();
    } catch (ExecutionException e) {
      throw e.getCause() == null ? e : e.getCause();
    } finally {
      thread.join();
    }
  }

  private static void enter() {
    String name = "test-" + ProcessHandle.current().pid() + "-" + COUNT.incrementAndGet();
    run("ip", "netns", "add", name);
    try (Arena arena = Arena.ofConfined()) {
      int fd =
          LibC.open
              .makeInvoker()
              .apply(arena.allocateFrom("/run/netns/" + name), LibC.O_RDONLY() | LibC.O_CLOEXEC());
      if (fd < 0 || LibC.setns(fd, LibC.CLONE_NEWNET()) != 0) {
        throw new AssertionError("cannot enter network namespace " + name);
      }
      LibC.close(fd);
    } finally {
      run("ip", "netns", "del", name);
    }
    run("ip", "link", "set", "lo", "up");
  }

  /** Whether a program is installed. */
  public static boolean program(String name) {
    return Files.isExecutable(Path.of("/usr/sbin/" + name))
        || Files.isExecutable(Path.of("/usr/bin/" + name))
        || Files.isExecutable(Path.of("/sbin/" + name));
  }

  /** A command's output; on a test's thread it runs in the test's namespace. */
  public static String run(String... command) {
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

  /** Sets a switch of the calling thread's namespace, as sysctl names it. */
  public static void sysctl(String key, String value) {
    try {
      Files.writeString(Path.of("/proc/sys/" + key.replace('.', '/')), value);
    } catch (IOException e) {
      throw new AssertionError(key, e);
    }
  }
}

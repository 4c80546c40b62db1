package dev.baton.lab;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Runs other programs, each with a time limit. */
public final class Commands {
  private static final Duration OUTPUT_LIMIT = Duration.ofSeconds(5);

  private Commands() {}

  /**
   * Runs a command to its end.
   *
   * @param limit how long it may take; see {@link Patience}
   * @param command program and arguments
   * @return what it left behind, whatever its exit code
   * @throws LabException if it cannot be started or takes too long (then it is killed)
   */
  public static Result run(Duration limit, List<String> command) {
    Duration patient = Patience.with(limit);
    String shown = String.join(" ", command);
    Process process = start(builder(command), shown);
    FutureTask<String> out = read(process.getInputStream());
    FutureTask<String> err = read(process.getErrorStream());
    try {
      process.getOutputStream().close();
      if (!process.waitFor(patient.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new LabException("'%s' took longer than %d ms".formatted(shown, patient.toMillis()));
      }
      return new Result(shown, process.exitValue(), text(out), text(err));
    } catch (TimeoutException e) {
      throw new LabException(
          "'" + shown + "' ended, but left a process behind that holds its output", e);
    } catch (ExecutionException e) {
      throw new LabException("the output of '" + shown + "' is lost", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LabException("interrupted in '" + shown + "'", e);
    } catch (IOException e) {
      throw new LabException("'" + shown + "' failed", e);
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  /** A builder with a full PATH and plain messages, whatever the caller's environment. */
  static ProcessBuilder builder(List<String> command) {
    var builder = new ProcessBuilder(command);
    builder
        .environment()
        .merge("PATH", "/usr/bin:/bin:/usr/sbin:/sbin", (old, more) -> old + ":" + more);
    builder.environment().put("LC_ALL", "C.UTF-8");
    return builder;
  }

  static Process start(ProcessBuilder builder, String shown) {
    try {
      return builder.start();
    } catch (IOException e) {
      throw new LabException("cannot start '" + shown + "'", e);
    }
  }

  private static String text(FutureTask<String> output)
      throws InterruptedException, ExecutionException, TimeoutException {
    return output.get(OUTPUT_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
  }

  /**
   * Reads on a platform thread: a read from a pipe would hold a virtual thread's carrier for as
   * long as it blocks.
   */
  private static FutureTask<String> read(InputStream stream) {
    var text =
        new FutureTask<>(() -> {
          try (stream) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
          }
        });
    Thread.ofPlatform().daemon().name("lab-output").start(text);
    return text;
  }
}

package dev.baton.lab;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Runs other programs, each with a time limit. */
public final class Commands {
  private Commands() {}

  /**
   * Runs a command to its end.
   *
   * @param limit how long it may take
   * @param command program and arguments
   * @return what it left behind, whatever its exit code
   * @throws LabException if it cannot be started or takes too long (then it is killed)
   */
  public static Result run(Duration limit, List<String> command) {
    String shown = String.join(" ", command);
    Process process = start(builder(command), shown);
    CompletableFuture<String> out = read(process.getInputStream());
    CompletableFuture<String> err = read(process.getErrorStream());
    try {
      process.getOutputStream().close();
      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new LabException("'%s' took longer than %d ms".formatted(shown, limit.toMillis()));
      }
      return new Result(shown, process.exitValue(), out.join(), err.join());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LabException("interrupted in '" + shown + "'", e);
    } catch (IOException e) {
      throw new LabException("'" + shown + "' failed", e);
    } finally {
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

  private static CompletableFuture<String> read(InputStream stream) {
    var text = new CompletableFuture<String>();
    Thread.ofVirtual()
        .start(() -> {
          try (stream) {
            text.complete(new String(stream.readAllBytes(), StandardCharsets.UTF_8));
          } catch (IOException | UncheckedIOException e) {
            text.complete("(output lost: " + e.getMessage() + ")");
          }
        });
    return text;
  }
}

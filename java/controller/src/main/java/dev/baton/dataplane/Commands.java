package dev.baton.dataplane;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Runs the system's own tools where they are the well-kept way to a kernel interface. */
final class Commands {
  private static final int SECONDS = 10;

  private Commands() {}

  /** Runs a command and gives what it printed; nothing when it failed. */
  static String output(String... command) {
    Result result = run("", command);
    return result.status == 0 ? result.text : "";
  }

  record Result(int status, String text) {}

  /**
   * Runs a command.
   *
   * @param input its standard input
   * @return its exit status and all it printed; 127 when it is not installed
   */
  static Result run(String input, String... command) {
    try {
      Path in = Files.createTempFile("baton", ".in");
      Path out = Files.createTempFile("baton", ".out");
      try {
        Files.writeString(in, input);
        Process process =
            new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectInput(in.toFile())
                .redirectOutput(out.toFile())
                .start();
        if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
          process.destroyForcibly();
          return new Result(124, String.join(" ", command) + " took over " + SECONDS + " s");
        }
        return new Result(process.exitValue(), Files.readString(out, StandardCharsets.UTF_8));
      } finally {
        Files.delete(in);
        Files.delete(out);
      }
    } catch (IOException e) {
      // ENOENT, as JDKs before and since 25 word it.
      String message = String.valueOf(e.getMessage());
      if (message.contains("error=2,") || message.contains("error: 2 ")) {
        return new Result(127, command[0] + " is not installed");
      }
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Result(130, "interrupted");
    }
  }
}

package dev.baton.lab;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * A program running in the background. Its output, standard output and error as one, is kept in
 * memory line by line and written to a log file. It has a process group of its own, so that Ctrl-C
 * reaches only the JVM, which then ends its children in the right order.
 */
public final class Child implements AutoCloseable {
  private static final Duration STOP_LIMIT = Duration.ofSeconds(5);

  private final String name;
  private final Process process;
  private final Thread reader;
  private final List<String> lines = new ArrayList<>();
  private boolean ended;

  private Child(String name, Process process, Path log) {
    this.name = name;
    this.process = process;
    this.reader = Thread.ofPlatform().daemon().name(name).unstarted(() -> collect(log));
  }

  static Child start(String name, Path log, List<String> command) {
    // setsid does not fork here, so the process id stays the program's own.
    var full = new ArrayList<>(List.of("setsid"));
    full.addAll(command);
    var builder = Commands.builder(full).redirectErrorStream(true);
    var child = new Child(name, Commands.start(builder, String.join(" ", command)), log);
    child.reader.start();
    return child;
  }

  private void collect(Path log) {
    try (BufferedReader in = process.inputReader(StandardCharsets.UTF_8);
        Writer out = Files.newBufferedWriter(log)) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        out.append(line).append('\n').flush();
        synchronized (lines) {
          lines.add(line);
          lines.notifyAll();
        }
      }
    } catch (IOException e) {
      synchronized (lines) {
        lines.add("(output lost: " + e.getMessage() + ")");
      }
    } finally {
      synchronized (lines) {
        ended = true;
        lines.notifyAll();
      }
    }
  }

  /** Its process id. */
  public long pid() {
    return process.pid();
  }

  /** Whether it still runs. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /** All it has printed so far. */
  public List<String> lines() {
    synchronized (lines) {
      return List.copyOf(lines);
    }
  }

  /**
   * Waits for a line of output, one already printed included.
   *
   * @param wanted what the line must be like
   * @param limit how long to wait
   * @return the first such line
   * @throws LabException if none came in time or the program ended without it; the message has all
   *     output
   */
  public String awaitLine(Predicate<String> wanted, Duration limit) {
    Duration patient = Patience.with(limit);
    long deadline = System.nanoTime() + patient.toNanos();
    int seen = 0;
    synchronized (lines) {
      while (true) {
        for (; seen < lines.size(); seen++) {
          if (wanted.test(lines.get(seen))) {
            return lines.get(seen);
          }
        }
        long left = (deadline - System.nanoTime()) / 1_000_000;
        if (ended || left <= 0) {
          throw new LabException(
              "%s %s; its output:\n%s"
                  .formatted(
                      name,
                      ended
                          ? "ended too early"
                          : "was not there within " + patient.toMillis() + " ms",
                      String.join("\n", lines)));
        }
        try {
          lines.wait(left);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new LabException("interrupted while waiting for " + name, e);
        }
      }
    }
  }

  /**
   * Waits for its end.
   *
   * @param limit how long to wait
   * @return the exit code, 128 + n after signal n
   * @throws LabException if it still runs then
   */
  public int awaitEnd(Duration limit) {
    if (!waitFor(limit)) {
      throw new LabException(name + " still runs after " + Patience.with(limit).toMillis() + " ms");
    }
    return process.exitValue();
  }

  /**
   * Sends SIGTERM and waits; SIGKILL when the time is up.
   *
   * @param limit how long it may take to end by itself
   * @return whether it ended by itself
   */
  public boolean stop(Duration limit) {
    process.destroy();
    if (waitFor(limit)) {
      return true;
    }
    kill();
    return false;
  }

  /** Sends SIGKILL and waits for the end. */
  public void kill() {
    process.destroyForcibly();
    waitFor(STOP_LIMIT);
  }

  private boolean waitFor(Duration limit) {
    Duration patient = Patience.with(limit);
    try {
      boolean done = process.waitFor(patient.toMillis(), TimeUnit.MILLISECONDS);
      if (done) {
        reader.join(patient);
      }
      return done;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return !process.isAlive();
    }
  }

  @Override
  public void close() {
    if (process.isAlive()) {
      stop(STOP_LIMIT);
    }
  }
}

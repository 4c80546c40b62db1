package dev.baton.compare;

import dev.baton.lab.LabException;
import dev.baton.lab.Result;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Load by wrk, from a way's client: many connections at a time, each asking again and again. */
final class Wrk {
  private static final Pattern RESULT =
      Pattern.compile(
          "^result (\\d+) (\\d+) (\\d+) (\\d+) (\\d+) (\\d+) (\\d+)$", Pattern.MULTILINE);
  private static final String SCRIPT = "load.lua";
  private static final Duration MORE = Duration.ofSeconds(60);
  private static final int THREADS = 2;
  private static final long MOST_FILES = 262_144;

  private final Path script;
  private final Path hosts;

  /**
   * @param folder for its script
   * @throws UncheckedIOException if that cannot be written
   */
  Wrk(Path folder) {
    script = folder.resolve(SCRIPT);
    hosts = folder.resolve("hosts");
    try (InputStream in = Wrk.class.getResourceAsStream(SCRIPT)) {
      Files.write(script, Objects.requireNonNull(in, SCRIPT).readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write wrk's script", e);
    }
  }

  /**
   * What wrk is to do.
   *
   * @param object the file's name
   * @param connections at a time
   * @param seconds for how long
   * @param fresh whether each request has a connection of its own
   * @param tls whether by TLS
   * @param pause mean pause before a connection's request, in ms; 0: none
   */
  record Task(
      String object, int connections, int seconds, boolean fresh, boolean tls, double pause) {
    /** A request on a new connection each time. */
    static Task fresh(String object, int connections, int seconds) {
      return new Task(object, connections, seconds, true, false, 0);
    }

    /** One request after the other on the same connections. */
    static Task kept(String object, int connections, int seconds) {
      return new Task(object, connections, seconds, false, false, 0);
    }

    Task overTls() {
      return new Task(object, connections, seconds, fresh, true, pause);
    }

    Task withPause(double milliseconds) {
      return new Task(object, connections, seconds, fresh, tls, milliseconds);
    }
  }

  /**
   * What came of it.
   *
   * @param requests answered, whatever their status
   * @param seconds it took
   * @param errors connections that could not be made, were reset or were silent; answers other than
   *     2xx
   */
  record Outcome(long requests, double seconds, long errors) {
    double perSecond() {
      return requests / seconds;
    }
  }

  /**
   * Runs it.
   *
   * @throws LabException if wrk fails
   */
  Outcome run(Way way, Task task) {
    List<String> line = new ArrayList<>();
    if (task.tls()) {
      writeHosts(way);
      // Its own idea of the site's address: wrk names the server by the URL's host.
      line.addAll(
          List.of(
              "unshare",
              "--mount",
              "sh",
              "-ec",
              "mount --bind \"$1\" /etc/hosts; shift; exec \"$@\"",
              "sh",
              hosts.toString()));
    }
    line.addAll(List.of("prlimit", "--nofile=" + Math.min(MOST_FILES, Machine.openFiles()), "wrk"));
    line.add("-t" + Math.min(THREADS, task.connections()));
    line.add("-c" + task.connections());
    line.add("-d" + task.seconds() + "s");
    line.addAll(List.of("--timeout", "10s", "-s", script.toString(), "-H", "Host: " + Site.NAME));
    if (task.fresh()) {
      line.addAll(List.of("-H", "Connection: close"));
    }
    line.add(
        task.tls()
            ? "https://%s:%d/%s".formatted(Site.NAME, Site.HTTPS, task.object())
            : way.url(task.object()));
    line.addAll(List.of("--", Double.toString(task.pause())));
    Result result = way.client().run(MORE.plusSeconds(task.seconds()), line.toArray(String[]::new));
    Matcher said = RESULT.matcher(result.orThrow());
    if (!said.find()) {
      throw new LabException("no result in " + result);
    }
    long errors = 0;
    for (int i = 3; i <= said.groupCount(); i++) {
      errors += Long.parseLong(said.group(i));
    }
    return new Outcome(Long.parseLong(said.group(1)), Long.parseLong(said.group(2)) / 1e6, errors);
  }

  private void writeHosts(Way way) {
    try {
      Files.writeString(hosts, way.address() + " " + Site.NAME + "\n");
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + hosts, e);
    }
  }
}

package dev.baton.demo;

import dev.baton.lab.Child;
import dev.baton.lab.Lab;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Counts, by strace, the bytes that a process reads from and writes to its sockets, until closed.
 */
final class SocketWatch implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(10);
  private static final String CALLS =
      "read,readv,write,writev,recvfrom,recvmsg,recvmmsg,sendto,sendmsg,sendmmsg,splice,tee,vmsplice,sendfile";

  /**
   * strace -yy writes what a descriptor is behind its number: a path, or the kind of socket; newer
   * ones for an eventfd its state, in braces. Netlink does not count: that is how the controller
   * asks for its own tc filters.
   */
  private static final Pattern SOCKET_CALL =
      Pattern.compile("^(\\d+) +\\w+\\(\\d+<(?!/|\\{|anon_inode:|pipe:|NETLINK:).*$");

  private static final Pattern RETURNED = Pattern.compile("^(\\d+) .*\\) = (\\d+).*$");
  private static final Pattern RESUMED = Pattern.compile("^(\\d+) +<\\.\\.\\. \\w+ resumed>.*$");

  private final Child child;
  private final Path file;

  private SocketWatch(Child child, Path file) {
    this.child = child;
    this.file = file;
  }

  /** Attaches; when it returns, all threads of the process are watched. */
  static SocketWatch start(Lab lab, long pid) {
    Path file = lab.folder().resolve("strace-" + pid);
    // In the DMZ node's namespace: strace asks the kernel there what the sockets are.
    Child child =
        lab.dmz()
            .start(
                "strace",
                "strace",
                "-f",
                "-yy",
                "-s",
                "0",
                "-e",
                "signal=none",
                "-e",
                "trace=" + CALLS,
                "-o",
                file.toString(),
                "-p",
                Long.toString(pid));
    var watch = lab.own(new SocketWatch(child, file));
    child.awaitLine(line -> line.contains("attached"), LIMIT);
    return watch;
  }

  /** Bytes read from and written to sockets so far. */
  long bytes() {
    try {
      return Files.exists(file) ? bytes(Files.readAllLines(file)) : 0;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read what strace wrote", e);
    }
  }

  /** The same, from strace's lines. */
  static long bytes(List<String> lines) {
    long sum = 0;
    Map<String, Boolean> unfinished = new HashMap<>();
    for (String line : lines) {
      Matcher call = SOCKET_CALL.matcher(line);
      boolean socket = call.matches();
      if (line.endsWith("<unfinished ...>")) {
        unfinished.put(line.substring(0, line.indexOf(' ')), socket);
        continue;
      }
      Matcher resumed = RESUMED.matcher(line);
      if (resumed.matches()) {
        socket = Boolean.TRUE.equals(unfinished.remove(resumed.group(1)));
      }
      Matcher returned = RETURNED.matcher(line);
      if (socket && returned.matches()) {
        sum += Long.parseLong(returned.group(2));
      }
    }
    return sum;
  }

  @Override
  public void close() {
    child.close();
  }
}

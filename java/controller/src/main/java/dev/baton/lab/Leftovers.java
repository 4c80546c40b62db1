package dev.baton.lab;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Removes what labs leave. A lab's name tells the process that made it and when that process
 * started, so that what belongs to a dead one is known even after its number has been given to
 * another.
 */
final class Leftovers {
  private static final Path NAMESPACES = Path.of("/run/netns");
  private static final Pattern NAME = Pattern.compile("(bt(\\d+)-[0-9a-z]+-)\\d+-.*");
  private static final Duration LIMIT = Duration.ofSeconds(10);

  private Leftovers() {}

  /** How the names of a process's labs begin. */
  static String prefix(long pid) {
    return "bt%d-%s-".formatted(pid, Long.toString(startTicks(pid), 36));
  }

  /**
   * Field 22 of proc_pid_stat(5); unlike a date it does not move when the clock is set. 0 if there
   * is no such process.
   */
  private static long startTicks(long pid) {
    try {
      String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
      return Long.parseLong(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[19]);
    } catch (IOException e) {
      return 0;
    }
  }

  /** Removes the namespaces, processes, mounts and folders of labs whose JVM is dead. */
  static void remove() {
    for (Path stale : stale(NAMESPACES)) {
      removeNamespace(stale.getFileName().toString());
    }
    for (Path stale : stale(Path.of(System.getProperty("java.io.tmpdir")))) {
      mountsBelow(stale).forEach(Leftovers::unmount);
      removeFolder(stale);
    }
  }

  private static List<Path> stale(Path folder) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.filter(entry -> isStale(entry.getFileName().toString())).toList();
    } catch (IOException e) {
      return List.of();
    }
  }

  static boolean isStale(String name) {
    Matcher parts = NAME.matcher(name);
    if (!parts.matches()) {
      return false;
    }
    return !prefix(Long.parseLong(parts.group(2))).equals(parts.group(1));
  }

  /** Kills what runs in a namespace and deletes it. */
  static void removeNamespace(String name) {
    var namespace = new Namespace(name, Path.of("/nowhere"));
    long deadline = System.nanoTime() + LIMIT.toNanos();
    List<ProcessHandle> left = namespace.processes();
    while (!left.isEmpty() && System.nanoTime() < deadline) {
      left.forEach(ProcessHandle::destroyForcibly);
      left.forEach(
          process -> process.onExit().completeOnTimeout(process, 1, TimeUnit.SECONDS).join());
      left = namespace.processes();
    }
    Result result = Commands.run(LIMIT, List.of("ip", "netns", "delete", name));
    if (result.exit() != 0) {
      System.err.println("while removing the lab: " + result);
    }
  }

  private static List<Path> mountsBelow(Path folder) {
    try (Stream<String> mounts = Files.lines(Path.of("/proc/self/mounts"))) {
      var below = new ArrayList<Path>();
      mounts
          .map(line -> Path.of(line.split(" ", -1)[1]))
          .filter(path -> path.startsWith(folder))
          .forEach(below::add);
      return below.reversed();
    } catch (IOException e) {
      return List.of();
    }
  }

  static void unmount(Path where) {
    // Lazily: somebody's shell may stand in there.
    Result result = Commands.run(LIMIT, List.of("umount", "--lazy", where.toString()));
    if (result.exit() != 0) {
      System.err.println("while removing the lab: " + result);
    }
  }

  /** Deletes a folder with all in it, but never follows a link or enters another file system. */
  static void removeFolder(Path folder) {
    if (!Files.isDirectory(folder)) {
      return;
    }
    try {
      Object store = Files.getAttribute(folder, "unix:dev");
      Files.walkFileTree(
          folder,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path each, BasicFileAttributes attributes)
                throws IOException {
              return store.equals(Files.getAttribute(each, "unix:dev"))
                  ? FileVisitResult.CONTINUE
                  : FileVisitResult.SKIP_SUBTREE;
            }

            @Override
            public FileVisitResult visitFile(Path each, BasicFileAttributes attributes)
                throws IOException {
              Files.deleteIfExists(each);
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path each, @Nullable IOException e)
                throws IOException {
              Files.deleteIfExists(each);
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      System.err.println("while removing the lab: " + e);
    }
  }
}

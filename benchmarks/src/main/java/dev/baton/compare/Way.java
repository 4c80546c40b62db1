package dev.baton.compare;

import dev.baton.lab.Lab;
import dev.baton.lab.Namespace;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A way that is open: whoever asks {@link #address()} for the site gets it.
 *
 * @param kind which
 * @param lab its own network
 * @param address where the client connects to
 * @param processes of the programs that stand in the middle; none if the kernel does it all
 */
record Way(Kind kind, Lab lab, String address, List<Long> processes) implements AutoCloseable {
  /** Where the client is. */
  Namespace client() {
    return lab.client();
  }

  /** The URL of one of the site's files, by the address. */
  String url(String name) {
    return "http://" + address + "/" + name;
  }

  /** Memory that the programs in the middle have in RAM, their children included, in bytes. */
  long residentBytes() {
    long sum = 0;
    for (long pid : withChildren()) {
      try (Stream<String> lines = Files.lines(Path.of("/proc/" + pid + "/status"))) {
        sum +=
            lines
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
                .sum();
      } catch (IOException e) {
        throw new UncheckedIOException("process " + pid + " is gone", e);
      }
    }
    return sum;
  }

  private List<Long> withChildren() {
    List<Long> all = new ArrayList<>(processes);
    for (long pid : processes) {
      ProcessHandle.of(pid).stream()
          .flatMap(ProcessHandle::descendants)
          .map(ProcessHandle::pid)
          .forEach(all::add);
    }
    return all;
  }

  @Override
  public void close() {
    lab.close();
  }
}

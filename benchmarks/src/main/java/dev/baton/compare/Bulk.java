package dev.baton.compare;

import dev.baton.lab.Child;
import dev.baton.lab.LabException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A large file, by curl: on one connection or several at a time, down or up. */
final class Bulk implements Load {
  private static final Measure RATE = new Measure("rate", "Gbit/s", true);
  private static final Measure CPU = new Measure("processor time", "s/GB", false);
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final double GB = 1e9;

  private final Site site;
  private final int connections;
  private final boolean up;

  /**
   * @param connections at a time, each the whole file
   * @param up whether the client sends it
   */
  Bulk(Site site, int connections, boolean up) {
    this.site = site;
    this.connections = connections;
    this.up = up;
  }

  @Override
  public String name() {
    return (up ? "upload-" : "bulk-") + connections;
  }

  @Override
  public String description() {
    return "%s %,d MB, %s"
        .formatted(
            up ? "upload of" : "download of",
            site.bulk().bytes() / 1_000_000,
            connections == 1 ? "one connection" : connections + " connections at a time");
  }

  @Override
  public List<Measure> measures() {
    return List.of(RATE, CPU);
  }

  @Override
  public Map<Measure, Double> run(Way way) {
    double busy = Machine.busySeconds();
    long start = System.nanoTime();
    List<Child> all = new ArrayList<>();
    for (int i = 0; i < connections; i++) {
      all.add(way.client().start("curl-" + i, line(way, i)));
    }
    for (Child child : all) {
      if (child.awaitEnd(LIMIT) != 0) {
        throw new LabException("%s over %s: %s".formatted(name(), way.kind(), child.lines()));
      }
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    double bytes = (double) connections * site.bulk().bytes();
    busy = Machine.busySeconds() - busy;
    check(way, all);
    return Map.of(RATE, bytes * 8 / seconds / 1e9, CPU, busy / bytes * GB);
  }

  private String[] line(Way way, int number) {
    List<String> line =
        new ArrayList<>(
            List.of(
                "curl",
                "-q",
                "-sSf",
                "--noproxy",
                "*",
                "-o",
                "/dev/null",
                "-w",
                "%{size_download} %{size_upload}",
                "-H",
                "Host: " + Site.NAME));
    if (up) {
      // Without it curl waits for a 100 before it sends.
      line.addAll(List.of("-H", "Expect:", "-T", site.folder().resolve("bulk").toString()));
      line.add(way.url("up/" + number));
    } else {
      line.add(way.url("bulk"));
    }
    return line.toArray(String[]::new);
  }

  private void check(Way way, List<Child> all) {
    for (Child child : all) {
      String[] sizes = child.lines().getLast().split(" ", -1);
      if (Long.parseLong(sizes[up ? 1 : 0]) != site.bulk().bytes()) {
        throw new LabException("%s over %s: %s".formatted(name(), way.kind(), child.lines()));
      }
    }
    if (up) {
      for (int i = 0; i < connections; i++) {
        Path copy = way.lab().target(1).files().resolve("up").resolve(Integer.toString(i));
        try {
          if (Files.size(copy) != site.bulk().bytes()) {
            throw new LabException("%s over %s is not whole".formatted(name(), way.kind()));
          }
          Files.delete(copy);
        } catch (IOException e) {
          throw new UncheckedIOException("the upload did not arrive", e);
        }
      }
    }
  }
}

package dev.baton.compare;

import dev.baton.compare.Load.Measure;
import dev.baton.lab.Commands;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/** Draws what was measured, by gnuplot. Its scripts stay beside the pictures. */
final class Charts {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final String HEAD =
      """
      set terminal svg size 920,440 dynamic font "sans-serif,13" background "white"
      set output "%s.svg"
      set title "%s"
      set key outside right top
      set grid ytics lc rgb "#dddddd"
      set border 3
      set tics nomirror
      """;

  private final Results results;
  private final Path folder;

  Charts(Results results, Path folder) {
    this.results = results;
    this.folder = folder;
  }

  /** Draws all that there are values for. */
  void draw() throws IOException {
    overview();
    sizes();
    latency();
  }

  private void overview() throws IOException {
    List<Load> loads =
        List.of("bulk-1", "upload-1", "kept-32", "fresh-32").stream()
            .flatMap(name -> results.load(name).stream())
            .toList();
    Set<Kind> kinds = kinds(loads);
    if (loads.isEmpty() || !kinds.contains(Kind.FORWARDING)) {
      return;
    }
    StringBuilder script =
        new StringBuilder(HEAD.formatted("overview", "Speed, in parts of plain forwarding's"));
    script.append("set style data histograms\nset style histogram clustered gap 1\n");
    script.append("set style fill solid 0.85 border -1\nset yrange [0:*]\n$data << END\nload");
    kinds.forEach(kind -> script.append(' ').append(kind));
    for (Load load : loads) {
      script.append('\n').append(load.name());
      for (Kind kind : kinds) {
        OptionalDouble ratio =
            results.ratio(load, kind, Kind.FORWARDING, load.measures().getFirst());
        script.append(' ').append(value(ratio));
      }
    }
    script.append(
        "\nEND\nplot for [i=2:%d] $data using i:xtic(1) title columnheader(i)\n"
            .formatted(kinds.size() + 1));
    run("overview", script);
  }

  private void sizes() throws IOException {
    List<Load> loads = new ArrayList<>();
    List<Long> bytes = new ArrayList<>();
    for (Site.Sized object : Site.OBJECTS) {
      Optional<Load> load = results.load("size-" + object.name());
      if (load.isPresent()) {
        loads.add(load.get());
        bytes.add(object.bytes());
      }
    }
    if (loads.size() < 2) {
      return;
    }
    Set<Kind> kinds = kinds(loads);
    StringBuilder script =
        new StringBuilder(HEAD.formatted("sizes", "A new connection for each object"));
    script.append(
        "set logscale xy\nset format x \"%.0s %cB\"\nset xlabel \"size of the object\"\n");
    script.append("set ylabel \"Gbit/s\"\n$data << END\nbytes");
    kinds.forEach(kind -> script.append(' ').append(kind));
    for (int i = 0; i < loads.size(); i++) {
      script.append('\n').append(bytes.get(i));
      for (Kind kind : kinds) {
        Measure requests = loads.get(i).measures().getFirst();
        double rate = results.median(loads.get(i), kind, requests) * bytes.get(i) * 8 / 1e9;
        script.append(' ').append(value(OptionalDouble.of(rate)));
      }
    }
    script.append(
        "\nEND\nplot for [i=2:%d] $data using 1:i with linespoints lw 2 title columnheader(i)\n"
            .formatted(kinds.size() + 1));
    run("sizes", script);
  }

  private void latency() throws IOException {
    Optional<Load> found = results.load("latency-50");
    if (found.isEmpty()) {
      return;
    }
    Load load = found.get();
    Set<Kind> kinds = kinds(List.of(load));
    StringBuilder script =
        new StringBuilder(HEAD.formatted("latency", "Time to the first byte at half load, µs"));
    script.append("set style data histograms\nset style histogram clustered gap 1\n");
    script.append("set style fill solid 0.85 border -1\nset logscale y\n$data << END\npart");
    kinds.forEach(kind -> script.append(' ').append(kind));
    for (Measure measure : load.measures().subList(0, 4)) {
      script.append('\n').append(measure.name());
      for (Kind kind : kinds) {
        script.append(' ').append(value(OptionalDouble.of(results.median(load, kind, measure))));
      }
    }
    script.append(
        "\nEND\nplot for [i=2:%d] $data using i:xtic(1) title columnheader(i)\n"
            .formatted(kinds.size() + 1));
    run("latency", script);
  }

  private Set<Kind> kinds(List<Load> loads) {
    Set<Kind> all = EnumSet.allOf(Kind.class);
    loads.forEach(load -> all.retainAll(results.kinds(load)));
    return all;
  }

  private static String value(OptionalDouble value) {
    return value.isEmpty() ? "NaN" : String.format(Locale.ROOT, "%.4g", value.getAsDouble());
  }

  private void run(String name, StringBuilder text) throws IOException {
    Path script = folder.resolve(name + ".gnuplot");
    Files.writeString(script, text);
    Commands.run(
            LIMIT,
            List.of(
                "sh",
                "-ec",
                "cd \"$0\" && gnuplot \"$1\"",
                folder.toString(),
                script.getFileName().toString()))
        .orThrow();
  }
}

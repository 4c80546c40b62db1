package dev.baton.cli;

import dev.baton.directory.ByteRange;
import dev.baton.directory.ClusterFile;
import dev.baton.directory.ClusterScalars;
import dev.baton.directory.PartSpec;
import dev.baton.directory.SiteSpec;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code baton part}. */
@Command(
    name = "part",
    mixinStandardHelpOptions = true,
    description = "Lists, shows, adds and removes parts of a site.")
final class PartCommand implements Runnable {
  @Spec private @Nullable CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(Objects.requireNonNull(spec).commandLine(), "Missing command");
  }

  private PrintWriter out() {
    return Objects.requireNonNull(spec).commandLine().getOut();
  }

  /** Which part of which site. */
  static final class Slice {
    @Parameters(index = "0", paramLabel = "HOST", description = "The site's host.")
    private String host = "";

    @Parameters(index = "1", paramLabel = "PATH", description = "The part's path.")
    private String path = "";

    @Option(
        names = "--range",
        paramLabel = "FIRST-LAST",
        description = "Bytes of the file at this path.")
    private @Nullable String range;

    private String host() {
      return Editing.value("HOST", ClusterScalars.HOST, host);
    }

    private PartSpec part(String group) {
      @Nullable ByteRange bytes =
          range == null ? null : Editing.value("--range", ClusterScalars.BYTE_RANGE, range);
      return new PartSpec(
          Editing.value("PATH", ClusterScalars.PATH_OF_PART, path), bytes, group, List.of());
    }
  }

  /** All of a site. */
  @Command(name = "list", mixinStandardHelpOptions = true, description = "Lists a site's parts.")
  int list(
      @Mixin ConfigOption config,
      @Parameters(paramLabel = "HOST", description = "The site's host.") String host,
      @Option(names = "--json", description = "As JSON.") boolean json)
      throws IOException {
    List<Map<String, Object>> parts = parts(config, host);
    return json
        ? Editing.list(out(), true, parts, List.of())
        : Editing.list(
            out(),
            false,
            parts.stream().map(PartCommand::row).toList(),
            List.of("path", "range", "group", "copies"));
  }

  private static List<Map<String, Object>> parts(ConfigOption config, String host) {
    List<Map<String, Object>> parts = new ArrayList<>();
    Object list = Objects.requireNonNull(SiteCommand.find(config, host).get("parts"));
    for (Object part : (List<?>) list) {
      Map<String, Object> copy = new LinkedHashMap<>();
      ((Map<?, ?>) part).forEach((key, value) -> copy.put(String.valueOf(key), value));
      parts.add(copy);
    }
    return parts;
  }

  private static Map<String, Object> row(Map<String, Object> part) {
    List<String> copies = new ArrayList<>();
    for (Object each : (List<?>) Objects.requireNonNull(part.get("copies"))) {
      Map<?, ?> copy = (Map<?, ?>) each;
      copies.add("%s %s %s".formatted(copy.get("node"), copy.get("version"), copy.get("state")));
    }
    Map<String, Object> row = new LinkedHashMap<>(part);
    row.put("copies", copies);
    return row;
  }

  /** One of them. */
  @Command(name = "show", mixinStandardHelpOptions = true, description = "Shows one part.")
  int show(
      @Mixin ConfigOption config,
      @Mixin Slice slice,
      @Option(names = "--json", description = "As JSON.") boolean json)
      throws IOException {
    PartSpec wanted = slice.part("");
    ByteRange range = wanted.range();
    String bytes = range == null ? "" : range.toString();
    Map<String, Object> found =
        parts(config, slice.host()).stream()
            .filter(
                part -> wanted.path().equals(part.get("path")) && bytes.equals(part.get("range")))
            .findFirst()
            .orElseThrow(() -> Editing.refusal(none(slice.host(), wanted)));
    return Editing.show(out(), json, found);
  }

  /** One more. */
  @Command(
      name = "add",
      mixinStandardHelpOptions = true,
      description = {
        "Adds a part to a site whose other parts have groups too.",
        "A file's ranges are added from its first byte on."
      })
  int add(
      @Mixin ConfigOption config,
      @Mixin Slice slice,
      @Option(names = "--group", required = true, description = "The group that holds it.")
          String group) {
    PartSpec part = slice.part(Editing.value("--group", ClusterScalars.GROUP_NAME, group));
    return edit(
        config,
        slice.host(),
        parts -> {
          if (parts.stream().anyMatch(part::isSlice)) {
            throw Editing.refusal(
                "site %s has a part %s already".formatted(slice.host(), part.slice()));
          }
          List<PartSpec> more = new ArrayList<>(parts);
          more.add(part);
          return more;
        });
  }

  /** One less. */
  @Command(
      name = "remove",
      mixinStandardHelpOptions = true,
      description = {
        "Removes a part; what was in it has no place then, or that of a shorter path.",
        "A file's ranges are removed from its last byte on."
      })
  int remove(@Mixin ConfigOption config, @Mixin Slice slice) {
    PartSpec part = slice.part("");
    return edit(
        config,
        slice.host(),
        parts -> {
          List<PartSpec> others = parts.stream().filter(each -> !each.isSlice(part)).toList();
          if (others.size() == parts.size()) {
            throw Editing.refusal(none(slice.host(), part));
          }
          if (others.isEmpty()) {
            throw Editing.refusal(
                "site %s has no other part: expected baton site remove".formatted(slice.host()));
          }
          return others;
        });
  }

  private static String none(String host, PartSpec part) {
    return "site %s has no part %s".formatted(host, part.slice());
  }

  private int edit(ConfigOption config, String host, UnaryOperator<List<PartSpec>> change) {
    return Editing.edit(
        config,
        out(),
        Set.of(host),
        before -> {
          SiteSpec site = Editing.the(before.sites(), host, SiteSpec::host, "site");
          return with(before, site.withParts(change.apply(site.parts())));
        });
  }

  private static ClusterFile with(ClusterFile before, SiteSpec site) {
    return SiteCommand.withSites(
        before, Editing.with(before.sites(), site, SiteSpec::host, "site", true));
  }
}

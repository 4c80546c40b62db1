package dev.baton.directory;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One dataset with all that hangs on it, as the tables have it.
 *
 * @param hosts those of its sites, in order
 * @param parts by path and first byte
 */
record DatasetRow(
    int id,
    String name,
    String version,
    Dataset.Balance balance,
    Dataset.KeepAlive keepAlive,
    boolean assumed,
    List<HostRow> hosts,
    List<PartRow> parts) {
  /** A site. */
  record HostRow(String host, int httpsPort) {}

  /** A copy. */
  record CopyRow(String node, String version, String state) {}

  /** A part; its copies in the order of preference. */
  record PartRow(String path, @Nullable ByteRange range, String group, List<CopyRow> copies) {}

  /** What cluster.yaml would say. */
  SiteSpec spec() {
    List<String> aliases = new ArrayList<>();
    int httpsPort = 0;
    for (HostRow row : hosts) {
      if (row.host().equals(name)) {
        httpsPort = row.httpsPort();
      } else {
        aliases.add(row.host());
      }
    }
    List<PartSpec> specs = new ArrayList<>();
    for (PartRow part : parts) {
      List<String> nodes =
          part.group().isEmpty() ? part.copies().stream().map(CopyRow::node).toList() : List.of();
      specs.add(new PartSpec(part.path(), part.range(), part.group(), nodes));
    }
    return new SiteSpec(name, aliases, specs, balance, keepAlive, assumed, httpsPort);
  }

  /** What is wrong with the ranges of its paths; empty: nothing. */
  String problem() {
    if (parts.stream().allMatch(part -> part.range() == null)) {
      return "";
    }
    List<PartSpec> slices =
        parts.stream().map(part -> new PartSpec(part.path(), part.range(), "", List.of())).toList();
    return SiteRules.check(slices, node -> null, group -> null, false).stream()
        .min(Comparator.comparingInt(SiteRules.Problem::part))
        .map(problem -> slices.get(problem.part()).path() + ": " + problem.message())
        .orElse("");
  }
}

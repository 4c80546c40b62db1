package dev.baton.directory;

import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What cluster.yaml says of a site.
 *
 * @param host see {@link Site#host()}
 * @param aliases more hosts of the same dataset, in order
 * @param parts at least one, by path and range
 * @param balance see {@link Dataset#balance()}
 * @param keepAlive see {@link Dataset#keepAlive()}
 * @param assumed whether a copy that is new in the directory is taken for complete at once
 * @param httpsPort see {@link Site#httpsPort()}
 */
public record SiteSpec(
    String host,
    List<String> aliases,
    List<PartSpec> parts,
    Dataset.Balance balance,
    Dataset.KeepAlive keepAlive,
    boolean assumed,
    int httpsPort) {
  private static final Comparator<PartSpec> ORDER =
      Comparator.comparing(PartSpec::path)
          .thenComparingLong(part -> {
            ByteRange range = part.range();
            return range == null ? -1 : range.first();
          });

  /** Takes sorted copies. */
  public SiteSpec {
    aliases = aliases.stream().sorted().toList();
    parts = parts.stream().sorted(ORDER).toList();
  }

  /** Whether it is split, see {@link Dataset#isSplit()}. */
  public boolean isSplit() {
    return parts.size() > 1
        || !parts.getFirst().path().equals(Part.ALL)
        || parts.getFirst().range() != null;
  }

  /** The same with other parts. */
  public SiteSpec withParts(List<PartSpec> others) {
    return new SiteSpec(host, aliases, others, balance, keepAlive, assumed, httpsPort);
  }

  /** The host and its aliases. */
  List<String> hosts() {
    return Stream.concat(Stream.of(host), aliases.stream()).toList();
  }

  /** What there is to say in one line, defaults left out. */
  String text() {
    StringBuilder text = new StringBuilder();
    if (isSplit()) {
      text.append(
          parts.stream()
              .map(part -> part.slice() + " -> " + part.holder())
              .collect(Collectors.joining("; ")));
    } else {
      text.append(parts.getFirst().holder());
    }
    if (!aliases.isEmpty()) {
      text.append("; aliases ").append(String.join(", ", aliases));
    }
    if (balance != Dataset.Balance.LEAST_FLOWS) {
      text.append("; balance ").append(balance.text());
    }
    if (keepAlive != Dataset.KeepAlive.REUSE) {
      text.append("; keep-alive ").append(keepAlive.text());
    }
    if (!assumed) {
      text.append("; copies deployed");
    }
    if (httpsPort != 0) {
      text.append("; redirect to https port ").append(httpsPort);
    }
    return text.toString();
  }
}

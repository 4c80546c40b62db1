package dev.baton.directory;

import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/** The whole directory at one moment, immutable: all that a connection's decision reads. */
public final class Snapshot {
  private final long version;
  private final List<Node> nodes;
  private final SequencedMap<String, Site> sites = new LinkedHashMap<>();
  private final Map<String, Site> wildcards = new HashMap<>(); // by ".example.org"
  private final @Nullable Site defaultSite;

  /**
   * Takes copies.
   *
   * @param version see {@link Directory#version()}
   */
  public Snapshot(long version, Collection<Node> nodes, Collection<Site> sites) {
    this.version = version;
    this.nodes = List.copyOf(nodes);
    for (Site site : sites) {
      this.sites.put(site.host(), site);
      if (site.host().startsWith("*.")) {
        wildcards.put(site.host().substring(1), site);
      }
    }
    this.defaultSite = this.sites.get(Site.DEFAULT);
  }

  /** A directory with nothing in it. */
  public static Snapshot empty() {
    return new Snapshot(0, List.of(), List.of());
  }

  /**
   * The site of a host: the exact name, then the longest wildcard, then the default site. An exact
   * hit allocates nothing.
   *
   * @param host normalised; null for a request that names none, which gets the default site
   */
  public @Nullable Site find(@Nullable String host) {
    if (host == null) {
      return defaultSite;
    }
    Site exact = sites.get(host);
    if (exact != null) {
      return exact;
    }
    if (!wildcards.isEmpty()) {
      for (int dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
        Site wildcard = wildcards.get(host.substring(dot));
        if (wildcard != null) {
          return wildcard;
        }
      }
    }
    return defaultSite;
  }

  /** The {@link Directory#version()} this was read at. */
  public long version() {
    return version;
  }

  /** All nodes by name, those without a site too. */
  public List<Node> nodes() {
    return nodes;
  }

  /** All sites by host. */
  public Collection<Site> sites() {
    return java.util.Collections.unmodifiableCollection(sites.values());
  }
}

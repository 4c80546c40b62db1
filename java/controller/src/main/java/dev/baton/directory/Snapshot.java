package dev.baton.directory;

import java.util.AbstractCollection;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The whole directory at one moment, immutable: all that a connection's decision reads. A snapshot
 * made from another one shares what did not change.
 */
public final class Snapshot {
  private static final String WILDCARD = "*.";

  private final long version;
  private final long sequence;
  private final List<Node> nodes;
  private final Map<String, Node> byName = new HashMap<>();
  private final SiteTable exact;
  private final SiteTable wildcards; // by ".example.org"
  private final @Nullable Site defaultSite;

  private Snapshot(
      long version, long sequence, List<Node> nodes, SiteTable exact, SiteTable wildcards) {
    this.version = version;
    this.sequence = sequence;
    this.nodes = nodes;
    nodes.forEach(node -> byName.put(node.name(), node));
    this.exact = exact;
    this.wildcards = wildcards;
    this.defaultSite = exact.find(Site.DEFAULT, 0, Site.DEFAULT.hashCode());
  }

  /**
   * Takes copies; its {@link #sequence()} is 0.
   *
   * @param version see {@link Directory#version()}
   */
  public Snapshot(long version, Collection<Node> nodes, Collection<Site> sites) {
    this(version, List.copyOf(nodes), new Edit(empty()).putAll(sites));
  }

  private Snapshot(long version, List<Node> nodes, Edit edit) {
    this(version, 0, nodes, edit.exact.table(), edit.wildcards.table());
  }

  /** A directory with nothing in it. */
  public static Snapshot empty() {
    return new Snapshot(0, 0, List.of(), SiteTable.empty(0), SiteTable.empty(1));
  }

  /**
   * The site of a host: the exact name, then the longest wildcard, then the default site. Allocates
   * nothing.
   *
   * @param host normalised; null for a request that names none, which gets the default site
   */
  public @Nullable Site find(@Nullable String host) {
    if (host == null) {
      return defaultSite;
    }
    Site site = exact.find(host, 0, host.hashCode());
    if (site == null && wildcards.size() > 0) {
      site = wildcard(host);
    }
    return site == null ? defaultSite : site;
  }

  /** From the end, so that the hash of each suffix follows from that of the one before. */
  private @Nullable Site wildcard(String host) {
    Site longest = null;
    int hash = 0;
    int power = 1;
    for (int i = host.length() - 1; i >= 0; i--) {
      char c = host.charAt(i);
      hash += c * power;
      power *= 31;
      if (c == '.') {
        Site site = wildcards.find(host, i, hash);
        longest = site == null ? longest : site;
      }
    }
    return longest;
  }

  /**
   * The site of this very host; null: there is none.
   *
   * @param host as {@link Site#host}
   */
  public @Nullable Site site(String host) {
    return host.startsWith(WILDCARD)
        ? wildcards.find(host, 1, host.substring(1).hashCode())
        : exact.find(host, 0, host.hashCode());
  }

  /**
   * Whether there is a site of this very host.
   *
   * @param host normalised; a wildcard's with its star
   */
  public boolean hasSite(String host) {
    return site(host) != null;
  }

  /** The {@link Directory#version()} this was read at. */
  public long version() {
    return version;
  }

  /**
   * The number of the newest change it contains, from the database's log of changes, so that
   * several processes' can be compared; 0: it is of no database.
   */
  public long sequence() {
    return sequence;
  }

  /** All nodes by name, those without a site too. */
  public List<Node> nodes() {
    return nodes;
  }

  /** The node of a name; null: there is none. */
  public @Nullable Node node(String name) {
    return byName.get(name);
  }

  /** All sites, in no order. */
  public Collection<Site> sites() {
    Collection<Site> first = exact.sites();
    Collection<Site> second = wildcards.sites();
    return new AbstractCollection<>() {
      @Override
      public Iterator<Site> iterator() {
        return Stream.concat(first.stream(), second.stream()).iterator();
      }

      @Override
      public int size() {
        return first.size() + second.size();
      }
    };
  }

  /** Makes the next snapshot from one that stays as it is; for one thread. */
  static final class Edit {
    private final SiteTable.Editor exact;
    private final SiteTable.Editor wildcards;

    Edit(Snapshot before) {
      exact = new SiteTable.Editor(before.exact);
      wildcards = new SiteTable.Editor(before.wildcards);
    }

    /** Adds a site, in the place of the one of the same host. */
    void put(Site site) {
      of(site.host()).put(site);
    }

    /** Removes a host's site, if there is one. */
    void remove(String host) {
      of(host).remove(host);
    }

    /** Puts another in the place of each for which {@code change} has one. */
    void replaceAll(Function<Site, @Nullable Site> change) {
      exact.replaceAll(change);
      wildcards.replaceAll(change);
    }

    /** The new one; the edit is not used again. */
    Snapshot snapshot(long version, long sequence, Collection<Node> nodes) {
      return new Snapshot(version, sequence, List.copyOf(nodes), exact.table(), wildcards.table());
    }

    private Edit putAll(Collection<Site> sites) {
      sites.forEach(this::put);
      return this;
    }

    private SiteTable.Editor of(String host) {
      return host.startsWith(WILDCARD) ? wildcards : exact;
    }
  }
}

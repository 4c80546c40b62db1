package dev.baton.directory;

import java.util.AbstractCollection;
import java.util.Collection;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * An immutable hash table of sites by host, in shards of which a changed table shares all that it
 * did not touch. A look-up allocates nothing and may ask for the end of a text.
 */
final class SiteTable {
  private static final int SHARD_BITS = 12;
  private static final int SHARDS = 1 << SHARD_BITS;
  private static final int LEAST = 4;

  /** Linear probing, at most half full; a slot without site ends a search. */
  private static final class Shard {
    final int[] hashes;
    final @Nullable Site[] sites;
    int size;

    Shard(int[] hashes, @Nullable Site[] sites, int size) {
      this.hashes = hashes;
      this.sites = sites;
      this.size = size;
    }
  }

  private static final SiteTable EMPTY = new SiteTable(new @Nullable Shard[SHARDS], 0, 0);

  private final @Nullable Shard[] shards;
  private final int skipped;
  private final int size;

  private SiteTable(@Nullable Shard[] shards, int skipped, int size) {
    this.shards = shards;
    this.skipped = skipped;
    this.size = size;
  }

  /**
   * None.
   *
   * @param skipped how many of a host's first characters are no part of what is looked up
   */
  static SiteTable empty(int skipped) {
    return new SiteTable(EMPTY.shards, skipped, 0);
  }

  /** How many there are. */
  int size() {
    return size;
  }

  /**
   * Looks one up.
   *
   * @param text ends with what is looked up
   * @param from where that begins; 0 if nothing is skipped
   * @param hash of that, as {@link String#hashCode()} has it
   */
  @Nullable Site find(String text, int from, int hash) {
    int mixed = mix(hash);
    Shard shard = shards[mixed >>> (Integer.SIZE - SHARD_BITS)];
    if (shard == null) {
      return null;
    }
    int[] hashes = shard.hashes;
    @Nullable Site[] sites = shard.sites;
    int mask = hashes.length - 1;
    for (int slot = mixed & mask; ; slot = (slot + 1) & mask) {
      Site site = sites[slot];
      if (site == null) {
        return null;
      }
      if (hashes[slot] == hash && isAt(site.host(), text, from)) {
        return site;
      }
    }
  }

  private boolean isAt(String host, String text, int from) {
    if (skipped == 0) {
      return host.equals(text); // all of it is looked up
    }
    int length = text.length() - from;
    return host.length() - skipped == length && text.regionMatches(from, host, skipped, length);
  }

  /** Steps of Murmur3's finaliser: hosts that differ in little are far apart. */
  private static int mix(int hash) {
    int h = (hash ^ (hash >>> 16)) * 0x85ebca6b;
    h = (h ^ (h >>> 13)) * 0xc2b2ae35;
    return h ^ (h >>> 16);
  }

  /** All of them, in no order. */
  Collection<Site> sites() {
    return new AbstractCollection<>() {
      @Override
      public Iterator<Site> iterator() {
        return new Sites(shards);
      }

      @Override
      public int size() {
        return size;
      }
    };
  }

  private static final class Sites implements Iterator<Site> {
    private final @Nullable Shard[] shards;
    private int shard;
    private int slot = -1;
    private @Nullable Site next;

    Sites(@Nullable Shard[] shards) {
      this.shards = shards;
      advance();
    }

    @Override
    public boolean hasNext() {
      return next != null;
    }

    @Override
    public Site next() {
      Site site = next;
      if (site == null) {
        throw new NoSuchElementException();
      }
      advance();
      return site;
    }

    private void advance() {
      next = null;
      for (; shard < SHARDS; shard++, slot = -1) {
        Shard s = shards[shard];
        while (s != null && ++slot < s.sites.length) {
          next = s.sites[slot];
          if (next != null) {
            return;
          }
        }
      }
    }
  }

  /** Makes the next table from one that stays as it is; for one thread. */
  static final class Editor {
    private final SiteTable before;
    private final @Nullable Shard[] shards;
    private final boolean[] own = new boolean[SHARDS];
    private int size;

    Editor(SiteTable before) {
      this.before = before;
      this.shards = before.shards.clone();
      this.size = before.size;
    }

    /** Adds one, in the place of the one of the same host. */
    void put(Site site) {
      int hash = before.hash(site.host());
      int index = mix(hash) >>> (Integer.SIZE - SHARD_BITS);
      Shard shard = own(index);
      if (2 * (shard.size + 1) > shard.sites.length) {
        shard = resized(shard, 2 * shard.sites.length);
        shards[index] = shard;
      }
      int slot = slot(shard, site.host(), hash);
      int more = shard.sites[slot] == null ? 1 : 0;
      shard.sites[slot] = site;
      shard.hashes[slot] = hash;
      shard.size += more;
      size += more;
    }

    /** Removes the one of a host, if there is one. */
    void remove(String host) {
      int hash = before.hash(host);
      int index = mix(hash) >>> (Integer.SIZE - SHARD_BITS);
      if (shards[index] == null) {
        return;
      }
      Shard shard = own(index);
      int slot = slot(shard, host, hash);
      if (shard.sites[slot] != null) {
        shard.sites[slot] = null;
        shards[index] = resized(shard, shard.sites.length); // closes the hole
        size--;
      }
    }

    /** Puts another in the place of each for which {@code change} has one. */
    void replaceAll(Function<Site, @Nullable Site> change) {
      for (int index = 0; index < SHARDS; index++) {
        Shard shard = shards[index];
        for (int slot = 0; shard != null && slot < shard.sites.length; slot++) {
          Site site = shard.sites[slot];
          Site other = site == null ? null : change.apply(site);
          if (other != null) {
            shard = own(index);
            shard.sites[slot] = other;
          }
        }
      }
    }

    /** The new table; the editor is not used again. */
    SiteTable table() {
      return new SiteTable(shards, before.skipped, size);
    }

    private Shard own(int index) {
      Shard shard = shards[index];
      if (shard == null) {
        shard = new Shard(new int[LEAST], new @Nullable Site[LEAST], 0);
      } else if (!own[index]) {
        shard = new Shard(shard.hashes.clone(), shard.sites.clone(), shard.size);
      }
      own[index] = true;
      shards[index] = shard;
      return shard;
    }

    private static Shard resized(Shard shard, int length) {
      Shard other = new Shard(new int[length], new @Nullable Site[length], 0);
      for (int i = 0; i < shard.sites.length; i++) {
        Site site = shard.sites[i];
        if (site != null) {
          int slot = slot(other, site.host(), shard.hashes[i]);
          other.sites[slot] = site;
          other.hashes[slot] = shard.hashes[i];
          other.size++;
        }
      }
      return other;
    }

    /** Where a host is, or would be. */
    private static int slot(Shard shard, String host, int hash) {
      int mask = shard.sites.length - 1;
      int slot = mix(hash) & mask;
      for (Site site = shard.sites[slot]; site != null; site = shard.sites[slot]) {
        if (shard.hashes[slot] == hash && site.host().equals(host)) {
          break;
        }
        slot = (slot + 1) & mask;
      }
      return slot;
    }
  }

  private int hash(String host) {
    return skipped == 0 ? host.hashCode() : host.substring(skipped).hashCode();
  }
}

package dev.baton.address;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Whose connections are taken: of the prefixes that an address is in the longest decides, and an
 * address that is in none is allowed. Immutable; any thread may ask.
 */
public final class SourceRules {
  private static final SourceRules NONE = new SourceRules(Map.of());

  private final Map<Prefix, Boolean> denied;
  private final List<Level> v4;
  private final List<Level> v6;

  /** The rules of one length and family, by network. */
  private record Level(int bits, Map<Ip, Boolean> denied) {}

  /**
   * Takes a copy.
   *
   * @param denied whether those of a prefix are denied or allowed
   */
  public SourceRules(Map<Prefix, Boolean> denied) {
    this.denied = Map.copyOf(denied);
    v4 = levels(true);
    v6 = levels(false);
  }

  /** Everybody is allowed. */
  public static SourceRules none() {
    return NONE;
  }

  private List<Level> levels(boolean isV4) {
    Map<Integer, Map<Ip, Boolean>> byLength = new TreeMap<>(Comparator.reverseOrder());
    denied.forEach((prefix, denies) -> {
      if (prefix.network().isV4() == isV4) {
        byLength
            .computeIfAbsent(prefix.length(), length -> new HashMap<>())
            .put(prefix.network(), denies);
      }
    });
    List<Level> levels = new ArrayList<>();
    byLength.forEach((length, map) -> levels.add(new Level(isV4 ? 96 + length : length, map)));
    return List.copyOf(levels);
  }

  /** Whether connections from an address are refused. */
  public boolean denies(Ip address) {
    List<Level> levels = address.isV4() ? v4 : v6;
    if (levels.isEmpty()) {
      return false;
    }
    Ip network = new Ip();
    for (Level level : levels) {
      Boolean denies = level.denied.get(network.set(address).keep(level.bits));
      if (denies != null) {
        return denies;
      }
    }
    return false;
  }

  /** Every prefix, and whether it is denied. */
  public Map<Prefix, Boolean> all() {
    return denied;
  }
}

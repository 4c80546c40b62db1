package dev.baton.health;

import dev.baton.directory.HealthCheck;
import dev.baton.directory.Node;
import org.jspecify.annotations.Nullable;

/**
 * What checks and handoffs say of one node, counted: so many bad ones in a row take it down, so
 * many good ones bring it up. Pure: times are given. For one thread.
 */
final class Patient {
  private final String name;
  private boolean up = true;
  private int good;
  private int bad;
  private long nextCheck;
  private boolean underCheck;

  /**
   * One that is first looked at some time within its interval, not together with all others.
   *
   * @param up as it was known last
   * @param share of the interval after which the first check comes, 0 to 1
   */
  Patient(Node node, boolean up, double share, long now) {
    name = node.name();
    this.up = up;
    nextCheck = now + (long) (node.check().interval().toNanos() * share);
  }

  String name() {
    return name;
  }

  boolean isUp() {
    return up;
  }

  /** Whether a check is due; if so it counts as begun. */
  boolean isDue(HealthCheck check, long now) {
    if (underCheck || now - nextCheck < 0) {
      return false;
    }
    if (check.kind() == HealthCheck.Kind.NONE && up) {
      return false; // handoffs say how it is
    }
    underCheck = true;
    return true;
  }

  /**
   * A check is over.
   *
   * @param jitter −1 to 1: a tenth of the interval is left to chance
   * @return whether it goes up or down by that; null: neither
   */
  @Nullable Boolean checked(HealthCheck check, boolean well, double jitter, long now) {
    underCheck = false;
    nextCheck = now + (long) (check.interval().toNanos() * (1 + jitter / 10));
    return count(check, well);
  }

  /** Handoffs have failed since it was last asked; as many as {@code fall} take it down. */
  @Nullable Boolean failed(HealthCheck check, int handoffs) {
    if (up && handoffs >= check.fall()) {
      good = 0;
      bad = 0;
      up = false;
      return false;
    }
    return null;
  }

  private @Nullable Boolean count(HealthCheck check, boolean well) {
    if (well) {
      bad = 0;
      good++;
      if (!up && good >= check.rise()) {
        up = true;
        return true;
      }
    } else {
      good = 0;
      bad++;
      if (up && bad >= check.fall()) {
        up = false;
        return false;
      }
    }
    return null;
  }
}

package dev.baton.handoff;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/**
 * How many pairs one event loop would have the others remove: the flow map is full, and nothing
 * lingers in its own ports. A wish is fulfilled once, by whichever loop comes first, and not at all
 * when it has been withdrawn: a pair that lingers goes only for a connection that needs its place.
 */
final class RoomWanted {
  private final AtomicInteger wishes = new AtomicInteger();

  /** One connection of this loop needs room. */
  void wish() {
    wishes.incrementAndGet();
  }

  /** Takes a wish away, to fulfil or because it is none any more; false: there is none. */
  boolean take() {
    return wishes.getAndUpdate(count -> Math.max(0, count - 1)) > 0;
  }

  /**
   * Fulfils wishes, one a pair. Who has nothing to give takes none: another loop that comes at that
   * moment would find none.
   *
   * @param mayGive whether anything lingers here
   * @param give removes a pair; false: what lingered had been revived
   */
  void fulfil(BooleanSupplier mayGive, BooleanSupplier give) {
    while (mayGive.getAsBoolean() && take()) {
      if (!give.getAsBoolean()) {
        wish();
        return;
      }
    }
  }
}

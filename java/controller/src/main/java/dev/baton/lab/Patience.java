package dev.baton.lab;

import java.time.Duration;

/**
 * How much longer than elsewhere everything may take on this machine: the environment's {@code
 * BATON_LAB_PATIENCE}, a whole number, 1 without it. An emulated processor is ten and more times
 * slower; that is no fault of what is tested.
 */
public final class Patience {
  private static final int FACTOR = factor(System.getenv().getOrDefault("BATON_LAB_PATIENCE", "1"));

  private Patience() {}

  /** A limit as it is on this machine. */
  public static Duration with(Duration limit) {
    return limit.multipliedBy(FACTOR);
  }

  private static int factor(String text) {
    int factor = Integer.parseInt(text);
    if (factor < 1) {
      throw new IllegalArgumentException("BATON_LAB_PATIENCE: expected 1 or more, found " + factor);
    }
    return factor;
  }
}

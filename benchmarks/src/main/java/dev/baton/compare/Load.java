package dev.baton.compare;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One thing that is measured on every way. */
interface Load {
  /** Its name in tables and on the command line. */
  String name();

  /** What it is, for people. */
  String description();

  /** What it yields, the most telling first. */
  List<Measure> measures();

  /** Why a way cannot have it here, in words; empty if it can. */
  default Optional<String> obstacle(Kind kind) {
    return Optional.empty();
  }

  /**
   * Runs it once.
   *
   * @return a value for each of {@link #measures()}
   * @throws dev.baton.lab.LabException if a transfer fails
   */
  Map<Measure, Double> run(Way way);

  /**
   * A column.
   *
   * @param name what, such as {@code requests}
   * @param unit of its values
   * @param isMoreBetter whether more of it is better
   */
  record Measure(String name, String unit, boolean isMoreBetter) {
    @Override
    public String toString() {
      return name + ", " + unit;
    }
  }
}

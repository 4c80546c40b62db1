package dev.baton.demo;

import java.io.PrintStream;

/** What the demo prints, and whether every check held. Colour only where somebody sees it. */
final class Report {
  private static final String GREEN = "32";
  private static final String RED = "31";
  private static final String BOLD = "1";

  private final PrintStream out;
  private final boolean colour;
  private int passed;
  private int failed;

  Report(PrintStream out, boolean colour) {
    this.out = out;
    this.colour = colour;
  }

  void title(String text) {
    out.println();
    out.println(paint(BOLD, text));
  }

  void line(String text) {
    out.println("  " + text);
  }

  void plain(String text) {
    out.println(text);
  }

  /**
   * Notes one check.
   *
   * @param held whether it held
   * @param what what was checked, and what was seen
   */
  void check(boolean held, String what) {
    if (held) {
      passed++;
    } else {
      failed++;
    }
    out.println("  " + (held ? paint(GREEN, "ok    ") : paint(RED, "FAILED")) + "  " + what);
  }

  int failed() {
    return failed;
  }

  void summary() {
    out.println();
    out.println(
        failed == 0
            ? paint(GREEN, "All %d checks held.".formatted(passed))
            : paint(RED, "%d of %d checks failed.".formatted(failed, passed + failed)));
  }

  private String paint(String code, String text) {
    return colour ? "\u001b[" + code + "m" + text + "\u001b[0m" : text;
  }
}

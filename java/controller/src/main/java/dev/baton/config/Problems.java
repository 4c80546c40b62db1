package dev.baton.config;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Collects what is wrong with one file, so that all of it is told at once. */
public final class Problems {
  private record Problem(int line, String text) {}

  private final String file;
  private final List<Problem> found = new ArrayList<>();

  Problems(String file) {
    this.file = file;
  }

  /** Notes one problem: {@code FILE:LINE: KEY: message}; the line counts from 1. */
  public void add(int line, String key, String message) {
    found.add(new Problem(line, file + ":" + line + ": " + key + ": " + oneLine(message)));
  }

  /** Throws all that was noted, ordered by line; returns if there was nothing. */
  public void throwIfAny() {
    if (!found.isEmpty()) {
      throw new ConfigException(
          found.stream()
              .sorted(Comparator.comparingInt(Problem::line))
              .map(Problem::text)
              .toList());
    }
  }

  private static String oneLine(String text) {
    return text.replaceAll("\\p{Cntrl}+", " ").strip();
  }
}

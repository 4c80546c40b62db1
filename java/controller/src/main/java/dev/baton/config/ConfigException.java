package dev.baton.config;

import java.util.List;

/**
 * A file that does not say what it should. Carries every problem found, one line each, in the form
 * {@code FILE:LINE: KEY: what was expected}; the command line prints them and exits with 2.
 */
public final class ConfigException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient List<String> problems;

  /** Every problem is one line, ready to print. */
  public ConfigException(List<String> problems) {
    super(String.join("\n", problems));
    this.problems = List.copyOf(problems);
  }

  /** The problems in the order of the file, each one line, without a line end. */
  public List<String> problems() {
    return problems;
  }
}

package dev.baton.config;

import dev.baton.address.Prefix;
import dev.baton.address.SourceRules;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the file that {@code lists} names: a line is {@code deny PREFIX} or {@code allow PREFIX};
 * what follows a {@code #} is a remark.
 */
public final class SourceFile {
  /** Prefixes that a file may have. */
  public static final int RULES_MAX = 1_000_000;

  private static final int PROBLEMS_MAX = 20;

  private SourceFile() {}

  /**
   * Reads and checks it.
   *
   * @throws ConfigException with what is wrong, at most twenty lines of it
   */
  public static SourceRules load(Path file) {
    Map<Prefix, Boolean> rules = new HashMap<>();
    Problems problems = new Problems(file.toString());
    int wrong = 0;
    try (BufferedReader in = Files.newBufferedReader(file)) {
      int number = 1;
      for (String line = in.readLine(); line != null; line = in.readLine(), number++) {
        String problem = take(line, rules);
        if (!problem.isEmpty()) {
          problems.add(number, "lists", problem);
          if (++wrong == PROBLEMS_MAX) {
            break;
          }
        }
      }
    } catch (NoSuchFileException e) {
      throw unreadable(file, "no such file");
    } catch (CharacterCodingException e) {
      throw unreadable(file, "expected UTF-8");
    } catch (IOException e) {
      throw unreadable(file, String.valueOf(e.getMessage()));
    }
    problems.throwIfAny();
    return new SourceRules(rules);
  }

  private static ConfigException unreadable(Path file, String why) {
    return new ConfigException(List.of(file + ": cannot be read: " + why));
  }

  /** Takes one line's rule, if it has one; returns what is wrong with it. */
  private static String take(String line, Map<Prefix, Boolean> rules) {
    int remark = line.indexOf('#');
    String rule = (remark < 0 ? line : line.substring(0, remark)).strip();
    if (rule.isEmpty()) {
      return "";
    }
    String[] words = rule.split("\\s+", -1);
    boolean deny = words[0].equals("deny");
    if (words.length != 2 || (!deny && !words[0].equals("allow"))) {
      return "expected deny or allow, and a prefix, found \"" + rule + "\"";
    }
    try {
      if (rules.putIfAbsent(Prefix.parse(words[1]), deny) != null) {
        return "expected once, found again: " + words[1];
      }
    } catch (IllegalArgumentException e) {
      return "expected " + Scalars.PREFIX.expected() + ", found \"" + words[1] + "\"";
    }
    return rules.size() > RULES_MAX ? "expected at most " + RULES_MAX + " prefixes" : "";
  }
}

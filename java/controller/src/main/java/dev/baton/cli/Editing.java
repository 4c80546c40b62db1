package dev.baton.cli;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.baton.config.BatonConfig;
import dev.baton.config.ConfigException;
import dev.baton.config.Scalar;
import dev.baton.directory.Changes;
import dev.baton.directory.ClusterCheck;
import dev.baton.directory.ClusterFile;
import dev.baton.directory.SqliteDirectory;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ExitCode;

/** What {@code baton site}, {@code node}, {@code group} and {@code part} have in common. */
final class Editing {
  /** The host of no site, for edits that touch none. */
  private static final String NO_SITE = "";

  private Editing() {}

  /** Asks the directory something. */
  static <T> T read(ConfigOption config, Function<SqliteDirectory, T> question) {
    try (SqliteDirectory directory = SqliteDirectory.open(config.load().directory())) {
      return question.apply(directory);
    }
  }

  /**
   * Changes the directory and tells what changed.
   *
   * @param hosts of the sites that are touched, see {@link SqliteDirectory#edit}; empty: nodes and
   *     groups, on which any site may depend
   */
  static int edit(
      ConfigOption config, PrintWriter out, Set<String> hosts, UnaryOperator<ClusterFile> change) {
    BatonConfig baton = config.load();
    return edit(
        baton,
        out,
        hosts,
        before -> {
          ClusterFile after = change.apply(before);
          ClusterCheck.refuse(after, baton.takesTls());
          return after;
        });
  }

  /** Removes a node or a group, which must have no user left; the directory itself sees to that. */
  static int removeHolder(ConfigOption config, PrintWriter out, UnaryOperator<ClusterFile> change) {
    return edit(config.load(), out, Set.of(NO_SITE), change);
  }

  private static int edit(
      BatonConfig baton, PrintWriter out, Set<String> hosts, UnaryOperator<ClusterFile> change) {
    try (SqliteDirectory directory = SqliteDirectory.open(baton.directory())) {
      Changes changes = directory.edit(hosts, change);
      changes.lines().forEach(out::println);
    }
    return ExitCode.OK;
  }

  /** Refuses with one line; exit code 2. */
  static ConfigException refusal(String line) {
    return new ConfigException(List.of(line));
  }

  /** The value of an option or parameter. */
  static <T> T value(String name, Scalar<T> kind, String text) {
    try {
      return kind.read().apply(text);
    } catch (Scalar.Refused e) {
      throw refusal(name + ": " + e.getMessage());
    } catch (IllegalArgumentException e) {
      throw refusal(name + ": expected " + kind.expected() + ", found \"" + text + "\"");
    }
  }

  /** The same, for one that may be left out. */
  static <T> T value(String name, Scalar<T> kind, @Nullable String text, T ifAbsent) {
    return text == null ? ifAbsent : value(name, kind, text);
  }

  /** The same, for one that may be given several times. */
  static <T> List<T> values(String name, Scalar<T> kind, @Nullable List<String> texts) {
    return texts == null ? List.of() : texts.stream().map(text -> value(name, kind, text)).toList();
  }

  /**
   * Puts one into a list, in the place of that of the same name.
   *
   * @param replace whether there may be one already
   */
  static <T> List<T> with(
      List<T> list, T value, Function<T, String> name, String what, boolean replace) {
    String own = name.apply(value);
    List<T> others = without(list, own, name);
    if (!replace && others.size() < list.size()) {
      throw refusal(what + " " + own + " is there already: --replace puts this one in its place");
    }
    List<T> result = new ArrayList<>(others);
    result.add(value);
    return result;
  }

  /** Those of other names. */
  static <T> List<T> without(List<T> list, String unwanted, Function<T, String> name) {
    return list.stream().filter(each -> !name.apply(each).equals(unwanted)).toList();
  }

  /** The one of a name. */
  static <T> T the(List<T> list, String wanted, Function<T, String> name, String what) {
    return list.stream()
        .filter(each -> name.apply(each).equals(wanted))
        .findFirst()
        .orElseThrow(() -> refusal("there is no " + what + " " + wanted));
  }

  /** Shows several, as a table of some of their fields or all of them as JSON. */
  static int list(
      PrintWriter out, boolean json, List<Map<String, Object>> items, List<String> columns)
      throws IOException {
    if (json) {
      out.println(JSON.std.asString(items));
    } else {
      Table.print(out, columns, items);
    }
    return ExitCode.OK;
  }

  /** Shows one. */
  static int show(PrintWriter out, boolean json, Map<String, Object> item) throws IOException {
    if (json) {
      out.println(JSON.std.asString(item));
    } else {
      StatusCommand.print(out, "", item);
    }
    return ExitCode.OK;
  }
}

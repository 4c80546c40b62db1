package dev.baton.cli;

import java.io.PrintWriter;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Rows in columns as wide as what is in them. */
final class Table {
  private Table() {}

  /**
   * Prints one line of headings and one for each row.
   *
   * @param columns the fields' names
   */
  static void print(PrintWriter out, List<String> columns, List<Map<String, Object>> rows) {
    int[] widths = new int[columns.size()];
    for (int i = 0; i < widths.length; i++) {
      String column = columns.get(i);
      widths[i] = column.length();
      for (Map<String, Object> row : rows) {
        widths[i] = Math.max(widths[i], cell(row.get(column)).length());
      }
    }
    out.println(line(columns.stream().map(c -> c.toUpperCase(Locale.ROOT)).toList(), widths));
    for (Map<String, Object> row : rows) {
      out.println(line(columns.stream().map(c -> cell(row.get(c))).toList(), widths));
    }
  }

  private static String line(List<String> cells, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < widths.length; i++) {
      line.append(cells.get(i)).repeat(' ', widths[i] - cells.get(i).length() + 2);
    }
    return line.toString().stripTrailing();
  }

  private static String cell(@Nullable Object value) {
    String text =
        value instanceof Collection<?> many
            ? many.stream().map(String::valueOf).collect(Collectors.joining(", "))
            : String.valueOf(value);
    return text.isEmpty() ? "-" : text;
  }
}

package dev.baton.pieces;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The head of a node's response (RFC 9112, section 4).
 *
 * @param status 100 to 599
 * @param phrase the reason phrase, possibly empty
 * @param fields in their order
 */
record ResponseHead(int status, String phrase, List<Field> fields) {
  /** The most bytes of one. */
  static final int SIZE_MAX = 16 * 1024;

  private static final Pattern STATUS_LINE =
      Pattern.compile("HTTP/1\\.[01] ([1-5][0-9]{2})(?: ([\\t\\x20-\\x7e\\x80-\\xff]*))?");
  private static final Pattern FIELD =
      Pattern.compile(
          "([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \\t]*([\\t\\x20-\\x7e\\x80-\\xff]*?)[ \\t]*");
  private static final Pattern RANGE =
      Pattern.compile("bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})");

  /** About one connection alone, or about the framing of what the node sends. */
  private static final Set<String> NOT_PASSED_ON =
      Set.of(
          "connection",
          "keep-alive",
          "proxy-connection",
          "transfer-encoding",
          "te",
          "trailer",
          "upgrade",
          "content-length",
          "content-range");

  /** A field, its name as it was sent. */
  record Field(String name, String value) {
    boolean is(String other) {
      return name.equalsIgnoreCase(other);
    }
  }

  /**
   * Reads one.
   *
   * @param bytes up to and including the blank line
   * @return null: it is not valid
   */
  static @Nullable ResponseHead parse(byte[] bytes, int length) {
    String[] lines = new String(bytes, 0, length, ISO_8859_1).split("\r\n", -1);
    Matcher status = STATUS_LINE.matcher(lines[0]);
    if (!status.matches()) {
      return null;
    }
    List<Field> fields = new ArrayList<>();
    for (int i = 1; i < lines.length && !lines[i].isEmpty(); i++) {
      Matcher field = FIELD.matcher(lines[i]);
      if (!field.matches()) {
        return null;
      }
      fields.add(new Field(field.group(1), field.group(2)));
    }
    String phrase = status.group(2) == null ? "" : status.group(2);
    return new ResponseHead(Integer.parseInt(status.group(1)), phrase, fields);
  }

  /** A field's value; null: it is not there, or more than once. */
  @Nullable String value(String name) {
    String value = null;
    for (Field field : fields) {
      if (field.is(name)) {
        if (value != null) {
          return null;
        }
        value = field.value();
      }
    }
    return value;
  }

  boolean has(String name) {
    return fields.stream().anyMatch(field -> field.is(name));
  }

  Validator validator() {
    return new Validator(value("ETag"), value("Last-Modified"));
  }

  /** Content-Length in bytes; −1: there is none that can be read. */
  long contentLength() {
    String value = value("Content-Length");
    return value != null && value.matches("[0-9]{1,18}") ? Long.parseLong(value) : -1;
  }

  /** Whether the body is the file's own bytes, and its length is said in the head. */
  boolean isPlain() {
    String coding = value("Content-Encoding");
    boolean coded = has("Content-Encoding") && !"identity".equalsIgnoreCase(coding);
    return !coded && !has("Transfer-Encoding") && contentLength() >= 0;
  }

  /** Whether it is exactly these bytes of a file of this length. */
  boolean isPiece(Span span, long size) {
    String value = value("Content-Range");
    Matcher range = RANGE.matcher(value == null ? "" : value);
    return status == 206
        && isPlain()
        && range.matches()
        && Long.parseLong(range.group(1)) == span.first()
        && Long.parseLong(range.group(2)) == span.last()
        && Long.parseLong(range.group(3)) == size
        && contentLength() == span.length();
  }

  /** What a client is told of its fields, as lines. */
  String passedOn(Set<String> without) {
    Set<String> left = new HashSet<>(NOT_PASSED_ON);
    left.addAll(without);
    for (Field field : fields) {
      if (field.is("Connection")) {
        for (String name : field.value().split(",", -1)) {
          left.add(name.strip().toLowerCase(Locale.ROOT));
        }
      }
    }
    StringBuilder lines = new StringBuilder();
    for (Field field : fields) {
      if (!left.contains(field.name().toLowerCase(Locale.ROOT))) {
        lines.append(field.name()).append(": ").append(field.value()).append("\r\n");
      }
    }
    return lines.toString();
  }
}

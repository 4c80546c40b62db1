package dev.baton.http;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The body of a page, with placeholders such as <code>{{status}}</code>. Checked when it is made;
 * whatever is put into one is escaped for its kind.
 */
public final class PageTemplate {
  /** Bytes that a page's body may have, with the longest that its placeholders can become. */
  public static final int SIZE_MAX = 12 * 1024;

  /** Bytes that a detail may have once it is escaped. */
  static final int DETAIL_MAX = 512;

  /** What a body is written in. */
  public enum Kind {
    /** Plain text: control characters are left out. */
    TEXT("text/plain; charset=utf-8"),
    /** HTML: what is inserted may stand in text and in quoted attributes. */
    HTML("text/html; charset=utf-8");

    private final String contentType;

    Kind(String contentType) {
      this.contentType = contentType;
    }

    /** As Content-Type has it. */
    public String contentType() {
      return contentType;
    }

    /** Makes a text harmless. */
    String escape(String text) {
      StringBuilder safe = new StringBuilder(text.length() + 16);
      text.codePoints()
          .filter(c -> !Character.isISOControl(c))
          .forEach(c -> safe.append(this == HTML ? entity(c) : Character.toString(c)));
      return safe.toString();
    }

    private static String entity(int c) {
      return switch (c) {
        case '&' -> "&amp;";
        case '<' -> "&lt;";
        case '>' -> "&gt;";
        case '"' -> "&quot;";
        case '\'' -> "&#39;";
        default -> Character.toString(c);
      };
    }
  }

  /** What may be inserted. */
  private enum Placeholder {
    STATUS(3),
    TITLE(40),
    DETAIL(DETAIL_MAX),
    ID(16),
    HOST(260);

    private final int bytesMax;

    Placeholder(int bytesMax) {
      this.bytesMax = bytesMax;
    }

    String text() {
      return name().toLowerCase(Locale.ROOT);
    }

    static @Nullable Placeholder of(String text) {
      return Arrays.stream(values()).filter(p -> p.text().equals(text)).findAny().orElse(null);
    }
  }

  /** Text that stands for itself, or a placeholder. */
  private record Part(String literal, @Nullable Placeholder placeholder) {}

  private final Kind kind;
  private final List<Part> parts;

  private PageTemplate(Kind kind, List<Part> parts) {
    this.kind = kind;
    this.parts = parts;
  }

  /**
   * Reads a template.
   *
   * @throws IllegalArgumentException for an unknown placeholder or one without an end, and for a
   *     page that could become too long; the message says which
   */
  public static PageTemplate parse(Kind kind, String text) {
    List<Part> parts = new ArrayList<>();
    int size = 0;
    int at = 0;
    for (int open = text.indexOf("{{"); open >= 0; open = text.indexOf("{{", at)) {
      int close = text.indexOf("}}", open);
      String name = close < 0 ? "" : text.substring(open + 2, close).strip();
      Placeholder placeholder = Placeholder.of(name);
      if (placeholder == null) {
        throw new IllegalArgumentException(
            "expected one of %s in {{ }}, found \"%s\" in line %d"
                .formatted(
                    Arrays.stream(Placeholder.values())
                        .map(Placeholder::text)
                        .collect(Collectors.joining(", ")),
                    name,
                    text.substring(0, open).lines().count() + (endsLine(text, open) ? 1 : 0)));
      }
      size += add(parts, text.substring(at, open), placeholder);
      at = close + 2;
    }
    size += add(parts, text.substring(at), null);
    if (size > SIZE_MAX) {
      throw new IllegalArgumentException(
          "expected a page of at most %d bytes, found one of up to %d".formatted(SIZE_MAX, size));
    }
    return new PageTemplate(kind, List.copyOf(parts));
  }

  /** Whether a new line begins at this place: lines() does not count one that is empty yet. */
  private static boolean endsLine(String text, int at) {
    return at == 0 || text.charAt(at - 1) == '\n';
  }

  private static int add(List<Part> parts, String literal, @Nullable Placeholder placeholder) {
    parts.add(new Part(literal, placeholder));
    return literal.getBytes(StandardCharsets.UTF_8).length
        + (placeholder == null ? 0 : placeholder.bytesMax);
  }

  /** What it is written in. */
  public Kind kind() {
    return kind;
  }

  /** The body for a refusal, UTF-8. */
  byte[] render(Refusal refusal) {
    StringBuilder body = new StringBuilder(1024);
    for (Part part : parts) {
      body.append(part.literal);
      if (part.placeholder != null) {
        body.append(kind.escape(value(part.placeholder, refusal)));
      }
    }
    return body.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static String value(Placeholder placeholder, Refusal refusal) {
    return switch (placeholder) {
      case STATUS -> Integer.toString(refusal.status());
      case TITLE -> ErrorPage.reason(refusal.status());
      case DETAIL -> refusal.detail();
      case ID -> refusal.id();
      case HOST -> refusal.host() == null ? "" : refusal.host();
    };
  }
}

package dev.baton.http;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * Complete HTTP/1.1 responses for what Baton answers itself: by the configured templates, or the
 * built-in ones. Immutable; all event loops share one.
 */
public final class ErrorPages {
  /** In {@link #ErrorPages}' map: what has no template of its own. */
  public static final int ALL_OTHERS = 0;

  /** The longest response, bytes: a page, a location of 8000, and what else stands in a head. */
  public static final int SIZE_MAX = PageTemplate.SIZE_MAX + 12 * 1024;

  private static final PageTemplate TEXT =
      PageTemplate.parse(
          PageTemplate.Kind.TEXT,
          """
          {{status}} {{title}}
          {{detail}}
          Request {{id}}
          """);

  private static final PageTemplate HTML =
      PageTemplate.parse(
          PageTemplate.Kind.HTML,
          """
          <!DOCTYPE html>
          <html lang="en">
          <head><meta charset="utf-8"><title>{{status}} {{title}}</title></head>
          <body>
          <h1>{{status}} {{title}}</h1>
          <p>{{detail}}</p>
          <p><small>Request {{id}}</small></p>
          </body>
          </html>
          """);

  /**
   * RFC 9110, section 5.6.7: IMF-fixdate; the JDK's RFC 1123 writes days below ten with one digit.
   */
  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  private static final ErrorPages BUILT_IN = new ErrorPages(Map.of());

  private final Map<Integer, PageTemplate> text = new HashMap<>();
  private final Map<Integer, PageTemplate> html = new HashMap<>();

  /**
   * Pages by these templates, and the built-in ones for what they leave out.
   *
   * @param templates by status, or {@link #ALL_OTHERS}; of two of one kind the last counts
   */
  public ErrorPages(Map<Integer, List<PageTemplate>> templates) {
    text.put(ALL_OTHERS, TEXT);
    html.put(ALL_OTHERS, HTML);
    templates.forEach((status, list) ->
        list.forEach(template ->
            (template.kind() == PageTemplate.Kind.HTML ? html : text).put(status, template)));
  }

  /** The built-in pages. */
  public static ErrorPages builtIn() {
    return BUILT_IN;
  }

  /**
   * The whole response.
   *
   * @param now its date
   */
  public byte[] response(Refusal refusal, Instant now) {
    Map<Integer, PageTemplate> kind = refusal.html() ? html : text;
    PageTemplate template = kind.get(refusal.status());
    if (template == null) {
      template = Objects.requireNonNull(kind.get(ALL_OTHERS));
    }
    byte[] body = template.render(refusal);
    byte[] head = head(refusal, template.kind(), body.length, now);
    if (refusal.headRequest()) {
      return head;
    }
    byte[] response = new byte[head.length + body.length];
    System.arraycopy(head, 0, response, 0, head.length);
    System.arraycopy(body, 0, response, head.length, body.length);
    return response;
  }

  private static byte[] head(Refusal refusal, PageTemplate.Kind kind, int length, Instant now) {
    int status = refusal.status();
    StringBuilder head = new StringBuilder(512);
    head.append("HTTP/1.1 ").append(status).append(' ').append(ErrorPage.reason(status));
    head.append("\r\nDate: ");
    DATE.formatTo(now, head);
    head.append("\r\nContent-Type: ").append(kind.contentType());
    head.append("\r\nContent-Length: ").append(length);
    head.append("\r\nX-Content-Type-Options: nosniff");
    head.append("\r\nX-Request-Id: ").append(refusal.id());
    if (refusal.location() != null) {
      head.append("\r\nLocation: ").append(refusal.location());
    } else {
      // Some of these statuses may be kept without being asked (RFC 9110, section 15.1).
      head.append("\r\nCache-Control: no-store");
    }
    if (status == 503) {
      head.append("\r\nRetry-After: ").append(ErrorPage.RETRY_AFTER);
    } else if (status == 416 && refusal.size() > 0) {
      head.append("\r\nContent-Range: bytes */").append(refusal.size());
    } else if (status == 405) {
      // RFC 9110, section 15.5.6 demands it; only CONNECT is ever refused.
      head.append("\r\nAllow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE");
    }
    head.append("\r\nConnection: close\r\n\r\n");
    return head.toString().getBytes(StandardCharsets.US_ASCII);
  }
}

package dev.baton.http;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Complete HTTP/1.1 responses for what Baton answers itself. */
public final class ErrorPage {
  /** Seconds a client is asked to wait after 503. */
  public static final int RETRY_AFTER = 5;

  /**
   * RFC 9110, section 5.6.7: IMF-fixdate; the JDK's RFC 1123 writes days below ten with one digit.
   */
  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  private ErrorPage() {}

  /**
   * A response as of now.
   *
   * @param status one that {@link #reason} knows
   * @param detail one sentence for a person
   * @param headRequest whether the request was HEAD: the body is left out, its length stays
   * @throws IllegalArgumentException for any other status
   */
  public static byte[] of(int status, String detail, boolean headRequest) {
    return of(status, detail, headRequest, Instant.now());
  }

  /** The page that refuses a head. */
  public static byte[] of(HeadProblem problem, boolean headRequest) {
    return of(problem.status(), problem.sentence(), headRequest);
  }

  static byte[] of(int status, String detail, boolean headRequest, Instant now) {
    String title = status + " " + reason(status);
    byte[] body = (title + "\n" + detail + "\n").getBytes(StandardCharsets.UTF_8);
    StringBuilder head = new StringBuilder(256);
    head.append("HTTP/1.1 ").append(title).append("\r\nDate: ");
    DATE.formatTo(now, head);
    head.append("\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ")
        .append(body.length)
        .append("\r\nConnection: close\r\n");
    if (status == 503) {
      head.append("Retry-After: ").append(RETRY_AFTER).append("\r\n");
    } else if (status == 405) {
      // RFC 9110, section 15.5.6 demands it; only CONNECT is ever refused.
      head.append("Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE\r\n");
    }
    byte[] start = head.append("\r\n").toString().getBytes(StandardCharsets.US_ASCII);
    if (headRequest) {
      return start;
    }
    byte[] page = new byte[start.length + body.length];
    System.arraycopy(start, 0, page, 0, start.length);
    System.arraycopy(body, 0, page, start.length, body.length);
    return page;
  }

  /** The reason phrase of a status that Baton sends (RFC 9110, section 15; RFC 6585 for 431). */
  public static String reason(int status) {
    return switch (status) {
      case 400 -> "Bad Request";
      case 404 -> "Not Found";
      case 405 -> "Method Not Allowed";
      case 408 -> "Request Timeout";
      case 421 -> "Misdirected Request";
      case 431 -> "Request Header Fields Too Large";
      case 500 -> "Internal Server Error";
      case 501 -> "Not Implemented";
      case 502 -> "Bad Gateway";
      case 503 -> "Service Unavailable";
      case 504 -> "Gateway Timeout";
      case 505 -> "HTTP Version Not Supported";
      default -> throw new IllegalArgumentException("no page for status " + status);
    };
  }
}

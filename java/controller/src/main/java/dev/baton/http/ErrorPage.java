package dev.baton.http;

import java.util.List;
import java.util.Map;

/** The statuses that Baton answers with itself; {@link ErrorPages} makes the responses. */
public final class ErrorPage {
  /** Seconds a client is asked to wait after 503. */
  public static final int RETRY_AFTER = 5;

  /** The reason phrases (RFC 9110, section 15; RFC 6585 for 431). */
  private static final Map<Integer, String> REASONS =
      Map.ofEntries(
          Map.entry(301, "Moved Permanently"),
          Map.entry(302, "Found"),
          Map.entry(307, "Temporary Redirect"),
          Map.entry(308, "Permanent Redirect"),
          Map.entry(400, "Bad Request"),
          Map.entry(404, "Not Found"),
          Map.entry(405, "Method Not Allowed"),
          Map.entry(408, "Request Timeout"),
          Map.entry(414, "URI Too Long"),
          Map.entry(416, "Range Not Satisfiable"),
          Map.entry(421, "Misdirected Request"),
          Map.entry(431, "Request Header Fields Too Large"),
          Map.entry(500, "Internal Server Error"),
          Map.entry(501, "Not Implemented"),
          Map.entry(502, "Bad Gateway"),
          Map.entry(503, "Service Unavailable"),
          Map.entry(504, "Gateway Timeout"),
          Map.entry(505, "HTTP Version Not Supported"));

  private ErrorPage() {}

  /** Every status that {@link #reason} knows, in order. */
  public static List<Integer> statuses() {
    return REASONS.keySet().stream().sorted().toList();
  }

  /**
   * The reason phrase of a status.
   *
   * @throws IllegalArgumentException for one that Baton never sends
   */
  public static String reason(int status) {
    String reason = REASONS.get(status);
    if (reason == null) {
      throw new IllegalArgumentException("no page for status " + status);
    }
    return reason;
  }
}

package dev.baton.http;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.baton.head.Place;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** Where the same thing is to be had: the URI that a client is sent to. */
public final class Location {
  /** The longest that is given, bytes (RFC 9110, section 4.1 wants 8000 at least). */
  public static final int LENGTH_MAX = 8000;

  private static final String AS_IT_IS = "-._~!$&'()*+,;=:@/?%";

  private Location() {}

  /**
   * The URI for a request that was read whole. It names the normalised host, never a byte of the
   * head's own; path and query are those asked for, and what has no place in a URI is encoded.
   *
   * @param head the request head's bytes
   * @param request its reader; it must know the host
   * @return empty if it would be too long
   */
  public static String of(MemorySegment head, RequestHeadParser request, Place place) {
    String host = Objects.requireNonNull(request.host());
    long end = request.targetStart() + request.targetLength();
    return of(host, head, request.pathStart(), end, place);
  }

  /**
   * The same for a path and query that stand in bytes of their own.
   *
   * @param host normalised
   * @param bytes where they stand
   * @param start of the path
   * @param end of the query
   * @return empty if it would be too long
   */
  public static String of(String host, MemorySegment bytes, long start, long end, Place place) {
    StringBuilder uri =
        new StringBuilder(256)
            .append(place.scheme())
            .append("://")
            .append(host)
            .append(place.suffix());
    if (!place.hasDefaultPort()) {
      uri.append(':').append(place.port());
    }
    long at = start;
    boolean isPath = at < end && bytes.get(JAVA_BYTE, at) == '/';
    if (!isPath) {
      uri.append('/'); // a query alone, nothing at all, or the asterisk of OPTIONS
      if (at < end && bytes.get(JAVA_BYTE, at) == '*') {
        at = end;
      }
    }
    for (; at < end && uri.length() <= LENGTH_MAX; at++) {
      int c = bytes.get(JAVA_BYTE, at) & 0xff;
      if (isAlphanumeric(c) || AS_IT_IS.indexOf(c) >= 0) {
        uri.append((char) c);
      } else {
        uri.append("%%%02X".formatted(c));
      }
    }
    return uri.length() <= LENGTH_MAX ? uri.toString() : "";
  }

  private static boolean isAlphanumeric(int c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  }
}

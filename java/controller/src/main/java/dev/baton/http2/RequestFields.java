package dev.baton.http2;

import dev.baton.head.Place;
import dev.baton.http.HostCache;
import dev.baton.http.Location;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http2.hpack.HPackDecoder;
import org.apache.hc.core5.http2.hpack.HPackException;
import org.apache.hc.core5.http2.hpack.HeaderListConstraintException;
import org.jspecify.annotations.Nullable;

/** The decoded fields of one request, held against RFC 9113, section 8. */
final class RequestFields {
  /** SETTINGS_HEADER_TABLE_SIZE, which nobody has told the client to be another. */
  private static final int TABLE_SIZE = 4096;

  /** RFC 9113, section 8.2.2; TE is looked at apart. */
  private static final Set<String> CONNECTION_FIELDS =
      Set.of("connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade");

  private final HostCache hosts;
  private @Nullable String method;
  private @Nullable String scheme;
  private @Nullable String path;
  private @Nullable String authority;
  private @Nullable String hostField;
  private @Nullable String host;
  private boolean regular;

  RequestFields(HostCache hosts) {
    this.hosts = hosts;
  }

  /**
   * Decodes and judges a field block.
   *
   * @param max bytes of the decoded fields, 32 more counted for each (RFC 9113, section 10.5.1)
   * @return what is wrong with it; null: nothing
   */
  @Nullable Http2Problem read(ByteBuffer block, int max) {
    var decoder = new HPackDecoder(TABLE_SIZE, StandardCharsets.US_ASCII);
    decoder.setMaxListSize(max);
    List<Header> fields;
    try {
      fields = decoder.decodeHeaders(block);
    } catch (HeaderListConstraintException e) {
      return Http2Problem.FIELDS_TOO_LARGE;
    } catch (HPackException | RuntimeException e) {
      // An index that there is not is an IllegalArgumentException.
      return Http2Problem.BAD_COMPRESSION;
    }
    for (Header field : fields) {
      Http2Problem problem = field(field.getName(), field.getValue());
      if (problem != null) {
        return problem;
      }
    }
    return whole();
  }

  private @Nullable Http2Problem field(String name, String value) {
    if (!isValue(value)) {
      return Http2Problem.MALFORMED;
    }
    if (name.startsWith(":")) {
      return regular ? Http2Problem.MALFORMED : pseudo(name, value);
    }
    regular = true;
    if (!isName(name)) {
      return Http2Problem.MALFORMED;
    }
    if (CONNECTION_FIELDS.contains(name)
        || (name.equals("te") && !value.toLowerCase(Locale.ROOT).equals("trailers"))) {
      return Http2Problem.CONNECTION_FIELD;
    }
    if (name.equals("host")) {
      if (hostField != null) {
        return Http2Problem.MALFORMED;
      }
      hostField = value;
    }
    return null;
  }

  /** RFC 9113, section 8.3.1: each once; :protocol (RFC 8441) nobody has offered. */
  private @Nullable Http2Problem pseudo(String name, String value) {
    String before;
    switch (name) {
      case ":method" -> {
        before = method;
        method = value;
      }
      case ":scheme" -> {
        before = scheme;
        scheme = value;
      }
      case ":path" -> {
        before = path;
        path = value;
      }
      case ":authority" -> {
        before = authority;
        authority = value;
      }
      default -> before = name;
    }
    return before == null ? null : Http2Problem.MALFORMED;
  }

  private @Nullable Http2Problem whole() {
    if (method == null || !isMethod(method)) {
      return Http2Problem.MALFORMED;
    }
    if (method.equals("CONNECT")) {
      return Http2Problem.CONNECT_REFUSED;
    }
    if (scheme == null || scheme.isEmpty() || path == null || !isPath(path)) {
      return Http2Problem.MALFORMED;
    }
    String named = authority != null ? authority : hostField;
    if (named == null) {
      return Http2Problem.MISSING_HOST;
    }
    if (hostField != null && !named.equalsIgnoreCase(hostField)) {
      return Http2Problem.HOSTS_DIFFER;
    }
    byte[] bytes = named.getBytes(StandardCharsets.ISO_8859_1);
    host = hosts.resolve(MemorySegment.ofArray(bytes), 0, bytes.length);
    return host == null ? Http2Problem.BAD_HOST : null;
  }

  private boolean isPath(String text) {
    if (!text.startsWith("/") && !(text.equals("*") && "OPTIONS".equals(method))) {
      return false;
    }
    return text.chars().allMatch(c -> c > ' ' && c != 0x7f && c != '#');
  }

  private static boolean isMethod(String text) {
    return !text.isEmpty() && text.chars().allMatch(RequestFields::isToken);
  }

  /** RFC 9113, section 8.2: in lower case. */
  private static boolean isName(String name) {
    return !name.isEmpty() && name.chars().allMatch(c -> isToken(c) && (c < 'A' || c > 'Z'));
  }

  /** RFC 9110, section 5.6.2. */
  private static boolean isToken(int c) {
    return c > ' ' && c < 0x7f && "\"(),/:;<=>?@[\\]{}".indexOf(c) < 0;
  }

  /** RFC 9113, section 8.2.1, and the other control bytes, as in HTTP/1. */
  private static boolean isValue(String value) {
    if (value.isEmpty()) {
      return true;
    }
    return !isSpace(value.charAt(0))
        && !isSpace(value.charAt(value.length() - 1))
        && value.chars().allMatch(c -> (c >= ' ' || c == '\t') && c != 0x7f);
  }

  private static boolean isSpace(char c) {
    return c == ' ' || c == '\t';
  }

  /** The host asked for, normalised. */
  @Nullable String host() {
    return host;
  }

  /** Whether the answer may have no body. */
  boolean isHead() {
    return "HEAD".equals(method);
  }

  /** Whether a client may repeat it at another place by itself, as GET. */
  boolean isGetOrHead() {
    return isHead() || "GET".equals(method);
  }

  /** See {@link dev.baton.head.HeadParser#location}; null if the request is not whole. */
  @Nullable String location(Place place) {
    if (host == null || path == null) {
      return null;
    }
    byte[] target = path.getBytes(StandardCharsets.ISO_8859_1);
    return Location.of(host, MemorySegment.ofArray(target), 0, target.length, place);
  }
}

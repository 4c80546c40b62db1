package dev.baton.http;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Makes another head of a complete and valid one: fields left out, others added, another host. What
 * is not asked to change stays byte for byte, order included; empty lines before the request line
 * go.
 *
 * <pre>{@code
 * byte[] head = HeadRewriter.of(buffer, request).closing().host("www.example.org").bytes();
 * }</pre>
 */
public final class HeadRewriter {
  /** What is about this connection alone and asks that it stays open, or becomes another. */
  private static final Set<String> OF_THE_CONNECTION =
      Set.of("connection", "keep-alive", "proxy-connection", "upgrade", "http2-settings");

  /**
   * Asks for the bytes in another form. A server that compresses ignores Range, and of a sparse
   * file it would send what is not there (RFC 9110, section 14.2; RFC 3229 for A-IM).
   */
  private static final Set<String> OTHER_FORMS = Set.of("accept-encoding", "a-im", "te");

  private static final Set<String> CONDITIONS =
      Set.of("if-match", "if-none-match", "if-modified-since", "if-unmodified-since");

  private static final Set<String> RANGES = Set.of("range", "if-range");

  private static final Set<String> OF_THE_BODY =
      Set.of("content-length", "transfer-encoding", "expect", "trailer");

  private final MemorySegment head;
  private final RequestHeadParser request;
  private final Set<String> dropped = new HashSet<>();
  private final StringBuilder added = new StringBuilder();
  private @Nullable String host;
  private @Nullable String method;

  private HeadRewriter(MemorySegment head, RequestHeadParser request) {
    if (request.headLength() == 0) {
      throw new IllegalArgumentException("the head is not complete");
    }
    this.head = head;
    this.request = request;
  }

  /**
   * Begins with the head as it is.
   *
   * @param head its bytes
   * @param request its reader, whose result is COMPLETE
   */
  public static HeadRewriter of(MemorySegment head, RequestHeadParser request) {
    return new HeadRewriter(head, request);
  }

  /** The server is to close the connection after its answer; it stays HTTP/1 until then. */
  public HeadRewriter closing() {
    dropped.addAll(OF_THE_CONNECTION);
    return add("Connection", "close");
  }

  /** Bytes are asked for as they are. */
  public HeadRewriter asItIs() {
    dropped.addAll(OTHER_FORMS);
    return this;
  }

  /** Neither Range nor If-Range. */
  public HeadRewriter withoutRange() {
    dropped.addAll(RANGES);
    return this;
  }

  /** No conditions but those added. */
  public HeadRewriter withoutConditions() {
    dropped.addAll(CONDITIONS);
    return this;
  }

  /** Nothing that announces a body. */
  public HeadRewriter withoutBody() {
    dropped.addAll(OF_THE_BODY);
    return this;
  }

  /** Another method. */
  public HeadRewriter method(String other) {
    method = other;
    return this;
  }

  /**
   * Another host; a port that the client named stays.
   *
   * @param other normalised; null: the client's
   */
  public HeadRewriter host(@Nullable String other) {
    host = other;
    return this;
  }

  /** Adds a field behind all others. */
  public HeadRewriter add(String name, String value) {
    added.append(name).append(": ").append(value).append("\r\n");
    return this;
  }

  /** The new head, its blank line included. */
  public byte[] bytes() {
    ByteArrayOutputStream out = new ByteArrayOutputStream((int) request.headLength() + 64);
    long at = requestLine(out);
    long end = request.headLength() - 2;
    while (at < end) {
      long next = lineEnd(at);
      field(out, at, next);
      at = next;
    }
    if (host != null && request.hostStart() < 0) {
      out.writeBytes(("Host: " + host + "\r\n").getBytes(ISO_8859_1));
    }
    out.writeBytes(added.append("\r\n").toString().getBytes(ISO_8859_1));
    return out.toByteArray();
  }

  /** Writes the request line; where the first field begins. */
  private long requestLine(ByteArrayOutputStream out) {
    long afterMethod = request.methodStart() + request.methodLength();
    if (method == null) {
      copy(out, request.methodStart(), afterMethod);
    } else {
      out.writeBytes(method.getBytes(ISO_8859_1));
    }
    long next = lineEnd(afterMethod);
    if (host != null && request.authorityStart() >= 0) {
      copy(out, afterMethod, request.authorityStart());
      authority(out, request.authorityStart(), request.authorityEnd());
      copy(out, request.authorityEnd(), next);
    } else {
      copy(out, afterMethod, next);
    }
    return next;
  }

  private void field(ByteArrayOutputStream out, long at, long next) {
    long colon = at;
    while (Bytes.at(head, colon) != ':') {
      colon++;
    }
    String name = text(at, colon).toLowerCase(Locale.ROOT);
    if (dropped.contains(name)) {
      return;
    }
    if (host != null && name.equals("host")) {
      copy(out, at, request.hostStart());
      authority(out, request.hostStart(), request.hostEnd());
      copy(out, request.hostEnd(), next);
    } else {
      copy(out, at, next);
    }
  }

  /** Writes the other host with the port that stands here. */
  private void authority(ByteArrayOutputStream out, long start, long end) {
    String said = text(start, end);
    int colon = said.indexOf(':', said.lastIndexOf(']') + 1);
    String port = colon < 0 ? "" : said.substring(colon);
    out.writeBytes((host + port).getBytes(ISO_8859_1));
  }

  /** Behind the line feed of the line that this stands in; every line of a valid head has one. */
  private long lineEnd(long from) {
    long at = from;
    while (Bytes.at(head, at) != '\n') {
      at++;
    }
    return at + 1;
  }

  private String text(long start, long end) {
    return new String(head.asSlice(start, end - start).toArray(JAVA_BYTE), ISO_8859_1);
  }

  private void copy(ByteArrayOutputStream out, long start, long end) {
    out.writeBytes(head.asSlice(start, end - start).toArray(JAVA_BYTE));
  }
}

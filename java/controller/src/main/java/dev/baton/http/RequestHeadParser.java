package dev.baton.http;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Reads one HTTP/1.x request head (RFC 9112) out of a buffer that fills up: call {@link #parse}
 * again with the larger length whenever bytes have arrived. It goes on where it stopped, so one
 * byte at a time costs no more than all at once, and how the bytes were cut never matters.
 *
 * <p>It only decides and never changes a byte: the target reads the same head again. So whatever
 * two readers could understand differently is refused, see {@link HeadProblem}. Deliberately
 * accepted, because real clients send it and no reader disagrees about it: bytes from 0x80 and
 * characters outside RFC 3986 in path and query.
 *
 * <p>Belongs to one thread and one connection at a time. Offsets count bytes from the start of the
 * buffer. Allocates nothing but the host's name, and that only when {@link HostCache} lacks it.
 */
public final class RequestHeadParser {
  /**
   * What is known after a call of {@link #parse}; all but NEED_MORE are final until {@link #reset}.
   */
  public enum Result {
    /** Everything so far may be the start of a valid head. */
    NEED_MORE,
    /** The head is whole and valid; every accessor may be asked. */
    COMPLETE,
    /** {@link #problem()} says why the head is refused. */
    BAD,
    /** The head did not end within the limit; {@link #problem()} is HEAD_TOO_LARGE. */
    TOO_LARGE
  }

  /**
   * RFC 9112, section 2.2 allows to take a line feed alone for the end of a line. Not here: some
   * readers do and some do not, which is how requests are smuggled.
   */
  public static final boolean BARE_LF_ENDS_A_LINE = false;

  /**
   * Empty lines passed over before the request line (RFC 9112, section 2.2 asks for one at least).
   * They stay in the buffer and count as part of the head.
   */
  public static final int LEADING_EMPTY_LINES_MAX = 4;

  private enum State {
    START,
    START_LF,
    METHOD,
    TARGET,
    VERSION,
    VERSION_LF,
    LINE_START,
    NAME,
    VALUE,
    VALUE_LF,
    END_LF,
    DONE
  }

  private static final int VERSION_LENGTH = "HTTP/1.1".length();
  private static final long ABSENT = -1;

  /** A bit for each length of a known field's name: Host, Accept, Expect and so on. */
  private static final long KNOWN_LENGTHS =
      1L << 4 | 1L << 6 | 1L << 14 | 1L << 17 | PartialFields.LENGTHS;

  private final int limit;
  private final HostCache hosts;
  private final RequestTarget target = new RequestTarget();
  private final Framing framing = new Framing();
  private final PartialFields partial = new PartialFields();

  private State state = State.START;
  private Result result = Result.NEED_MORE;
  private @Nullable HeadProblem problem;
  private @Nullable String host;
  private long position;
  private int emptyLines;
  private long methodStart;
  private long methodEnd;
  private long versionStart;
  private int versionMinor;
  private boolean head;
  private long lineStart;
  private long nameEnd;
  private long hostStart;
  private long hostEnd;
  private long acceptStart;
  private long acceptEnd;
  private boolean expectContinue;

  /**
   * A parser for heads of at most {@code limit} bytes, the last blank line included.
   *
   * @param hosts of the same thread
   */
  public RequestHeadParser(int limit, HostCache hosts) {
    this.limit = limit;
    this.hosts = hosts;
    reset();
  }

  /** A parser with a cache of its own. */
  public RequestHeadParser(int limit) {
    this(limit, new HostCache());
  }

  /** Forgets everything; the next {@link #parse} begins a new head at the buffer's start. */
  public void reset() {
    state = State.START;
    result = Result.NEED_MORE;
    problem = null;
    host = null;
    position = 0;
    emptyLines = 0;
    methodStart = methodEnd = versionStart = 0;
    target.startAt(0);
    versionMinor = 0;
    head = false;
    lineStart = nameEnd = 0;
    hostStart = hostEnd = ABSENT;
    acceptStart = acceptEnd = 0;
    framing.reset();
    partial.reset();
    expectContinue = false;
  }

  /**
   * Reads on.
   *
   * @param buffer holds the connection's bytes from the first on; may be another segment than in
   *     the last call as long as the bytes are the same
   * @param length how many bytes of it are filled; never less than in the last call
   */
  public Result parse(MemorySegment buffer, long length) {
    long end = Math.min(length, limit);
    while (result == Result.NEED_MORE && position < end) {
      switch (state) {
        case START -> start(Bytes.at(buffer, position));
        case START_LF -> expectLf(buffer, State.START);
        case METHOD -> method(buffer, end);
        case TARGET -> target(buffer, end);
        case VERSION -> version(buffer, end);
        case VERSION_LF -> requestLine(buffer);
        case LINE_START -> lineStart(Bytes.at(buffer, position));
        case NAME -> name(buffer, end);
        case VALUE -> value(buffer, end);
        case VALUE_LF -> field(buffer);
        case END_LF -> finish(buffer);
        case DONE -> throw new IllegalStateException("done without a result");
      }
    }
    if (result == Result.NEED_MORE && position == limit) {
      problem = HeadProblem.HEAD_TOO_LARGE;
      result = Result.TOO_LARGE;
    }
    return result;
  }

  private void bad(HeadProblem why) {
    problem = why;
    result = Result.BAD;
    state = State.DONE;
  }

  private void badUnlessNull(@Nullable HeadProblem why) {
    if (why != null) {
      bad(why);
    }
  }

  /** For a byte that may stand nowhere in the line being read; else the given problem. */
  private void badByte(byte b, HeadProblem otherwise) {
    if (b == '\n') {
      bad(HeadProblem.BARE_LF);
    } else if ((b >= 0 && b < ' ' && b != '\t' && b != '\r') || b == 0x7f) {
      bad(HeadProblem.CONTROL_BYTE);
    } else {
      bad(otherwise);
    }
  }

  private boolean expectLf(MemorySegment buffer, State next) {
    if (Bytes.at(buffer, position) != '\n') {
      bad(HeadProblem.BARE_CR);
      return false;
    }
    position++;
    state = next;
    return true;
  }

  private void start(byte b) {
    if (b == '\r' && emptyLines < LEADING_EMPTY_LINES_MAX) {
      emptyLines++;
      position++;
      state = State.START_LF;
    } else {
      methodStart = methodEnd = position;
      state = State.METHOD;
    }
  }

  private void method(MemorySegment buffer, long end) {
    position = Bytes.skipToken(buffer, position, end);
    if (position == end) {
      return;
    }
    byte b = Bytes.at(buffer, position);
    if (b != ' ') {
      badByte(b, b == '\r' ? HeadProblem.BAD_REQUEST_LINE : HeadProblem.BAD_METHOD);
    } else if (position == methodStart) {
      bad(HeadProblem.BAD_REQUEST_LINE);
    } else {
      methodEnd = position++;
      target.startAt(position);
      head = Bytes.equals(buffer, methodStart, methodEnd, "HEAD");
      state = State.TARGET;
    }
  }

  private void target(MemorySegment buffer, long end) {
    position = Bytes.skipVisible(buffer, position, end);
    if (position == end) {
      return;
    }
    byte b = Bytes.at(buffer, position);
    if (b != ' ' || position == target.start()) {
      badByte(b, HeadProblem.BAD_REQUEST_LINE);
    } else {
      target.endAt(position++);
      versionStart = position;
      state = State.VERSION;
    }
  }

  private void version(MemorySegment buffer, long end) {
    position = Bytes.skipVisible(buffer, position, end);
    if (position - versionStart > VERSION_LENGTH) {
      bad(HeadProblem.BAD_VERSION);
      return;
    }
    if (position == end) {
      return;
    }
    byte b = Bytes.at(buffer, position);
    if (b != '\r') {
      badByte(b, HeadProblem.BAD_REQUEST_LINE);
    } else {
      position++;
      state = State.VERSION_LF;
    }
  }

  private void requestLine(MemorySegment buffer) {
    if (!expectLf(buffer, State.LINE_START)) {
      return;
    }
    long start = versionStart;
    if (position - 2 - start != VERSION_LENGTH
        || !Bytes.equals(buffer, start, start + 5, "HTTP/")
        || !Bytes.isDigit(Bytes.at(buffer, start + 5))
        || Bytes.at(buffer, start + 6) != '.'
        || !Bytes.isDigit(Bytes.at(buffer, start + 7))) {
      bad(HeadProblem.BAD_VERSION);
      return;
    }
    byte major = Bytes.at(buffer, start + 5);
    byte minor = Bytes.at(buffer, start + 7);
    if (major == '2' && Bytes.equals(buffer, methodStart, target.end(), "PRI *")) {
      bad(HeadProblem.HTTP2_PREFACE);
    } else if (major != '1' || minor > '1') {
      bad(HeadProblem.VERSION_NOT_SUPPORTED);
    } else if (Bytes.equals(buffer, methodStart, methodEnd, "CONNECT")) {
      bad(HeadProblem.CONNECT_REFUSED);
    } else {
      versionMinor = minor - '0';
      badUnlessNull(target.parse(buffer, Bytes.equals(buffer, methodStart, methodEnd, "OPTIONS")));
    }
  }

  private void lineStart(byte b) {
    if (b == '\r') {
      position++;
      state = State.END_LF;
    } else if (Bytes.isSpace(b)) {
      bad(HeadProblem.OBS_FOLD);
    } else {
      lineStart = position;
      state = State.NAME;
    }
  }

  private void name(MemorySegment buffer, long end) {
    position = Bytes.skipToken(buffer, position, end);
    if (position == end) {
      return;
    }
    byte b = Bytes.at(buffer, position);
    if (b == ':' && position > lineStart) {
      nameEnd = position++;
      state = State.VALUE;
    } else {
      badByte(b, Bytes.isSpace(b) ? HeadProblem.SPACE_BEFORE_COLON : HeadProblem.BAD_FIELD_NAME);
    }
  }

  private void value(MemorySegment buffer, long end) {
    position = Bytes.skipText(buffer, position, end);
    if (position == end) {
      return;
    }
    byte b = Bytes.at(buffer, position);
    if (b == '\r') {
      position++;
      state = State.VALUE_LF;
    } else {
      badByte(b, HeadProblem.CONTROL_BYTE);
    }
  }

  private void field(MemorySegment buffer) {
    if (!expectLf(buffer, State.LINE_START)) {
      return;
    }
    long nameLength = nameEnd - lineStart;
    // Only names of the lengths that matter are compared with anything.
    if (nameLength < Long.SIZE && (KNOWN_LENGTHS >>> nameLength & 1) != 0) {
      long start = nameEnd + 1;
      long end = position - 2;
      while (start < end && Bytes.isSpace(Bytes.at(buffer, start))) {
        start++;
      }
      while (end > start && Bytes.isSpace(Bytes.at(buffer, end - 1))) {
        end--;
      }
      knownField(buffer, start, end);
    }
  }

  private void knownField(MemorySegment buffer, long start, long end) {
    if (isName(buffer, "host")) {
      if (hostStart != ABSENT) {
        bad(HeadProblem.REPEATED_HOST);
      }
      hostStart = start;
      hostEnd = end;
    } else if (isName(buffer, "accept")) {
      if (acceptEnd == 0) {
        acceptStart = start;
        acceptEnd = end;
      }
    } else if (isName(buffer, "expect")) {
      expectContinue |= Bytes.equalsIgnoreCase(buffer, start, end, "100-continue");
    } else if (isName(buffer, "content-length")) {
      badUnlessNull(framing.contentLength(buffer, start, end));
    } else if (isName(buffer, "transfer-encoding")) {
      badUnlessNull(framing.transferEncoding(buffer, start, end));
    } else {
      partial.take(buffer, lineStart, nameEnd, start, end);
    }
  }

  private boolean isName(MemorySegment buffer, String name) {
    return Bytes.equalsIgnoreCase(buffer, lineStart, nameEnd, name);
  }

  private void finish(MemorySegment buffer) {
    if (!expectLf(buffer, State.DONE)) {
      return;
    }
    HeadProblem ambiguous = framing.atEnd(versionMinor);
    if (ambiguous != null) {
      bad(ambiguous);
    } else if (hostStart == ABSENT && versionMinor > 0) {
      bad(HeadProblem.MISSING_HOST);
    } else if (hostsAreValid(buffer)) {
      result = Result.COMPLETE;
    } else {
      bad(HeadProblem.BAD_HOST);
    }
  }

  /**
   * RFC 9112, section 3.2.2: an absolute-form's authority wins; Host must be valid all the same.
   */
  private boolean hostsAreValid(MemorySegment buffer) {
    if (hostStart != ABSENT) {
      host = hosts.resolve(buffer, hostStart, hostEnd);
      if (host == null) {
        return false;
      }
    }
    if (target.hasAuthority()) {
      host = hosts.resolve(buffer, target.authorityStart(), target.authorityEnd());
      return host != null;
    }
    return true;
  }

  /** The host asked for, normalised; null for an HTTP/1.0 head that names none. */
  public @Nullable String host() {
    return host;
  }

  /**
   * Bytes up to and including the blank line, empty lines before the request line included; 0 while
   * the head is not complete.
   */
  public long headLength() {
    return result == Result.COMPLETE ? position : 0;
  }

  /** Whether the method is HEAD, so that no answer may have a body; known before the head is. */
  public boolean isHead() {
    return head;
  }

  /** Whether the method is GET; the buffer is the one that was parsed. */
  public boolean isGet(MemorySegment buffer) {
    return Bytes.equals(buffer, methodStart, methodEnd, "GET");
  }

  /** Where the first Accept field's value stands; 0 if there is none so far. */
  public long acceptStart() {
    return acceptStart;
  }

  /** That value's length. */
  public int acceptLength() {
    return (int) (acceptEnd - acceptStart);
  }

  /** Where the method stands. */
  public long methodStart() {
    return methodStart;
  }

  /** The method's length. */
  public int methodLength() {
    return (int) (methodEnd - methodStart);
  }

  /** Where the request target stands, in whichever form it was sent. */
  public long targetStart() {
    return target.start();
  }

  /** The request target's length. */
  public int targetLength() {
    return (int) (target.end() - target.start());
  }

  /** Where the target's path stands: after an authority, before a query. */
  public long pathStart() {
    return target.pathStart();
  }

  /** The path's length, without the query; 0 for an absolute-form target without one. */
  public int pathLength() {
    return (int) (target.pathEnd() - target.pathStart());
  }

  /** 0 or 1. */
  public int versionMinor() {
    return versionMinor;
  }

  /** How many Range fields there are. */
  public int ranges() {
    return partial.ranges();
  }

  /** Where the first Range field's value stands; 0 if there is none. */
  public long rangeStart() {
    return partial.rangeStart();
  }

  /** That value's length. */
  public int rangeLength() {
    return partial.rangeLength();
  }

  /** Where the first If-Range field's value stands; 0 if there is none. */
  public long ifRangeStart() {
    return partial.ifRangeStart();
  }

  /** That value's length. */
  public int ifRangeLength() {
    return partial.ifRangeLength();
  }

  /** Whether an If-Match, If-None-Match, If-Modified-Since or If-Unmodified-Since is there. */
  public boolean conditional() {
    return partial.conditional();
  }

  /** Where the authority of an absolute-form target stands; −1: the target has none. */
  public long authorityStart() {
    return target.authorityStart();
  }

  /** Where it ends. */
  public long authorityEnd() {
    return target.authorityEnd();
  }

  /** Where the value of the Host field stands; −1: there is none. */
  public long hostStart() {
    return hostStart;
  }

  /** Where it ends. */
  public long hostEnd() {
    return hostEnd;
  }

  /** Whether the client waits for 100 (Continue) before it sends its body. */
  public boolean expectContinue() {
    return expectContinue;
  }

  /** Content-Length in bytes, −1 if there is none. */
  public long contentLength() {
    return framing.contentLength();
  }

  /** Whether the body is chunked. */
  public boolean chunked() {
    return framing.chunked();
  }

  /** Why the head was refused; null while it was not. */
  public @Nullable HeadProblem problem() {
    return problem;
  }
}

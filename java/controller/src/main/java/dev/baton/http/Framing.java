package dev.baton.http;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Where the body ends, as Content-Length and Transfer-Encoding say it (RFC 9112, section 6).
 * Whatever two readers could take for different lengths is a problem.
 */
final class Framing {
  private static final long ABSENT = -1;
  private static final String CHUNKED = "chunked";

  private long contentLength = ABSENT;
  private boolean chunked;

  void reset() {
    contentLength = ABSENT;
    chunked = false;
  }

  /** Content-Length in bytes, −1 if there is none. */
  long contentLength() {
    return contentLength;
  }

  boolean chunked() {
    return chunked;
  }

  /** Takes the value of one Content-Length field. */
  @Nullable HeadProblem contentLength(MemorySegment buffer, long start, long end) {
    long value = start == end ? ABSENT : 0;
    for (long i = start; i < end; i++) {
      int digit = Bytes.at(buffer, i) - '0';
      if (digit < 0 || digit > 9 || value > (Long.MAX_VALUE - digit) / 10) {
        value = ABSENT;
        break;
      }
      value = value * 10 + digit;
    }
    if (value == ABSENT) {
      return HeadProblem.BAD_CONTENT_LENGTH;
    }
    if (contentLength != ABSENT) {
      return contentLength == value
          ? HeadProblem.REPEATED_CONTENT_LENGTH
          : HeadProblem.CONFLICTING_CONTENT_LENGTH;
    }
    contentLength = value;
    return null;
  }

  /** Takes the value of one Transfer-Encoding field. */
  @Nullable HeadProblem transferEncoding(MemorySegment buffer, long start, long end) {
    if (chunked) {
      return HeadProblem.BAD_TRANSFER_ENCODING;
    }
    chunked = true;
    if (Bytes.equalsIgnoreCase(buffer, start, end, CHUNKED)) {
      return null;
    }
    // Some coding before chunked: valid, but not every target undoes it.
    long last = end - CHUNKED.length();
    boolean chunkedLast =
        last > start
            && Bytes.equalsIgnoreCase(buffer, last, end, CHUNKED)
            && (Bytes.at(buffer, last - 1) == ',' || Bytes.isSpace(Bytes.at(buffer, last - 1)));
    boolean chunkedFirst =
        Bytes.equalsIgnoreCase(buffer, start, Math.min(end, start + CHUNKED.length()), CHUNKED);
    return chunkedLast && !chunkedFirst
        ? HeadProblem.TRANSFER_ENCODING_NOT_SUPPORTED
        : HeadProblem.BAD_TRANSFER_ENCODING;
  }

  /** What only the whole head shows. */
  @Nullable HeadProblem atEnd(int versionMinor) {
    if (chunked && versionMinor == 0) {
      return HeadProblem.TRANSFER_ENCODING_IN_HTTP10;
    }
    return chunked && contentLength != ABSENT
        ? HeadProblem.TRANSFER_ENCODING_WITH_CONTENT_LENGTH
        : null;
  }
}

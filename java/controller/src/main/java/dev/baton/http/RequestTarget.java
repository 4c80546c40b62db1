package dev.baton.http;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Where the parts of a request target stand (RFC 9112, section 3.2). */
final class RequestTarget {
  private static final long ABSENT = -1;

  private long start;
  private long end;
  private long authorityStart;
  private long authorityEnd;
  private long pathStart;
  private long pathEnd;

  /** The target is about to begin here. */
  void startAt(long offset) {
    start = end = pathStart = pathEnd = offset;
    authorityStart = authorityEnd = ABSENT;
  }

  /** The target ends before this offset. */
  void endAt(long offset) {
    end = offset;
  }

  long start() {
    return start;
  }

  long end() {
    return end;
  }

  boolean hasAuthority() {
    return authorityStart != ABSENT;
  }

  long authorityStart() {
    return authorityStart;
  }

  long authorityEnd() {
    return authorityEnd;
  }

  long pathStart() {
    return pathStart;
  }

  /** Without the query. */
  long pathEnd() {
    return pathEnd;
  }

  /** Takes origin-form, absolute-form, and asterisk-form where that is allowed, apart. */
  @Nullable HeadProblem parse(MemorySegment buffer, boolean options) {
    if (find(buffer, start, '#') < end) {
      return HeadProblem.BAD_TARGET;
    }
    byte first = Bytes.at(buffer, start);
    if (first == '*') {
      if (end - start != 1 || !options) {
        return HeadProblem.BAD_TARGET;
      }
    } else if (first != '/') {
      HeadProblem problem = absoluteForm(buffer);
      if (problem != null) {
        return problem;
      }
    }
    pathEnd = find(buffer, pathStart, '?');
    return null;
  }

  private @Nullable HeadProblem absoluteForm(MemorySegment buffer) {
    if (startsWith(buffer, "https://")) {
      return HeadProblem.WRONG_SCHEME;
    }
    if (!startsWith(buffer, "http://")) {
      return HeadProblem.BAD_TARGET;
    }
    authorityStart = start + "http://".length();
    authorityEnd = Math.min(find(buffer, authorityStart, '/'), find(buffer, authorityStart, '?'));
    pathStart = authorityEnd;
    return null;
  }

  private long find(MemorySegment buffer, long from, char c) {
    long i = from;
    while (i < end && Bytes.at(buffer, i) != c) {
      i++;
    }
    return i;
  }

  private boolean startsWith(MemorySegment buffer, String scheme) {
    return Bytes.equalsIgnoreCase(buffer, start, Math.min(end, start + scheme.length()), scheme);
  }
}

package dev.baton.http;

import java.lang.foreign.MemorySegment;

/**
 * Tells a request's own body from a second request behind it, in what has been read so far (RFC
 * 9112, sections 6 and 7.1). Pure; reads no more of a body than its framing.
 */
public final class FirstMessage {
  private FirstMessage() {}

  /**
   * Whether bytes stand behind the end of the first request that may begin another one. Empty lines
   * are none: some clients send one behind a body (RFC 9112, section 2.2). Chunks that are not
   * valid count as body: the server refuses them.
   *
   * @param buffer with the complete head
   * @param request its reader
   * @param length bytes read
   */
  public static boolean isFollowed(MemorySegment buffer, RequestHeadParser request, long length) {
    long head = request.headLength();
    long end;
    if (request.chunked()) {
      end = chunksEnd(buffer, head, length);
    } else {
      long body = Math.max(0, request.contentLength());
      end = body > length - head ? length : head + body;
    }
    while (end < length && isLineEnd(Bytes.at(buffer, end))) {
      end++;
    }
    return end < length;
  }

  private static boolean isLineEnd(byte b) {
    return b == '\r' || b == '\n';
  }

  /** Behind the last chunk and its trailer; {@code length} while they have not come. */
  private static long chunksEnd(MemorySegment buffer, long start, long length) {
    long at = start;
    while (at < length) {
      long size = 0;
      int digits = 0;
      for (; at < length; at++, digits++) {
        int digit = Character.digit(Bytes.at(buffer, at), 16);
        if (digit < 0) {
          break;
        }
        size = size << 4 | digit;
        if (size > Integer.MAX_VALUE) {
          return length; // longer than any buffer, or not valid
        }
      }
      at = lineEnd(buffer, at, length);
      if (digits == 0 || at > length) {
        return length;
      }
      if (size == 0) {
        return trailerEnd(buffer, at, length);
      }
      at += size + 2;
    }
    return length;
  }

  private static long trailerEnd(MemorySegment buffer, long start, long length) {
    long at = start;
    while (at < length) {
      long next = lineEnd(buffer, at, length);
      if (next > length) {
        break;
      }
      if (next - at == 2) {
        return next;
      }
      at = next;
    }
    return length;
  }

  /** Behind the next line feed; beyond {@code length} if there is none. */
  private static long lineEnd(MemorySegment buffer, long from, long length) {
    long at = from;
    while (at < length && Bytes.at(buffer, at) != '\n') {
      at++;
    }
    return at + 1;
  }
}

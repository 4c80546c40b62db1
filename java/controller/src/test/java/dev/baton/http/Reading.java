package dev.baton.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * What one reader made of some bytes.
 *
 * @param verdict whether they begin with a request head
 * @param refusal why they do not, in the reader's own words; empty unless refused
 * @param host normalised; null: none was named, or none that we would call one
 * @param length of the body: Content-Length in bytes (0 without one), {@link #CHUNKED}
 * @param end where the head ends, in bytes from the first
 */
record Reading(Verdict verdict, String refusal, @Nullable String host, long length, long end) {
  enum Verdict {
    ACCEPTED,
    REFUSED,
    MORE
  }

  /** The body's length if it is told in chunks. */
  static final long CHUNKED = -1;

  /** How long a head may be here: longer than any in these tests, so that no limit is compared. */
  static final int LIMIT = 65_536;

  private static final HostCache HOSTS = new HostCache();

  static Reading more() {
    return new Reading(Verdict.MORE, "", null, 0, 0);
  }

  static Reading refused(String why) {
    return new Reading(Verdict.REFUSED, why, null, 0, 0);
  }

  static Reading accepted(@Nullable String host, long length, long end) {
    return new Reading(Verdict.ACCEPTED, "", host, length, end);
  }

  /** Ours. */
  static Reading of(byte[] bytes) {
    RequestHeadParser parser = new RequestHeadParser(LIMIT, HOSTS);
    return switch (parser.parse(MemorySegment.ofArray(bytes), bytes.length)) {
      case NEED_MORE -> more();
      case BAD, TOO_LARGE -> refused(String.valueOf(parser.problem()));
      case COMPLETE ->
          accepted(
              parser.host(),
              parser.chunked() ? CHUNKED : Math.max(parser.contentLength(), 0),
              parser.headLength());
    };
  }

  /**
   * The host that another reader found, in the form in which ours is.
   *
   * @param latin1 each char is one byte that was sent
   */
  static @Nullable String normalized(@Nullable String latin1) {
    return latin1 == null
        ? null
        : HostNames.normalize(new String(latin1.getBytes(ISO_8859_1), UTF_8));
  }
}

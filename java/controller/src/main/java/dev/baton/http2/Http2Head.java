package dev.baton.http2;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.baton.head.HeadParser;
import dev.baton.head.Pages;
import dev.baton.head.Place;
import dev.baton.head.Spoken;
import dev.baton.http.HostCache;
import dev.baton.reason.Reason;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Finds the host of the first request on an HTTP/2 connection whose client did not ask first (RFC
 * 9113, section 3.3). The head is everything up to the end of that request's fields.
 *
 * <p>A client that waits for the server's SETTINGS before it sends a request cannot be served:
 * whose settings should they be? It is told GOAWAY when the time for the head is over.
 */
public final class Http2Head implements HeadParser {
  /** What each client says first (RFC 9113, section 3.4). */
  public static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

  /** Frames that go on with a request's fields. */
  public static final int CONTINUATIONS_MAX = 64;

  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private static final int END_STREAM = 0x1;
  private static final int ACK = 0x1;
  private static final int END_HEADERS = 0x4;
  private static final int PADDED = 0x8;
  private static final int PRIORITY = 0x20;
  private static final int PRIORITY_BYTES = 5;
  private static final int SETTING = 6;
  private static final int PING_BYTES = 8;
  private static final int GOAWAY_BYTES = 8;
  private static final int FIRST_WINDOW = 65_535;
  private static final int STREAM = 0x7fffffff;

  // RFC 9113, section 6.5.2.
  private static final int ENABLE_PUSH = 2;
  private static final int INITIAL_WINDOW_SIZE = 4;
  private static final int MAX_FRAME_SIZE = 5;

  private final int limit;
  private final HostCache hosts;

  private Result result = Result.NEED_MORE;
  private @Nullable Http2Problem problem;
  private @Nullable RequestFields fields;
  private long position;
  private boolean prefaced;
  private boolean settled;
  private long window;
  private int streamWindow;

  /** Where the request's HEADERS frame stands; −1: it has not come. */
  private long request;

  private int stream;
  private boolean ended;
  private int continuations;

  // The frame that is being looked at.
  private int length;
  private int type;
  private int flags;
  private int frameStream;

  /**
   * For heads of at most {@code limit} bytes; decoded, their fields may be twice that size.
   *
   * @param hosts of the same thread
   */
  public Http2Head(int limit, HostCache hosts) {
    this.limit = limit;
    this.hosts = hosts;
    reset();
  }

  @Override
  public void reset() {
    result = Result.NEED_MORE;
    problem = null;
    fields = null;
    position = 0;
    prefaced = false;
    settled = false;
    window = FIRST_WINDOW;
    streamWindow = FIRST_WINDOW;
    request = -1;
    stream = 0;
    ended = false;
    continuations = 0;
  }

  @Override
  public Result parse(MemorySegment buffer, long filled) {
    long end = Math.min(filled, limit);
    boolean moved = true;
    while (result == Result.NEED_MORE && moved) {
      moved = prefaced ? frame(buffer, end) : preface(buffer, end);
    }
    if (result == Result.NEED_MORE && end == limit) {
      refuse(Http2Problem.TOO_LARGE);
    }
    return result;
  }

  private void refuse(Http2Problem why) {
    problem = why;
    result = Result.REFUSED;
  }

  private void refuseUnless(boolean valid, Http2Problem why) {
    if (!valid && problem == null) {
      refuse(why);
    }
  }

  private boolean preface(MemorySegment buffer, long end) {
    while (position < end && position < PREFACE.length()) {
      if (buffer.get(JAVA_BYTE, position) != PREFACE.charAt((int) position)) {
        refuse(Http2Problem.NO_SETTINGS);
        return false;
      }
      position++;
    }
    prefaced = position == PREFACE.length();
    return prefaced;
  }

  /** Takes one frame, once it is whole; what its header shows to be wrong is refused at once. */
  private boolean frame(MemorySegment buffer, long end) {
    if (end - position < FrameType.HEADER) {
      return false;
    }
    header(buffer, position);
    refuseUnless(length <= FrameType.MAX, Http2Problem.BAD_FRAME_SIZE);
    if (result == Result.NEED_MORE) {
      allowed();
    }
    long next = position + FrameType.HEADER + length;
    if (result != Result.NEED_MORE || next > end) {
      return false;
    }
    payload(buffer, position + FrameType.HEADER);
    position = next;
    if (result == Result.NEED_MORE && request >= 0 && (flags & END_HEADERS) != 0) {
      finish(buffer);
    }
    return true;
  }

  private void header(MemorySegment buffer, long at) {
    length = buffer.get(INT, at) >>> 8;
    type = buffer.get(JAVA_BYTE, at + 3) & 0xff;
    flags = buffer.get(JAVA_BYTE, at + 4) & 0xff;
    frameStream = buffer.get(INT, at + 5) & STREAM;
  }

  /** Judges a frame by its header. */
  private void allowed() {
    if (request >= 0) {
      refuseUnless(
          type == FrameType.CONTINUATION && frameStream == stream,
          Http2Problem.INTERRUPTED_HEADERS);
      refuseUnless(continuations < CONTINUATIONS_MAX, Http2Problem.TOO_MANY_CONTINUATIONS);
      return;
    }
    refuseUnless(settled || type == FrameType.SETTINGS, Http2Problem.NO_SETTINGS);
    switch (type) {
      case FrameType.SETTINGS -> {
        refuseUnless(frameStream == 0, Http2Problem.WRONG_STREAM);
        refuseUnless((flags & ACK) == 0, Http2Problem.SETTINGS_ACK);
        refuseUnless(length % SETTING == 0, Http2Problem.BAD_FRAME_SIZE);
      }
      case FrameType.WINDOW_UPDATE -> {
        refuseUnless(length == Integer.BYTES, Http2Problem.BAD_FRAME_SIZE);
        refuseUnless(frameStream == 0, Http2Problem.WRONG_STREAM);
      }
      case FrameType.PRIORITY -> {
        refuseUnless(frameStream != 0, Http2Problem.WRONG_STREAM);
        refuseUnless(length == PRIORITY_BYTES, Http2Problem.BAD_FRAME_SIZE);
      }
      case FrameType.PING -> {
        refuseUnless(frameStream == 0, Http2Problem.WRONG_STREAM);
        refuseUnless(length == PING_BYTES, Http2Problem.BAD_FRAME_SIZE);
      }
      case FrameType.GOAWAY -> {
        refuseUnless(frameStream == 0, Http2Problem.WRONG_STREAM);
        refuseUnless(length >= GOAWAY_BYTES, Http2Problem.BAD_FRAME_SIZE);
      }
      case FrameType.HEADERS -> refuseUnless(frameStream % 2 == 1, Http2Problem.WRONG_STREAM);
      case FrameType.DATA, FrameType.RST_STREAM, FrameType.PUSH_PROMISE, FrameType.CONTINUATION ->
          refuse(Http2Problem.UNEXPECTED_FRAME);
      default -> {
        // Of an extension: to be ignored (RFC 9113, section 5.5).
      }
    }
  }

  /** Takes the frame in, with its bytes. */
  private void payload(MemorySegment buffer, long at) {
    switch (type) {
      case FrameType.SETTINGS -> settings(buffer, at);
      case FrameType.WINDOW_UPDATE -> {
        int more = buffer.get(INT, at) & STREAM;
        window += more;
        refuseUnless(more != 0, Http2Problem.WINDOW_UPDATE_OF_NOTHING);
        refuseUnless(window <= STREAM, Http2Problem.WINDOW_OVERFLOW);
      }
      case FrameType.HEADERS -> {
        refuseUnless(fragmentBytes(buffer, at) >= 0, Http2Problem.BAD_PADDING);
        request = position;
        stream = frameStream;
        ended = (flags & END_STREAM) != 0;
      }
      case FrameType.CONTINUATION -> continuations++;
      default -> {
        // Says nothing of the request.
      }
    }
  }

  private void settings(MemorySegment buffer, long at) {
    settled = true;
    for (long i = at; i < at + length; i += SETTING) {
      int id = buffer.get(SHORT, i) & 0xffff;
      int value = buffer.get(INT, i + 2);
      switch (id) {
        case ENABLE_PUSH -> refuseUnless(value >>> 1 == 0, Http2Problem.BAD_SETTING);
        case INITIAL_WINDOW_SIZE -> {
          refuseUnless(value >= 0, Http2Problem.BAD_INITIAL_WINDOW);
          streamWindow = value;
        }
        case MAX_FRAME_SIZE ->
            refuseUnless(value >= FrameType.MAX && value < 1 << 24, Http2Problem.BAD_SETTING);
        default -> {
          // The target's.
        }
      }
    }
  }

  /** Bytes of the field block in a HEADERS frame; negative: its padding is too long. */
  private int fragmentBytes(MemorySegment buffer, long at) {
    int bytes = length - fragmentOffset();
    if ((flags & PADDED) != 0 && length > 0) {
      bytes -= buffer.get(JAVA_BYTE, at) & 0xff;
    }
    return bytes;
  }

  private int fragmentOffset() {
    return ((flags & PADDED) != 0 ? 1 : 0) + ((flags & PRIORITY) != 0 ? PRIORITY_BYTES : 0);
  }

  /** The request's fields are all there: gathers them from their frames and reads them. */
  private void finish(MemorySegment buffer) {
    ByteBuffer block = ByteBuffer.allocate((int) (position - request));
    long at = request;
    while (at < position) {
      header(buffer, at);
      long from = at + FrameType.HEADER;
      int bytes = length;
      if (type == FrameType.HEADERS) {
        bytes = fragmentBytes(buffer, from);
        from += fragmentOffset();
      }
      block.put(buffer.asSlice(from, bytes).asByteBuffer());
      at += FrameType.HEADER + length;
    }
    RequestFields read = new RequestFields(hosts);
    fields = read;
    Http2Problem wrong = read.read(block.flip(), 2 * limit);
    if (wrong != null) {
      refuse(wrong);
    } else {
      result = Result.COMPLETE;
    }
  }

  @Override
  public int limit() {
    return limit;
  }

  @Override
  public Spoken spoken() {
    return Spoken.HTTP2;
  }

  @Override
  public @Nullable String host() {
    return fields == null ? null : fields.host();
  }

  @Override
  public long headLength() {
    return result == Result.COMPLETE ? position : 0;
  }

  /** Why the head was refused; null while it was not. */
  public @Nullable Http2Problem problem() {
    return problem;
  }

  @Override
  public Reason reason() {
    return problem == null ? Reason.NONE : problem.reason();
  }

  @Override
  public Reason tooSlow() {
    return settled && request < 0 ? Reason.HTTP2_WAITS : Reason.HEAD_TOO_SLOW;
  }

  @Override
  public byte[] refusal(Pages pages) {
    Http2Problem why = Objects.requireNonNull(problem);
    return why.status() == 0
        ? Http2Answer.goAway(why.code(), why.sentence())
        : answer(why.status(), why.sentence(), pages);
  }

  /** Not before the request: a page needs a stream, and GOAWAY alone leaves clients guessing. */
  @Override
  public boolean canAnswer() {
    return result != Result.NEED_MORE;
  }

  /**
   * A page on the request's stream; GOAWAY while there is no request. What HTTP/2 cannot be had for
   * (505) is told by its own error, which clients follow to HTTP/1.1 (RFC 9113, section 7).
   */
  @Override
  public byte[] answer(int status, String detail, Pages pages) {
    if (fields == null) {
      return Http2Answer.goAway(ErrorCode.NO_ERROR, detail);
    }
    if (status == 505) {
      return Http2Answer.refused(stream, ErrorCode.HTTP_1_1_REQUIRED, detail);
    }
    byte[] page = pages.page(status, detail, fields.isHead());
    return Http2Answer.page(stream, page, ended, streamWindow);
  }

  @Override
  public boolean isGetOrHead(MemorySegment buffer) {
    return fields != null && fields.isGetOrHead();
  }

  @Override
  public @Nullable String location(MemorySegment buffer, Place place) {
    return fields == null ? null : fields.location(place);
  }
}

package dev.baton.http;

import dev.baton.head.HeadParser;
import dev.baton.head.Pages;
import dev.baton.head.Place;
import dev.baton.head.Spoken;
import dev.baton.reason.Reason;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** HTTP/1.0 and 1.1 among the protocols that a connection may begin with. */
public final class Http1Head implements HeadParser {
  private final RequestHeadParser parser;
  private final int limit;

  /**
   * For heads of at most {@code limit} bytes.
   *
   * @param hosts of the same thread
   */
  public Http1Head(int limit, HostCache hosts) {
    this.limit = limit;
    parser = new RequestHeadParser(limit, hosts);
  }

  @Override
  public Result parse(MemorySegment buffer, long length) {
    return switch (parser.parse(buffer, length)) {
      case NEED_MORE -> Result.NEED_MORE;
      case COMPLETE -> Result.COMPLETE;
      case BAD, TOO_LARGE -> Result.REFUSED;
    };
  }

  @Override
  public void reset() {
    parser.reset();
  }

  @Override
  public int limit() {
    return limit;
  }

  @Override
  public Spoken spoken() {
    return Spoken.HTTP1;
  }

  @Override
  public @Nullable String host() {
    return parser.host();
  }

  @Override
  public long headLength() {
    return parser.headLength();
  }

  @Override
  public Reason reason() {
    HeadProblem problem = parser.problem();
    return problem == null ? Reason.NONE : problem.reason();
  }

  @Override
  public byte[] refusal(Pages pages) {
    HeadProblem problem = Objects.requireNonNull(parser.problem());
    return answer(problem.status(), problem.sentence(), pages);
  }

  @Override
  public byte[] answer(int status, String detail, Pages pages) {
    return pages.page(status, detail, parser.isHead());
  }

  @Override
  public boolean isGetOrHead(MemorySegment buffer) {
    return parser.isHead() || parser.isGet(buffer);
  }

  @Override
  public String location(MemorySegment buffer, Place place) {
    return Location.of(buffer, parser, place);
  }

  /** The reader itself, for what only HTTP/1 has. */
  public RequestHeadParser request() {
    return parser;
  }
}

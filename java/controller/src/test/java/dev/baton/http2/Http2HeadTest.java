package dev.baton.http2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.head.BuiltInPages;
import dev.baton.head.HeadParser.Result;
import dev.baton.http.HostCache;
import dev.baton.reason.Reason;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hc.core5.http2.hpack.HPackDecoder;
import org.apache.hc.core5.http2.hpack.HPackException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class Http2HeadTest {
  private static final int LIMIT = 4096;

  /** What must be the same however the bytes are cut. */
  private record Outcome(
      Result result, @Nullable Http2Problem problem, @Nullable String host, long headLength) {}

  /** A frame of an answer. */
  private record Frame(int type, int flags, int stream, ByteBuffer payload) {}

  static Stream<Arguments> all() {
    return Stream.concat(Http2Table.accepted(), Http2Table.refused());
  }

  private static Http2Head head() {
    return new Http2Head(LIMIT, new HostCache());
  }

  private static Outcome outcome(Http2Head head, Result result) {
    return new Outcome(result, head.problem(), head.host(), head.headLength());
  }

  private static Outcome parse(byte[] bytes) {
    Http2Head head = head();
    Result result = head.parse(MemorySegment.ofArray(bytes), bytes.length);
    assertThat(head.parse(MemorySegment.ofArray(bytes), bytes.length)).isEqualTo(result);
    return outcome(head, result);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("dev.baton.http2.Http2Table#accepted")
  void accepted(String why, byte[] bytes, String host) {
    byte[] more = new Frames().raw(bytes).frame(FrameType.DATA, 1, 1, 1, 2, 3).bytes();
    Outcome outcome = parse(more);
    assertThat(outcome.result()).as("%s: %s", why, outcome.problem()).isEqualTo(Result.COMPLETE);
    assertThat(outcome.host()).isEqualTo(host);
    assertThat(outcome.headLength()).as("where the head ends").isEqualTo(bytes.length);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("dev.baton.http2.Http2Table#refused")
  void refused(String why, byte[] bytes, Http2Problem problem) {
    Outcome outcome = parse(bytes);
    assertThat(outcome.problem()).as(why).isEqualTo(problem);
    assertThat(outcome.result()).isEqualTo(Result.REFUSED);
    assertThat(outcome.headLength()).isZero();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("all")
  void howTheBytesAreCutDoesNotMatter(String why, byte[] bytes) {
    Outcome whole = parse(bytes);
    MemorySegment buffer = MemorySegment.ofArray(bytes);
    Http2Head head = head();
    for (int cut = 0; cut <= bytes.length; cut++) {
      head.reset();
      head.parse(buffer, cut);
      assertThat(outcome(head, head.parse(buffer, bytes.length)))
          .as("%s, cut after %d", why, cut)
          .isEqualTo(whole);
    }
    head.reset();
    Result result = Result.NEED_MORE;
    for (int length = 0; length <= bytes.length; length++) {
      result = head.parse(buffer, length);
      if (result == Result.COMPLETE) {
        assertThat(length).as("complete no sooner than at its end").isEqualTo(bytes.length);
      }
    }
    assertThat(outcome(head, result)).as("one byte at a time").isEqualTo(whole);
  }

  @Test
  void aClientThatWaitsIsToldSo() {
    byte[] bytes = Frames.client().bytes();
    Http2Head head = head();
    assertThat(head.parse(MemorySegment.ofArray(bytes), bytes.length)).isEqualTo(Result.NEED_MORE);
    assertThat(head.tooSlow()).isEqualTo(Reason.HTTP2_WAITS);
    assertThat(head.canAnswer()).isFalse();
    List<Frame> frames = frames(head.answer(408, "too late", BuiltInPages.PAGES));
    assertThat(frames)
        .extracting(Frame::type)
        .containsExactly(FrameType.SETTINGS, FrameType.GOAWAY);
    assertThat(frames.getLast().payload().array())
        .isEqualTo(
            new Frames()
                .raw(new byte[8])
                .raw("too late".getBytes(StandardCharsets.US_ASCII))
                .bytes());
  }

  @Test
  void aClientThatIsInTheMiddleOfItsRequestIsTooSlow() {
    byte[] bytes = Frames.client().frame(FrameType.HEADERS, 0, 1, Frames.get()).bytes();
    Http2Head head = head();
    head.parse(MemorySegment.ofArray(bytes), bytes.length);
    assertThat(head.tooSlow()).isEqualTo(Reason.HEAD_TOO_SLOW);
    head.reset();
    head.parse(MemorySegment.ofArray(bytes), 10);
    assertThat(head.tooSlow()).isEqualTo(Reason.HEAD_TOO_SLOW);
  }

  @Test
  void faultyFramesAreAnsweredWithTheirErrorCode() {
    byte[] bytes = Frames.client().request(Frames.bytes(0x80)).bytes();
    Http2Head head = head();
    head.parse(MemorySegment.ofArray(bytes), bytes.length);
    Frame end = frames(head.refusal(BuiltInPages.PAGES)).getLast();
    assertThat(end.type()).isEqualTo(FrameType.GOAWAY);
    assertThat(end.payload().getInt(4)).as("COMPRESSION_ERROR").isEqualTo(9);
  }

  @Test
  void aPageIsAResponseOnTheRequestsStream() throws HPackException {
    byte[] bytes =
        Frames.client()
            .frame(FrameType.HEADERS, Frames.END_HEADERS, 5, Frames.get(":authority", "a"))
            .bytes();
    Http2Head head = head();
    head.parse(MemorySegment.ofArray(bytes), bytes.length);
    List<Frame> frames = frames(head.answer(503, "no node is up", BuiltInPages.PAGES));
    assertThat(frames)
        .extracting(Frame::type)
        .containsExactly(
            FrameType.SETTINGS,
            FrameType.SETTINGS,
            FrameType.HEADERS,
            FrameType.DATA,
            FrameType.RST_STREAM,
            FrameType.GOAWAY);
    assertThat(frames.get(1).flags()).isEqualTo(Frames.ACK);
    assertThat(fields(frames.get(2)))
        .contains(":status=503", "content-type=text/plain; charset=utf-8", "retry-after=5")
        .noneMatch(field -> field.startsWith("connection"));
    assertThat(frames.subList(2, 5)).extracting(Frame::stream).containsOnly(5);
    assertThat(frames.get(3).flags()).isEqualTo(Frames.END_STREAM);
    assertThat(StandardCharsets.UTF_8.decode(frames.get(3).payload()).toString())
        .contains("no node is up");
    ByteBuffer end = frames.getLast().payload();
    assertThat(end.getInt()).as("last stream").isEqualTo(5);
    assertThat(end.getInt()).as("NO_ERROR").isZero();
  }

  @Test
  void aRefusedRequestIsAnsweredWithItsStatus() throws HPackException {
    byte[] bytes = Frames.client().request(Frames.get()).bytes();
    Http2Head head = head();
    head.parse(MemorySegment.ofArray(bytes), bytes.length);
    assertThat(fields(frames(head.refusal(BuiltInPages.PAGES)).get(2))).contains(":status=400");
    assertThat(head.reason()).isEqualTo(Reason.NO_HOST);
    assertThat(frames(head.refusal(BuiltInPages.PAGES)))
        .as("a whole request needs no reset")
        .extracting(Frame::type)
        .doesNotContain(FrameType.RST_STREAM);
  }

  @Test
  void theAnswerToHeadHasNoBody() throws HPackException {
    byte[] block =
        Frames.fields(":method", "HEAD", ":scheme", "http", ":path", "/", ":authority", "a");
    byte[] bytes = Frames.client().request(block).bytes();
    Http2Head head = head();
    head.parse(MemorySegment.ofArray(bytes), bytes.length);
    List<Frame> frames = frames(head.answer(404, "not here", BuiltInPages.PAGES));
    assertThat(frames).extracting(Frame::type).doesNotContain(FrameType.DATA);
    assertThat(frames.get(2).flags()).isEqualTo(Frames.END_HEADERS | Frames.END_STREAM);
    assertThat(fields(frames.get(2))).contains(":status=404");
  }

  @Test
  void aClientWithoutAWindowGetsNoBody() {
    byte[] bytes =
        Frames.preface()
            .frame(FrameType.SETTINGS, 0, 0, 0, 4, 0, 0, 0, 3)
            .request(Frames.get(":authority", "a"))
            .bytes();
    Http2Head head = head();
    head.parse(MemorySegment.ofArray(bytes), bytes.length);
    assertThat(frames(head.answer(404, "not here", BuiltInPages.PAGES)))
        .extracting(Frame::type)
        .doesNotContain(FrameType.DATA);
  }

  @Test
  void aLargePageIsCutIntoFrames() {
    String page =
        "HTTP/1.1 404 Not Found\r\nX: " + "x".repeat(300) + "\r\n\r\n" + "b".repeat(40_000);
    List<Frame> frames =
        frames(Http2Answer.page(1, page.getBytes(StandardCharsets.US_ASCII), true, 65_535));
    assertThat(frames.stream().filter(f -> f.type() == FrameType.DATA))
        .extracting(f -> f.payload().remaining())
        .containsExactly(16_384, 16_384, 7232);
  }

  private static List<String> fields(Frame frame) throws HPackException {
    return new HPackDecoder(4096, StandardCharsets.US_ASCII)
        .decodeHeaders(frame.payload()).stream()
            .map(field -> field.getName() + "=" + field.getValue())
            .collect(Collectors.toList());
  }

  private static List<Frame> frames(byte[] bytes) {
    List<Frame> frames = new ArrayList<>();
    ByteBuffer in = ByteBuffer.wrap(bytes);
    while (in.hasRemaining()) {
      int length = (in.getShort() & 0xffff) << 8 | (in.get() & 0xff);
      int type = in.get();
      int flags = in.get();
      int stream = in.getInt();
      byte[] payload = new byte[length];
      in.get(payload);
      frames.add(new Frame(type, flags, stream, ByteBuffer.wrap(payload)));
    }
    return frames;
  }
}

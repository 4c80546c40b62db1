package dev.baton.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.http.RequestHeadParser.Result;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class RequestHeadParserTest {
  private static final int LIMIT = 4096;

  /** What must be the same however the bytes are cut. */
  private record Outcome(
      Result result,
      @Nullable HeadProblem problem,
      @Nullable String host,
      long headLength,
      boolean head,
      boolean chunked,
      long contentLength,
      boolean expectContinue,
      int versionMinor,
      String method,
      String target,
      String path) {}

  static Stream<Arguments> heads() {
    return Stream.concat(HeadTable.accepted(), HeadTable.refused());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("dev.baton.http.HeadTable#accepted")
  void accepted(String why, String head, @Nullable String host) {
    Outcome outcome = parse(head + "body \r\n\r\n", LIMIT);
    assertThat(outcome.result()).as("%s: %s", why, outcome.problem()).isEqualTo(Result.COMPLETE);
    assertThat(outcome.problem()).isNull();
    assertThat(outcome.host()).as(why).isEqualTo(host);
    assertThat(outcome.headLength()).as("where the head ends").isEqualTo(bytes(head).length);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("dev.baton.http.HeadTable#refused")
  void refused(String why, String head, HeadProblem problem) {
    Outcome outcome = parse(head, LIMIT);
    assertThat(outcome.result()).as(why).isEqualTo(Result.BAD);
    assertThat(outcome.problem()).as(why).isEqualTo(problem);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("heads")
  void howTheBytesAreCutDoesNotMatter(String why, String head) {
    byte[] bytes = bytes(head);
    Outcome whole = parse(head, LIMIT);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(bytes.length);
      MemorySegment.copy(MemorySegment.ofArray(bytes), 0, buffer, 0, bytes.length);
      RequestHeadParser parser = new RequestHeadParser(LIMIT);
      for (int cut = 0; cut <= bytes.length; cut++) {
        parser.reset();
        parser.parse(buffer, cut);
        assertThat(outcome(parser, parser.parse(buffer, bytes.length), bytes))
            .as("%s, cut after %d", why, cut)
            .isEqualTo(whole);
      }
      parser.reset();
      Result result = Result.NEED_MORE;
      for (int length = 0; length <= bytes.length; length++) {
        result = parser.parse(buffer, length);
        if (result == Result.COMPLETE) {
          assertThat(length).as("complete no sooner than at its end").isEqualTo(bytes.length);
        }
      }
      assertThat(outcome(parser, result, bytes)).as("one byte at a time").isEqualTo(whole);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("dev.baton.http.HeadTable#accepted")
  void noPartOfAValidHeadIsRefusedOrTakenForTheWhole(String why, String head) {
    byte[] bytes = bytes(head);
    for (int length = 0; length < bytes.length; length++) {
      RequestHeadParser parser = new RequestHeadParser(LIMIT);
      assertThat(parser.parse(MemorySegment.ofArray(bytes), length))
          .as("%s, the first %d bytes", why, length)
          .isEqualTo(Result.NEED_MORE);
    }
  }

  @Test
  void partsOfTheHeadAreFound() {
    Outcome outcome =
        parse(
            """
            POST http://a.example:80/x/y?z=/ HTTP/1.1\r
            Host: b.example\r
            Content-Length: 0012\r
            Expect: 100-Continue\r
            \r
            """,
            LIMIT);
    assertThat(outcome)
        .isEqualTo(
            new Outcome(
                Result.COMPLETE,
                null,
                "a.example",
                106,
                false,
                false,
                12,
                true,
                1,
                "POST",
                "http://a.example:80/x/y?z=/",
                "/x/y"));
    outcome =
        parse("\r\nOPTIONS * HTTP/1.1\r\nhost:x\r\ntransfer-encoding:\tChunked \r\n\r\n", LIMIT);
    assertThat(outcome.chunked()).isTrue();
    assertThat(outcome.contentLength()).isEqualTo(-1);
    assertThat(outcome.path()).isEqualTo("*");
    assertThat(parse("GET http://x?q HTTP/1.0\r\n\r\n", LIMIT).path()).isEmpty();
    assertThat(parse("HEAD / HTTP/1.0\r\n\r\n", LIMIT).head()).isTrue();
    assertThat(parse("head / HTTP/1.0\r\n\r\n", LIMIT).head()).isFalse();
  }

  @Test
  void aBadHeadStillTellsThatItIsHead() {
    assertThat(parse("HEAD / HTTP/1.1\r\n\r\n", LIMIT).problem())
        .isEqualTo(HeadProblem.MISSING_HOST);
    assertThat(parse("HEAD / HTTP/1.1\r\n\r\n", LIMIT).head()).isTrue();
  }

  @Test
  void theLimitCountsTheWholeHead() {
    String head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    assertThat(parse(head + "body", head.length()).result()).isEqualTo(Result.COMPLETE);
    Outcome outcome = parse(head + "body", head.length() - 1);
    assertThat(outcome.result()).isEqualTo(Result.TOO_LARGE);
    assertThat(outcome.problem()).isEqualTo(HeadProblem.HEAD_TOO_LARGE);
    assertThat(parse("GET /" + "a".repeat(LIMIT), LIMIT).result()).isEqualTo(Result.TOO_LARGE);
    assertThat(parse("a".repeat(LIMIT - 1), LIMIT).result()).isEqualTo(Result.NEED_MORE);
  }

  @Test
  void everyControlByteButTabIsRefusedEverywhere() {
    String head = "GET /abcdefghi HTTP/1.1\r\nHost: abcdefghi\r\nX: abcdefghi\r\n\r\n";
    for (int at = 0; at < head.length(); at++) {
      for (char c = 0; c <= 0x7f; c = c == 0x1f ? 0x7f : (char) (c + 1)) {
        if (c != '\t' && c != head.charAt(at)) {
          String bad = head.substring(0, at) + c + head.substring(at + 1);
          assertThat(parse(bad, LIMIT).result())
              .as("0x%02x at %d of %s", (int) c, at, head.replace("\r\n", "|"))
              .isEqualTo(Result.BAD);
        }
      }
    }
  }

  @Test
  void aParserIsUsedAgainAndAKnownHostIsTheSameString() {
    RequestHeadParser parser = new RequestHeadParser(LIMIT);
    byte[] first =
        bytes("POST / HTTP/1.1\r\nHost: WWW.example.com:8080\r\nContent-Length: 3\r\n\r\n");
    parser.parse(MemorySegment.ofArray(first), first.length);
    String host = parser.host();
    assertThat(host).isEqualTo("www.example.com");
    parser.reset();
    byte[] second = bytes("GET / HTTP/1.1\r\nHost: www.Example.com\r\n\r\n");
    assertThat(parser.parse(MemorySegment.ofArray(second), second.length))
        .isEqualTo(Result.COMPLETE);
    assertThat(parser.host()).isSameAs(host);
    assertThat(parser.contentLength()).isEqualTo(-1);
  }

  @Test
  void namesThatShareASlotOfTheCacheAreNotMixedUp() {
    RequestHeadParser parser = new RequestHeadParser(LIMIT);
    // Three names for each slot, so that nearly all of them are put out by another.
    for (int round = 0; round < 2; round++) {
      for (int i = 0; i < 3000; i++) {
        String name = "h" + i + ".example";
        byte[] head = bytes("GET / HTTP/1.1\r\nHost: " + name + "\r\n\r\n");
        parser.reset();
        parser.parse(MemorySegment.ofArray(head), head.length);
        assertThat(parser.host()).isEqualTo(name);
      }
    }
  }

  private static Outcome parse(String text, int limit) {
    byte[] bytes = bytes(text);
    RequestHeadParser parser = new RequestHeadParser(limit);
    Result result = parser.parse(MemorySegment.ofArray(bytes), bytes.length);
    assertThat(parser.parse(MemorySegment.ofArray(bytes), bytes.length)).isEqualTo(result);
    return outcome(parser, result, bytes);
  }

  private static Outcome outcome(RequestHeadParser p, Result result, byte[] bytes) {
    return new Outcome(
        result,
        p.problem(),
        p.host(),
        p.headLength(),
        p.isHead(),
        p.chunked(),
        p.contentLength(),
        p.expectContinue(),
        p.versionMinor(),
        text(bytes, p.methodStart(), p.methodLength()),
        text(bytes, p.targetStart(), p.targetLength()),
        text(bytes, p.pathStart(), p.pathLength()));
  }

  private static String text(byte[] bytes, long start, int length) {
    return new String(bytes, (int) start, length, StandardCharsets.ISO_8859_1);
  }

  private static byte[] bytes(String text) {
    return HeadTable.bytes(text);
  }
}

package dev.baton.pieces;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.http.RangeHeader;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ResponseHeadTest {
  private static @Nullable ResponseHead parse(String text) {
    byte[] bytes = text.replace("|", "\r\n").getBytes(ISO_8859_1);
    return ResponseHead.parse(bytes, bytes.length);
  }

  private static ResponseHead valid(String text) {
    return Objects.requireNonNull(parse(text));
  }

  @Test
  void reads() {
    ResponseHead head =
        valid("HTTP/1.1 206 Partial Content|etag: \"a\" \t|X:|Content-Length: 7|X: y||");
    assertThat(head.status()).isEqualTo(206);
    assertThat(head.phrase()).isEqualTo("Partial Content");
    assertThat(head.validator()).isEqualTo(new Validator("\"a\"", null));
    assertThat(head.contentLength()).isEqualTo(7);
    assertThat(head.value("X")).isNull();
    assertThat(valid("HTTP/1.0 200|A: b||").phrase()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "||",
        "HTTP/2 200 OK||",
        "HTTP/1.1 99 OK||",
        "HTTP/1.1 600 OK||",
        "HTTP/1.1 200 OK\n\n||",
        "HTTP/1.1 200 OK|A b||",
        "HTTP/1.1 200 OK|A : b||",
        "HTTP/1.1 200 OK|A: b| c||",
        "HTTP/1.1 200 OK|A: b\rc||",
        "HTTP/1.1 200 OK|A: \0||",
        "HTTP/1.1 200 OK|: b||",
      })
  void refuses(String text) {
    assertThat(parse(text)).isNull();
  }

  @ParameterizedTest
  @CsvSource({
    "true,  206, bytes 10-19/100,  Content-Length: 10",
    "false, 200, bytes 10-19/100,  Content-Length: 10",
    "false, 206, bytes 10-18/100,  Content-Length: 10",
    "false, 206, bytes 9-19/100,   Content-Length: 10",
    "false, 206, bytes 10-19/101,  Content-Length: 10",
    "false, 206, bytes 10-19/*,    Content-Length: 10",
    "false, 206, bytes 10-19/100,  Content-Length: 9",
    "false, 206, bytes 10-19/100,  X: y",
    "false, 206, bytes 10-19/100,  Content-Length: 10|Content-Encoding: gzip",
    "true,  206, bytes 10-19/100,  Content-Length: 10|Content-Encoding: identity",
    "false, 206, bytes 10-19/100,  Content-Length: 10|Transfer-Encoding: chunked",
    "false, 206, bytes 10-19/100,  Content-Length: 10|Content-Length: 10",
    "false, 206, bytes 10-19/100,  Content-Length: 10|Content-Range: bytes 10-19/100",
  })
  void isExactlyThePiece(boolean expected, int status, String range, String more) {
    ResponseHead head =
        valid("HTTP/1.1 %d X|Content-Range: %s|%s||".formatted(status, range, more));
    assertThat(head.isPiece(new Span(10, 19), 100)).isEqualTo(expected);
  }

  @Test
  void whatIsAboutTheNodesConnectionStaysThere() {
    ResponseHead head =
        valid(
            "HTTP/1.1 206 X|Server: s|Connection: close, X-Hop|x-hop: 1|Keep-Alive: 5|"
                + "Content-Length: 1|Content-Range: bytes 0-0/1|Content-Type: t|Set-Cookie: a|"
                + "Set-Cookie: b||");
    assertThat(head.passedOn(Set.of("content-type")))
        .isEqualTo("Server: s\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n");
  }

  @ParameterizedTest
  @CsvSource({
    "\"a\",   \"a\",   d, true",
    "\"a\",   \"b\",   d, false",
    "W/\"a\", W/\"a\", d, false",
    "\"a\",   W/\"a\", d, false",
    "d,       \"a\",   d, true",
    "d,       \"a\",   e, false",
  })
  void ifRange(String field, String etag, String date, boolean expected) {
    assertThat(new Validator(etag, date).matches(field)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ':',
      value = {
        "0-1            : 0-1",
        "0-1,5-6        : 0-1 5-6",
        "5-6,0-1        : 5-6 0-1",
        "0-1,2-3        : 0-3",
        "0-5,3-9        : 0-9",
        "0-1,8-9,1-8    : 0-9",
        "8-9,0-1,20-30,1-8 : 0-9 20-30",
        "20-30,8-9,0-1,1-8 : 20-30 0-9",
        "0-,5-6,-1      : 0-99",
        "5-5,5-5,5-5    : 5-5",
      })
  void spansThatTouchAreOne(String ranges, String expected) {
    RangeHeader header = new RangeHeader();
    byte[] bytes = ("bytes=" + ranges).getBytes(ISO_8859_1);
    assertThat(header.parse(MemorySegment.ofArray(bytes), 0, bytes.length, 100))
        .isEqualTo(RangeHeader.Result.SATISFIABLE);
    assertThat(
            Span.of(header).stream()
                .map(span -> span.first() + "-" + span.last())
                .collect(Collectors.joining(" ")))
        .isEqualTo(expected);
  }
}

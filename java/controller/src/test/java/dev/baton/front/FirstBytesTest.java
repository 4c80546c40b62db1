package dev.baton.front;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.config.Protocol;
import dev.baton.head.BuiltInPages;
import dev.baton.head.HeadParser.Result;
import dev.baton.head.Spoken;
import dev.baton.http.HostCache;
import dev.baton.http2.Http2Head;
import dev.baton.reason.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FirstBytesTest {
  private static final String HTTP1 = "GET / HTTP/1.1\r\nHost: one.example\r\n\r\n";
  private static final String HTTP2 =
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"
          + "\0\0\20\1\5\0\0\0\1\u0082\u0086\u0084\1\13two.example";

  private final FirstBytes first = new FirstBytes(1024, new HostCache());

  private static byte[] bytes(String which) throws IOException {
    switch (which) {
      case "HTTP1" -> {
        return HTTP1.getBytes(ISO_8859_1);
      }
      case "HTTP2" -> {
        return HTTP2.getBytes(ISO_8859_1);
      }
      case "TLS" -> {
        try (InputStream in =
            Objects.requireNonNull(
                FirstBytesTest.class.getResourceAsStream("/clienthello/chromium-156.bin"))) {
          return in.readAllBytes();
        }
      }
      default -> {
        return HexFormat.of().parseHex(which);
      }
    }
  }

  private Result slowly(byte[] bytes) {
    Result result = Result.NEED_MORE;
    for (int length = 0; length <= bytes.length; length++) {
      result = first.parse(MemorySegment.ofArray(bytes), length);
    }
    return result;
  }

  @ParameterizedTest
  @CsvSource({
    "HTTP, HTTP1, HTTP1, COMPLETE, one.example",
    "HTTP, HTTP2, HTTP2, COMPLETE, two.example",
    "HTTP, TLS,   HTTP1, REFUSED,",
    "TLS,  HTTP1, TLS,   REFUSED,",
    "TLS,  HTTP2, TLS,   REFUSED,",
    "TLS,  TLS,   TLS,   COMPLETE, www.example.com",
    "AUTO, HTTP1, HTTP1, COMPLETE, one.example",
    "AUTO, HTTP2, HTTP2, COMPLETE, two.example",
    "AUTO, TLS,   TLS,   COMPLETE, www.example.com",
    "AUTO, 15030300020100, TLS, REFUSED,", // an alert
    "AUTO, 802e01, TLS, REFUSED,", // SSL 2.0
    "AUTO, 00, TLS, REFUSED,",
    "AUTO, 0d0a, HTTP1, NEED_MORE,", // an empty line before the request
    "AUTO, 50, HTTP1, NEED_MORE,", // P, of PUT or of PRI
    "AUTO, 505249202a20485454502f322e300d0a58, HTTP1, REFUSED,", // PRI, but not the preface
    "AUTO, 505554202f20485454502f312e310d0a, HTTP1, NEED_MORE,", // PUT
  })
  void theProtocolIsToldByTheFirstBytes(
      Protocol protocol, String what, Spoken spoken, Result result, @Nullable String host)
      throws IOException {
    byte[] bytes = bytes(what);
    first.reset();
    first.expect(protocol, false);
    assertThat(first.parse(MemorySegment.ofArray(bytes), bytes.length)).isEqualTo(result);
    assertThat(first.spoken()).isEqualTo(spoken);
    assertThat(first.host()).isEqualTo(host);
    assertThat(first.headLength()).isEqualTo(result == Result.COMPLETE ? bytes.length : 0);
    // The same object, used again, one byte at a time.
    first.reset();
    first.expect(protocol, false);
    assertThat(slowly(bytes)).isEqualTo(result);
    assertThat(first.spoken()).isEqualTo(spoken);
    assertThat(first.host()).isEqualTo(host);
  }

  @Test
  void aNameThatIsNeededIsAskedForEachTime() {
    byte[] hello = nameless();
    for (boolean needed : new boolean[] {true, false, true}) {
      for (Protocol protocol : new Protocol[] {Protocol.TLS, Protocol.AUTO}) {
        first.reset();
        first.expect(protocol, needed);
        assertThat(first.parse(MemorySegment.ofArray(hello), hello.length))
            .isEqualTo(needed ? Result.REFUSED : Result.COMPLETE);
        assertThat(first.reason()).isEqualTo(needed ? Reason.NO_SERVER_NAME : Reason.NONE);
      }
    }
  }

  @Test
  void anAnswerNeedsTheProtocolAndInHttp2TheRequest() {
    assertThat(canAnswer(Protocol.HTTP, "PRI", "")).isFalse();
    assertThat(canAnswer(Protocol.HTTP, "GET /", "")).isTrue();
    assertThat(canAnswer(Protocol.AUTO, "\u0016", "")).isTrue();
    assertThat(canAnswer(Protocol.TLS, "", "")).isTrue();
    String preface = Http2Head.PREFACE + "\0\0\0\4\0\0\0\0\0";
    assertThat(canAnswer(Protocol.AUTO, preface, "")).isFalse();
    assertThat(canAnswer(Protocol.AUTO, preface, "garbage of another kind")).isTrue();
    // GET, http, / and www.example.com (RFC 7541, appendix C.4.1).
    String headers = "\0\0\21\1\5\0\0\0\1\u0082\u0086\u0084A\u008c";
    String name = "\u00f1\u00e3\u00c2\u00e5\u00f2:k\u00a0\u00ab\u0090\u00f4\u00ff";
    assertThat(canAnswer(Protocol.AUTO, preface, headers + name)).isTrue();
  }

  private boolean canAnswer(Protocol protocol, String bytes, String later) {
    first.reset();
    first.expect(protocol, false);
    for (String come : List.of(bytes, bytes + later)) {
      byte[] all = come.getBytes(ISO_8859_1);
      first.parse(MemorySegment.ofArray(all), all.length);
    }
    return first.canAnswer();
  }

  private static byte[] nameless() {
    String random = "00".repeat(32);
    return HexFormat.of().parseHex("160301002d010000290303" + random + "00" + "00021301" + "0100");
  }

  @Test
  void beforeTheProtocolIsKnownHttpIsAnswered() {
    first.expect(Protocol.AUTO, false);
    byte[] bytes = "PRI".getBytes(ISO_8859_1);
    first.parse(MemorySegment.ofArray(bytes), bytes.length);
    assertThat(new String(first.answer(408, "too late", BuiltInPages.PAGES), ISO_8859_1))
        .startsWith("HTTP/1.1 408 ");
    assertThat(first.tooSlow()).isEqualTo(Reason.HEAD_TOO_SLOW);
    first.reset();
    first.expect(Protocol.TLS, false);
    assertThat(first.answer(408, "too late", BuiltInPages.PAGES)[0])
        .as("an alert")
        .isEqualTo((byte) 21);
  }
}

package dev.baton.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class HeadRewriterTest {
  private static RequestHeadParser parse(byte[] head) {
    RequestHeadParser parser = new RequestHeadParser(65_536);
    assertThat(parser.parse(MemorySegment.ofArray(head), head.length))
        .as(new String(head, ISO_8859_1))
        .isEqualTo(RequestHeadParser.Result.COMPLETE);
    return parser;
  }

  private static HeadRewriter rewriter(String head) {
    byte[] bytes = HeadTable.bytes(head);
    return HeadRewriter.of(MemorySegment.ofArray(bytes), parse(bytes));
  }

  private static String text(HeadRewriter rewriter) {
    return new String(rewriter.bytes(), ISO_8859_1).replace("\r\n", "|");
  }

  private static String head(String lines) {
    return lines.replace("|", "\r\n");
  }

  @Test
  void nothingAskedForIsNothingChanged() {
    String head = "GET /a?b HTTP/1.1|Host:  a \t|X:|cOOkie: \u00e9|Connection: keep-alive||";
    assertThat(text(rewriter(head(head)))).isEqualTo(head);
  }

  @Test
  void closing() {
    assertThat(
            text(
                rewriter(
                        head(
                            "||GET / HTTP/1.1|Connection: Upgrade, HTTP2-Settings|Host: a|"
                                + "UPGRADE: h2c|HTTP2-Settings: AAA|Keep-Alive: 5|X: y|"
                                + "proxy-connection: keep-alive|connection: x||"))
                    .closing()))
        .isEqualTo("GET / HTTP/1.1|Host: a|X: y|Connection: close||");
  }

  @Test
  void anotherHostKeepsThePort() {
    assertThat(text(rewriter(head("GET / HTTP/1.1|Host:\ta.b.c:8080 ||")).host("a")))
        .isEqualTo("GET / HTTP/1.1|Host:\ta:8080 ||");
    assertThat(text(rewriter(head("GET / HTTP/1.1|host: [::1]:8080||")).host("a")))
        .isEqualTo("GET / HTTP/1.1|host: a:8080||");
    assertThat(text(rewriter(head("GET / HTTP/1.1|host: [::1]||")).host("a")))
        .isEqualTo("GET / HTTP/1.1|host: a||");
    assertThat(text(rewriter(head("GET http://x.y:81/p?q HTTP/1.1|Host: z||")).host("a")))
        .isEqualTo("GET http://a:81/p?q HTTP/1.1|Host: a||");
    assertThat(text(rewriter(head("GET / HTTP/1.0|X: y||")).host("a")))
        .isEqualTo("GET / HTTP/1.0|X: y|Host: a||");
  }

  @Test
  void whatAPieceIsAskedForWith() {
    assertThat(
            text(
                rewriter(
                        head(
                            "GET / HTTP/1.1|Host: a|Range: bytes=0-|If-Range: \"x\"|If-Match: *|"
                                + "Accept-Encoding: gzip|Content-Length: 0|Cookie: c||"))
                    .method("HEAD")
                    .withoutRange()
                    .withoutConditions()
                    .withoutBody()
                    .asItIs()
                    .closing()
                    .add("Range", "bytes=0-1")))
        .isEqualTo("HEAD / HTTP/1.1|Host: a|Cookie: c|Connection: close|Range: bytes=0-1||");
  }

  @Test
  void whatIsNotCompleteIsRefused() {
    RequestHeadParser parser = new RequestHeadParser(1000);
    assertThatThrownBy(() -> HeadRewriter.of(MemorySegment.NULL, parser))
        .isInstanceOf(IllegalArgumentException.class);
  }

  /** Method, target, framing and every other field are the same to our own parser. */
  @ParameterizedTest
  @MethodSource("accepted")
  void aRewrittenHeadMeansTheSame(byte[] head) {
    RequestHeadParser before = parse(head);
    byte[] closing =
        HeadRewriter.of(MemorySegment.ofArray(head), before).closing().asItIs().bytes();
    RequestHeadParser after = parse(closing);
    assertThat(after.host()).isEqualTo(before.host());
    assertThat(line(closing, after.targetStart(), after.targetLength()))
        .isEqualTo(line(head, before.targetStart(), before.targetLength()));
    assertThat(line(closing, after.methodStart(), after.methodLength()))
        .isEqualTo(line(head, before.methodStart(), before.methodLength()));
    assertThat(after.contentLength()).isEqualTo(before.contentLength());
    assertThat(after.chunked()).isEqualTo(before.chunked());
    assertThat(after.ranges()).isEqualTo(before.ranges());
    assertThat(after.headLength()).isEqualTo(closing.length);
    List<String> kept = fields(head);
    kept.removeIf(HeadRewriterTest::goes);
    kept.add("Connection: close");
    assertThat(fields(closing)).isEqualTo(kept);
    byte[] renamed =
        HeadRewriter.of(MemorySegment.ofArray(head), before).host("other.example").bytes();
    assertThat(parse(renamed).host()).isEqualTo("other.example");
  }

  private static boolean goes(String field) {
    String name = field.substring(0, field.indexOf(':')).toLowerCase(Locale.ROOT);
    return List.of(
            "connection",
            "keep-alive",
            "proxy-connection",
            "upgrade",
            "http2-settings",
            "accept-encoding",
            "a-im",
            "te")
        .contains(name);
  }

  private static String line(byte[] head, long start, int length) {
    return new String(head, (int) start, length, ISO_8859_1);
  }

  private static List<String> fields(byte[] head) {
    String[] lines =
        new String(head, ISO_8859_1).replaceAll("^(\r\n)+|\r\n\r\n$", "").split("\r\n", -1);
    return new ArrayList<>(List.of(lines).subList(1, lines.length));
  }

  /** The table's heads, and many made at random. */
  static Stream<byte[]> accepted() {
    Random random = new Random(9);
    String[] lines = {
      "Connection: close", "connection:keep-alive", "Upgrade: x", "X: y", "x-Long: a b\tc",
      "Range: bytes=0-1", "TE: trailers", "Accept-Encoding: br", "Keep-Alive:", "Cookie: \u00ff",
      "Content-Length: 5", "Transfer-Encoding: chunked", "Connectio: n", "Upgrade-Insecure: 1"
    };
    Stream<byte[]> made =
        Stream.generate(
                () -> {
                  StringBuilder head = new StringBuilder("POST /p?q HTTP/1.1\r\n");
                  int host = random.nextInt(4);
                  boolean framed = false;
                  for (int i = 0; i < 8; i++) {
                    String line = i == host ? "Host: a:80" : lines[random.nextInt(lines.length)];
                    boolean framing = line.startsWith("Content-L") || line.startsWith("Transfer");
                    if (!framing || !framed) {
                      head.append(line).append("\r\n");
                    }
                    framed |= framing;
                  }
                  return HeadTable.bytes(head.append("\r\n").toString());
                })
            .limit(200);
    return Stream.concat(HeadTable.accepted().map(HeadRewriterTest::bytes), made);
  }

  private static byte[] bytes(Arguments row) {
    @Nullable Object head = row.get()[1];
    return HeadTable.bytes(String.valueOf(head));
  }

  @ParameterizedTest
  @MethodSource("followed")
  void tellsASecondRequestFromABody(boolean followed, String stream) {
    byte[] bytes = HeadTable.bytes(head(stream));
    RequestHeadParser parser = new RequestHeadParser(65_536);
    parser.parse(MemorySegment.ofArray(bytes), bytes.length);
    assertThat(FirstMessage.isFollowed(MemorySegment.ofArray(bytes), parser, bytes.length))
        .isEqualTo(followed);
  }

  static Stream<Arguments> followed() {
    String get = "GET / HTTP/1.1|Host: a||";
    String five = "POST / HTTP/1.1|Host: a|Content-Length: 5||";
    String chunked = "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked||";
    return Stream.of(
        Arguments.of(false, get),
        Arguments.of(false, get + "||"),
        Arguments.of(true, get + get),
        Arguments.of(true, get + "|" + get),
        Arguments.of(true, get + "x"),
        Arguments.of(false, five + "123"),
        Arguments.of(false, five + "12345"),
        Arguments.of(false, five + "12345|"),
        Arguments.of(true, five + "123456"),
        Arguments.of(false, five.replace("5|", "99999999999999|") + "12345"),
        Arguments.of(false, chunked),
        Arguments.of(false, chunked + "5"),
        Arguments.of(false, chunked + "5|123"),
        Arguments.of(false, chunked + "5|12345|0||"),
        Arguments.of(false, chunked + "5;x=y|12345|0|T: r||"),
        Arguments.of(true, chunked + "5|12345|0|T: r||" + get),
        Arguments.of(true, chunked + "0||" + get),
        Arguments.of(false, chunked + "0|" + "GET: /|"),
        Arguments.of(false, chunked + "zz|" + get),
        Arguments.of(false, chunked + "fffffffffffffffff|" + get));
  }
}

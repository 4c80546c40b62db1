package dev.baton.tls;

import static dev.baton.tls.Hello.concat;
import static dev.baton.tls.Hello.record;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.head.BuiltInPages;
import dev.baton.head.HeadParser.Result;
import dev.baton.http.HostCache;
import dev.baton.reason.Reason;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ClientHelloParserTest {
  /** What must be the same however the bytes are cut. */
  record Outcome(
      Result result,
      @Nullable TlsProblem problem,
      @Nullable String host,
      long headLength,
      boolean h2,
      boolean http11,
      boolean encrypted) {}

  static Stream<Arguments> all() {
    return Stream.concat(HelloTable.accepted(), HelloTable.refused());
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  static ClientHelloParser parser() {
    return new ClientHelloParser(new HostCache());
  }

  static Outcome outcome(ClientHelloParser parser, Result result) {
    return new Outcome(
        result,
        parser.problem(),
        parser.host(),
        parser.headLength(),
        parser.offers(Alpn.HTTP_2),
        parser.offers(Alpn.HTTP_1_1),
        parser.encrypted());
  }

  private static Outcome parse(byte[] bytes) {
    ClientHelloParser parser = parser();
    Result result = parser.parse(MemorySegment.ofArray(bytes), bytes.length);
    assertThat(parser.parse(MemorySegment.ofArray(bytes), bytes.length)).isEqualTo(result);
    return outcome(parser, result);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("dev.baton.tls.HelloTable#accepted")
  void accepted(String why, byte[] bytes, @Nullable String host) {
    // What follows in a record of its own is 0-RTT data or the like.
    Outcome outcome = parse(concat(bytes, record(23, 0x0303, new byte[10])));
    assertThat(outcome.result()).as("%s: %s", why, outcome.problem()).isEqualTo(Result.COMPLETE);
    assertThat(outcome.host()).isEqualTo(host);
    assertThat(outcome.headLength()).as("where the hello ends").isEqualTo(bytes.length);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("dev.baton.tls.HelloTable#refused")
  void refused(String why, byte[] bytes, TlsProblem problem) {
    Outcome outcome = parse(bytes);
    assertThat(outcome.result()).as(why).isEqualTo(Result.REFUSED);
    assertThat(outcome.problem()).as(why).isEqualTo(problem);
    assertThat(outcome.host()).isNull();
    assertThat(outcome.headLength()).isZero();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("all")
  void howTheBytesAreCutDoesNotMatter(String why, byte[] bytes) {
    Outcome whole = parse(bytes);
    MemorySegment buffer = MemorySegment.ofArray(bytes);
    ClientHelloParser parser = parser();
    int step = Math.max(1, bytes.length / 3000);
    for (int cut = 0; cut <= bytes.length; cut += step) {
      parser.reset();
      parser.parse(buffer, cut);
      assertThat(outcome(parser, parser.parse(buffer, bytes.length)))
          .as("%s, cut after %d", why, cut)
          .isEqualTo(whole);
    }
    parser.reset();
    Result result = Result.NEED_MORE;
    for (int length = 0; length <= bytes.length; length++) {
      Result now = parser.parse(buffer, length);
      assertThat(result == Result.NEED_MORE || result == now).as("it stays").isTrue();
      result = now;
      if (result == Result.COMPLETE) {
        assertThat(length).as("complete no sooner than at its end").isEqualTo(bytes.length);
      }
    }
    assertThat(outcome(parser, result)).as("one byte at a time").isEqualTo(whole);
  }

  static Stream<String> captures() {
    return Stream.of(
        "chromium-156.bin", "curl-7.88-openssl-3.0.bin", "firefox-153.bin", "java-25.bin");
  }

  /** Each size of record once: so each byte is the first and the last of one. */
  @ParameterizedTest
  @MethodSource("captures")
  void howRecordsAreCutDoesNotMatter(String file) {
    byte[] capture = Hello.captured(file);
    ClientHelloParser parser = parser();
    for (int fragment : IntStream.rangeClosed(1, capture.length).toArray()) {
      byte[] bytes = Hello.again(capture, fragment);
      parser.reset();
      assertThat(parser.parse(MemorySegment.ofArray(bytes), bytes.length))
          .as("records of %d bytes", fragment)
          .isEqualTo(Result.COMPLETE);
      assertThat(parser.host()).isEqualTo("www.example.com");
      assertThat(parser.headLength()).isEqualTo(bytes.length);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "chromium-156.bin,          true,  true, true",
    "curl-7.88-openssl-3.0.bin, true,  true, false",
    "firefox-153.bin,           true,  true, true",
    "java-25.bin,               true,  true, false",
  })
  void alpnAndEncryptedHellosAreSeen(String file, boolean h2, boolean http11, boolean encrypted) {
    Outcome outcome = parse(Hello.captured(file));
    assertThat(outcome.h2()).isEqualTo(h2);
    assertThat(outcome.http11()).isEqualTo(http11);
    assertThat(outcome.encrypted()).isEqualTo(encrypted);
  }

  @Test
  void eachProtocolOfAlpnIsKnownByItsWholeName() {
    byte[] bytes = Hello.to("a").alpn("http/1.0", "acme-tls/1", "h2c", "H2").bytes();
    ClientHelloParser parser = parser();
    parser.parse(MemorySegment.ofArray(bytes), bytes.length);
    assertThat(Arrays.stream(Alpn.values()).filter(parser::offers))
        .containsExactly(Alpn.HTTP_1_0, Alpn.ACME, Alpn.OTHER);
  }

  @Test
  void postQuantumHellosAreLargerThanASegment() {
    assertThat(Hello.captured("chromium-156.bin").length).isGreaterThan(1460);
    assertThat(Hello.captured("firefox-153.bin").length).isGreaterThan(1460);
  }

  @Test
  void aNameCanBeNeeded() {
    byte[] bytes = new Hello().bytes();
    ClientHelloParser parser = parser();
    parser.needName(true);
    assertThat(parser.parse(MemorySegment.ofArray(bytes), bytes.length)).isEqualTo(Result.REFUSED);
    assertThat(parser.problem()).isEqualTo(TlsProblem.NAME_MISSING);
    assertThat(parser.reason()).isEqualTo(Reason.NO_SERVER_NAME);
    parser.reset();
    assertThat(parser.parse(MemorySegment.ofArray(bytes), bytes.length)).isEqualTo(Result.COMPLETE);
  }

  @Test
  void aKnownNameIsTheSameString() {
    ClientHelloParser parser = parser();
    byte[] first = Hello.to("www.example.com").bytes();
    parser.parse(MemorySegment.ofArray(first), first.length);
    String host = parser.host();
    parser.reset();
    byte[] second = Hello.to("WWW.example.com").bytes(4);
    parser.parse(MemorySegment.ofArray(second), second.length);
    assertThat(parser.host()).isSameAs(host);
  }

  /** What the parser allocates for a known name, over ten thousand hellos, is nothing. */
  @Test
  void aKnownNameCostsNoMemory() {
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    ClientHelloParser parser = parser();
    byte[] hello = Hello.again(Hello.captured("chromium-156.bin"), 700);
    MemorySegment buffer = MemorySegment.ofArray(hello);
    int rounds = 10_000;
    long used = Long.MAX_VALUE;
    for (int attempt = 0; attempt < 5 && used > rounds; attempt++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < rounds; i++) {
        parser.reset();
        parser.parse(buffer, 1000);
        parser.parse(buffer, hello.length);
      }
      used = threads.getCurrentThreadAllocatedBytes() - before;
    }
    assertThat(used).as("bytes in %d hellos", rounds).isLessThan(rounds);
  }

  @Test
  void anAddressThatAnHttpRequestNamedIsStillNoServerName() {
    HostCache hosts = new HostCache();
    byte[] address = ascii("10.0.1.1");
    assertThat(hosts.resolve(MemorySegment.ofArray(address), 0, address.length)).isNotNull();
    byte[] bytes = Hello.to("10.0.1.1").bytes();
    ClientHelloParser parser = new ClientHelloParser(hosts);
    parser.parse(MemorySegment.ofArray(bytes), bytes.length);
    assertThat(parser.problem()).isEqualTo(TlsProblem.BAD_NAME);
  }

  @ParameterizedTest
  @CsvSource({
    "NOT_TLS,            0a",
    "SSL2_HELLO,         46",
    "BAD_VERSION,        46",
    "OTHER_RECORD,       0a",
    "EMPTY_RECORDS,      0a",
    "RECORD_OVERFLOW,    16",
    "NOT_A_HELLO,        0a",
    "TRAILING_BYTES,     0a",
    "BAD_LENGTH,         32",
    "REPEATED_EXTENSION, 2f",
    "NOT_ONE_NAME,       2f",
    "BAD_NAME,           2f",
    "NAME_MISSING,       6d",
    "TOO_LARGE,          2f",
  })
  void aRefusalIsAFatalAlert(TlsProblem problem, String code) {
    assertThat(HexFormat.of().formatHex(problem.alert().fatal()))
        .isEqualTo("1503030002" + "02" + code);
  }

  @Test
  void httpOnThePortOfTlsIsToldInHttp() {
    byte[] bytes = ascii("GET / HTTP/1.1\r\n");
    ClientHelloParser parser = parser();
    parser.parse(MemorySegment.ofArray(bytes), bytes.length);
    assertThat(new String(parser.refusal(BuiltInPages.PAGES), StandardCharsets.US_ASCII))
        .startsWith("HTTP/1.1 400 ")
        .contains("https");
    assertThat(parser.reason()).isEqualTo(Reason.WRONG_PROTOCOL);
  }

  @ParameterizedTest
  @CsvSource({
    "404, 15030300020270", // unrecognized_name
    "421, 15030300020270",
    "403, 15030300020231", // access_denied
    "502, 15030300020250", // internal_error
    "503, 15030300020250",
    "504, 15030300020250",
    "408, 1503030002015a15030300020100", // user_canceled, close_notify
  })
  void aPageIsAnAlert(int status, String alert) {
    byte[] bytes = Hello.to("a.example").bytes();
    ClientHelloParser parser = parser();
    parser.parse(MemorySegment.ofArray(bytes), bytes.length);
    assertThat(HexFormat.of().formatHex(parser.answer(status, "why", BuiltInPages.PAGES)))
        .isEqualTo(alert);
  }

  @Test
  void noSiteForAHelloWithoutANameIsAMissingExtension() {
    byte[] bytes = new Hello().bytes();
    ClientHelloParser parser = parser();
    parser.parse(MemorySegment.ofArray(bytes), bytes.length);
    assertThat(HexFormat.of().formatHex(parser.answer(404, "why", BuiltInPages.PAGES)))
        .isEqualTo("1503030002026d");
  }
}

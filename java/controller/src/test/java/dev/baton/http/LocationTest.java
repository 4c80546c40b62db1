package dev.baton.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.head.Place;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LocationTest {
  private static final int LIMIT = 16_384;

  private static String of(String requestLine, int port) {
    byte[] head =
        (requestLine + " HTTP/1.1\r\nHost: WWW.Example.com:80\r\n\r\n").getBytes(ISO_8859_1);
    MemorySegment buffer = MemorySegment.ofArray(head);
    var parser = new RequestHeadParser(LIMIT);
    assertThat(parser.parse(buffer, head.length)).isEqualTo(RequestHeadParser.Result.COMPLETE);
    return Location.of(buffer, parser, Place.https(port));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          GET /                              | 443  | https://www.example.com/
          GET /a/b?c=d&e=%20f                | 443  | https://www.example.com/a/b?c=d&e=%20f
          GET /                              | 8443 | https://www.example.com:8443/
          GET //evil.example/                | 443  | https://www.example.com//evil.example/
          GET /\\\\evil.example               | 443  | https://www.example.com/%5C%5Cevil.example
          GET /<script>"'`{}¦^[]             | 443  | https://www.example.com/%3Cscript%3E%22'%60%7B%7D%7C%5E%5B%5D
          GET /grün                          | 443  | https://www.example.com/gr%FCn
          GET http://Other.example           | 443  | https://other.example/
          GET http://other.example:80?q      | 443  | https://other.example/?q
          GET http://[2001:DB8::0:1]/x       | 443  | https://[2001:db8::1]/x
          OPTIONS *                          | 443  | https://www.example.com/
          """)
  void theSameThingByHttps(String line, int port, String expected) {
    assertThat(of(line.replace('¦', '|'), port)).isEqualTo(expected);
  }

  @Test
  void oneThatIsTooLongIsNone() {
    String path = "/" + "x".repeat(Location.LENGTH_MAX - "https://www.example.com/".length());
    assertThat(of("GET " + path, 443)).hasSize(Location.LENGTH_MAX);
    assertThat(of("GET " + path + "x", 443)).isEmpty();
    // Encoded, each of these takes three.
    assertThat(of("GET /" + "<".repeat(LIMIT / 4), 443)).isEmpty();
  }
}

package dev.baton.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.reason.Reason;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ErrorPageTest {
  private static final Instant NOW = Instant.parse("1994-11-06T08:49:37.5Z");

  @Test
  void aPageIsAWholeResponse() {
    assertThat(text(ErrorPage.of(404, "No site has this name.", false, NOW)))
        .isEqualTo(
            """
            HTTP/1.1 404 Not Found\r
            Date: Sun, 06 Nov 1994 08:49:37 GMT\r
            Content-Type: text/plain; charset=utf-8\r
            Content-Length: 37\r
            Connection: close\r
            \r
            404 Not Found
            No site has this name.
            """);
  }

  @Test
  void theAnswerToHeadHasTheLengthAndNotTheBody() {
    String get = text(ErrorPage.of(404, "Grüße", false, NOW));
    String head = text(ErrorPage.of(404, "Grüße", true, NOW));
    assertThat(head).endsWith("\r\n\r\n").isEqualTo(get.substring(0, get.indexOf("\r\n\r\n") + 4));
    assertThat(head).contains("\r\nContent-Length: 22\r\n");
  }

  @Test
  void someStatusesDemandAFieldOfTheirOwn() {
    assertThat(text(ErrorPage.of(503, "x", false, NOW))).contains("\r\nRetry-After: 5\r\n");
    assertThat(text(ErrorPage.of(502, "x", false, NOW))).doesNotContain("Retry-After");
    assertThat(text(ErrorPage.of(405, "x", false, NOW))).contains("\r\nAllow: GET, HEAD");
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 404, 405, 408, 421, 431, 500, 501, 502, 503, 504, 505})
  void theLengthIsThatOfTheBody(int status) {
    String page = text(ErrorPage.of(status, "Detail.", false));
    String body = page.substring(page.indexOf("\r\n\r\n") + 4);
    assertThat(page)
        .startsWith("HTTP/1.1 " + status + " " + ErrorPage.reason(status) + "\r\n")
        .contains("\r\nContent-Length: " + body.length() + "\r\n");
  }

  @ParameterizedTest
  @EnumSource
  void everyProblemOfAHeadHasAPage(HeadProblem problem) {
    assertThat(text(ErrorPage.of(problem, false)))
        .startsWith("HTTP/1.1 " + problem.status() + " ")
        .endsWith("\n" + problem.sentence() + "\n");
  }

  @Test
  void everyProblemOfAHeadIsCounted() {
    assertThat(HeadProblem.MISSING_HOST.reason()).isEqualTo(Reason.NO_HOST);
    assertThat(HeadProblem.HEAD_TOO_LARGE.reason()).isEqualTo(Reason.HEAD_TOO_LARGE);
    assertThat(HeadProblem.BARE_LF.reason()).isEqualTo(Reason.HEAD_MALFORMED);
    assertThat(HeadProblem.CONNECT_REFUSED.reason()).isEqualTo(Reason.UNSUPPORTED_REQUEST);
  }

  @Test
  void aStatusWithoutAPageIsAMistake() {
    assertThatThrownBy(() -> ErrorPage.of(200, "", false)).hasMessageContaining("200");
  }

  private static String text(byte[] page) {
    return new String(page, StandardCharsets.UTF_8);
  }
}

package dev.baton.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.reason.Reason;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ErrorPageTest {
  private static final Instant NOW = Instant.parse("1994-11-06T08:49:37.5Z");
  private static final String ID = "0123456789abcdef";
  private static final ErrorPages BUILT_IN = ErrorPages.builtIn();

  private static Refusal refusal(int status, String detail, boolean html, boolean head) {
    return new Refusal(status, detail, ID, "www.example.com", html, head, null);
  }

  private static String page(ErrorPages pages, Refusal refusal) {
    return new String(pages.response(refusal, NOW), StandardCharsets.UTF_8);
  }

  private static String body(String page) {
    return page.substring(page.indexOf("\r\n\r\n") + 4);
  }

  @Test
  void aPageIsAWholeResponse() {
    assertThat(page(BUILT_IN, refusal(404, "No site has this name.", false, false)))
        .isEqualTo(
            """
            HTTP/1.1 404 Not Found\r
            Date: Sun, 06 Nov 1994 08:49:37 GMT\r
            Content-Type: text/plain; charset=utf-8\r
            Content-Length: 62\r
            X-Content-Type-Options: nosniff\r
            X-Request-Id: 0123456789abcdef\r
            Cache-Control: no-store\r
            Connection: close\r
            \r
            404 Not Found
            No site has this name.
            Request 0123456789abcdef
            """);
  }

  @Test
  void theAnswerToHeadHasTheLengthAndNotTheBody() {
    String get = page(BUILT_IN, refusal(404, "Grüße", false, false));
    String head = page(BUILT_IN, refusal(404, "Grüße", false, true));
    assertThat(head).endsWith("\r\n\r\n").isEqualTo(get.substring(0, get.indexOf("\r\n\r\n") + 4));
    assertThat(head).contains("\r\nContent-Length: 47\r\n");
  }

  @Test
  void someStatusesDemandAFieldOfTheirOwn() {
    assertThat(page(BUILT_IN, refusal(503, "x", false, false))).contains("\r\nRetry-After: 5\r\n");
    assertThat(page(BUILT_IN, refusal(502, "x", false, false))).doesNotContain("Retry-After");
    assertThat(page(BUILT_IN, refusal(405, "x", false, false))).contains("\r\nAllow: GET, HEAD");
  }

  @Test
  void aRedirectNamesItsLocationAndMayBeKept() {
    String page =
        page(
            BUILT_IN,
            new Refusal(308, "Elsewhere.", ID, null, false, false, "https://www.example.com/a"));
    assertThat(page)
        .contains("\r\nLocation: https://www.example.com/a\r\n")
        .doesNotContain("no-store");
  }

  static Stream<Integer> statuses() {
    return ErrorPage.statuses().stream();
  }

  @ParameterizedTest
  @MethodSource("statuses")
  void theLengthIsThatOfTheBodyInEitherKind(int status) {
    for (boolean html : new boolean[] {false, true}) {
      String page = page(BUILT_IN, refusal(status, "Größer.", html, false));
      int length = body(page).getBytes(StandardCharsets.UTF_8).length;
      assertThat(page)
          .startsWith("HTTP/1.1 " + status + " " + ErrorPage.reason(status) + "\r\n")
          .contains("\r\nContent-Length: " + length + "\r\n")
          .contains(html ? "text/html" : "text/plain")
          .contains(ID);
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyProblemOfAHeadHasAPage(HeadProblem problem) {
    assertThat(page(BUILT_IN, refusal(problem.status(), problem.sentence(), false, false)))
        .startsWith("HTTP/1.1 " + problem.status() + " ")
        .contains("\n" + problem.sentence() + "\n");
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
    assertThatThrownBy(() -> ErrorPage.reason(200)).hasMessageContaining("200");
  }

  @Test
  void whatIsInsertedIsEscaped() {
    var template =
        PageTemplate.parse(PageTemplate.Kind.HTML, "<a title='{{ host }}'>{{detail}}</a>");
    var pages = new ErrorPages(Map.of(ErrorPages.ALL_OTHERS, List.of(template)));
    Refusal hostile =
        new Refusal(400, "<script>&\u0000\r\n\"", ID, "x' onload='y", true, false, null);
    assertThat(body(page(pages, hostile)))
        .isEqualTo("<a title='x&#39; onload=&#39;y'>&lt;script&gt;&amp;&quot;</a>");
  }

  @Test
  void aStatusOfItsOwnComesBeforeTheDefaultAndEachKindForItself() {
    var own = PageTemplate.parse(PageTemplate.Kind.HTML, "own {{status}}");
    var other = PageTemplate.parse(PageTemplate.Kind.HTML, "other {{status}} {{title}}");
    var pages = new ErrorPages(Map.of(404, List.of(own), ErrorPages.ALL_OTHERS, List.of(other)));
    assertThat(body(page(pages, refusal(404, "x", true, false)))).isEqualTo("own 404");
    assertThat(body(page(pages, refusal(502, "x", true, false))))
        .isEqualTo("other 502 Bad Gateway");
    assertThat(body(page(pages, refusal(404, "x", false, false)))).startsWith("404 Not Found\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\n{{what}}", "\n{{status", "\n{{}}", "\n{{ {{status}} }}"})
  void aTemplateThatCannotBeIsRefused(String text) {
    assertThatThrownBy(() -> PageTemplate.parse(PageTemplate.Kind.TEXT, text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected one of status, title, detail, id, host")
        .hasMessageContaining("line 2");
  }

  @Test
  void aTemplateThatCouldBecomeTooLongIsRefused() {
    String most = "x".repeat(PageTemplate.SIZE_MAX - 3);
    PageTemplate.parse(PageTemplate.Kind.TEXT, most + "{{status}}");
    assertThatThrownBy(() -> PageTemplate.parse(PageTemplate.Kind.TEXT, most + "x{{status}}"))
        .hasMessageContaining(String.valueOf(PageTemplate.SIZE_MAX + 1));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          */*                                             | false
          text/html                                       | true
          text/html,application/xhtml+xml,*/*;q=0.8       | true
          text/plain, text/html                           | true
          text/plain, text/html;q=0.9                     | false
          text/html;q=0                                   | false
          text/*;q=0.5, text/plain;q=0.1                  | true
          TEXT/HTML ; Q=1.000                             | true
          text/html;q=nonsense                            | false
          application/json                                | false
          ,;;q=,,                                         | false
          text/html;level=1;q=0.3, */*;q=0.2              | true
          """)
  void acceptIsWeighed(@Nullable String value, boolean html) {
    assertThat(Accept.prefersHtml(value == null ? "" : value)).isEqualTo(html);
  }
}

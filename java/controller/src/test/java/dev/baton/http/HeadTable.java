package dev.baton.http;

import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.provider.Arguments;

/** Request heads as real bytes, each with a sentence and what must come of it. */
final class HeadTable {
  private static final String CRLF = "\r\n";

  private HeadTable() {}

  /** Latin-1, so that every char is the byte that is meant. */
  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static Arguments row(String why, String head, @Nullable Object expected) {
    return Arguments.of(why, head, expected);
  }

  /** A GET with these lines after the request line and a Host. */
  private static String get(String... lines) {
    return lines("GET / HTTP/1.1", Stream.concat(Stream.of("Host: a"), Stream.of(lines)));
  }

  private static String lines(String requestLine, String... lines) {
    return lines(requestLine, Stream.of(lines));
  }

  private static String lines(String requestLine, Stream<String> lines) {
    StringBuilder head = new StringBuilder(requestLine).append(CRLF);
    lines.forEach(line -> head.append(line).append(CRLF));
    return head.append(CRLF).toString();
  }

  /** Why, head, host. */
  static Stream<Arguments> accepted() {
    return Stream.of(
        row(
            "what curl sends",
            lines(
                "GET / HTTP/1.1",
                "Host: www.example.com",
                "User-Agent: curl/8.14.1",
                "Accept: */*"),
            "www.example.com"),
        row(
            "what Chromium sends",
            lines(
                "GET /a/b.html?c=d HTTP/1.1",
                "Host: www.example.com",
                "Connection: keep-alive",
                "Upgrade-Insecure-Requests: 1",
                "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
                "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8",
                "Accept-Encoding: gzip, deflate",
                "Accept-Language: en-US,en;q=0.9"),
            "www.example.com"),
        row(
            "an upload with curl",
            lines(
                "POST /u HTTP/1.1", "Host: a", "Content-Length: 20000000", "Expect: 100-continue"),
            "a"),
        row(
            "a chunked upload",
            lines("PUT /u HTTP/1.1", "Host: a", "Transfer-Encoding: chunked"),
            "a"),
        row(
            "a web socket",
            get("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZQ=="),
            "a"),
        row("HTTP/1.0 without Host", lines("GET / HTTP/1.0"), null),
        row("HTTP/1.0 with Host", lines("GET / HTTP/1.0", "Host: a"), "a"),
        row(
            "a host in capitals",
            lines("GET / HTTP/1.1", "HOST: WWW.EXAMPLE.COM"),
            "www.example.com"),
        row("a port", lines("GET / HTTP/1.1", "Host: a.example:8080"), "a.example"),
        row("the highest port", lines("GET / HTTP/1.1", "Host: a.example:65535"), "a.example"),
        row("a colon without a port", lines("GET / HTTP/1.1", "Host: a.example:"), "a.example"),
        row("a trailing dot", lines("GET / HTTP/1.1", "Host: a.example.:80"), "a.example"),
        row("an IPv4 address", lines("GET / HTTP/1.1", "Host: 10.0.1.1"), "10.0.1.1"),
        row("an IPv6 address", lines("GET / HTTP/1.1", "Host: [2001:DB8::0:1]"), "[2001:db8::1]"),
        row("an IPv6 address and a port", lines("GET / HTTP/1.1", "Host: [::1]:80"), "[::1]"),
        row("an A-label", lines("GET / HTTP/1.1", "Host: xn--mnchen-3ya.de"), "xn--mnchen-3ya.de"),
        row(
            "a U-label in UTF-8",
            lines("GET / HTTP/1.1", "Host: m\u00c3\u00bcnchen.de:80"),
            "xn--mnchen-3ya.de"),
        row("no space after the colon", lines("GET / HTTP/1.1", "Host:a"), "a"),
        row("spaces and tabs around the value", lines("GET / HTTP/1.1", "Host: \t a \t "), "a"),
        row("an empty value", get("X-Empty:"), "a"),
        row("a value of spaces", get("X-Empty:   "), "a"),
        row("a tab within a value", get("X: a\tb"), "a"),
        row("colons within a value", get("X: a:b: c"), "a"),
        row("bytes from 0x80 in a value", get("X: \u00e4\u00ff"), "a"),
        row("every token byte in a name", get("!#$%&'*+-.^_`|~09azAZ: x"), "a"),
        row(
            "names that only begin like known ones",
            get("Hosts: b", "Hos: b", "XHost: b", "Content-Lengths: 1", "Hopt: c"),
            "a"),
        row("an unknown method", lines("M-SEARCH / HTTP/1.1", "Host: a"), "a"),
        row("a method in small letters is another one", lines("get / HTTP/1.1", "Host: a"), "a"),
        row("OPTIONS of the server", lines("OPTIONS * HTTP/1.1", "Host: a"), "a"),
        row(
            "an absolute target: its authority wins",
            lines("GET http://b.example/x HTTP/1.1", "Host: a"),
            "b.example"),
        row(
            "an absolute target in capitals, with a port",
            lines("GET HTTP://B.example:80/ HTTP/1.1", "Host: a"),
            "b.example"),
        row(
            "an absolute target without a path",
            lines("GET http://b.example HTTP/1.1", "Host: b.example"),
            "b.example"),
        row(
            "an absolute target with a query alone",
            lines("GET http://b.example?x HTTP/1.1", "Host: a"),
            "b.example"),
        row(
            "an absolute target in HTTP/1.0 needs no Host",
            lines("GET http://b.example/ HTTP/1.0"),
            "b.example"),
        row("a URL within the query", lines("GET /?u=http://b.example/ HTTP/1.1", "Host: a"), "a"),
        row(
            "bytes from 0x80 in the path, as curl sends them",
            lines("GET /\u00c3\u00bc HTTP/1.1", "Host: a"),
            "a"),
        row(
            "characters that should be encoded",
            lines("GET /|\"<>^`{}\\ HTTP/1.1", "Host: a"),
            "a"),
        row("two slashes", lines("GET //b.example/ HTTP/1.1", "Host: a"), "a"),
        row("one empty line before", CRLF + get(), "a"),
        row(
            "as many empty lines before as may be",
            CRLF.repeat(RequestHeadParser.LEADING_EMPTY_LINES_MAX) + get(),
            "a"),
        row("Content-Length of 0", get("Content-Length: 0"), "a"),
        row("the largest Content-Length", get("Content-Length: 9223372036854775807"), "a"),
        row("another expectation", get("Expect: 200-ok"), "a"));
  }

  /** Why, head, problem. */
  static Stream<Arguments> refused() {
    return Stream.of(requestLines(), hosts(), fields(), framing()).flatMap(rows -> rows);
  }

  private static Stream<Arguments> requestLines() {
    String host = CRLF + "Host: a" + CRLF + CRLF;
    return Stream.of(
        row("HTTP/0.9", "GET /\r\n", HeadProblem.BAD_REQUEST_LINE),
        row("no target", "GET HTTP/1.1" + host, HeadProblem.BAD_REQUEST_LINE),
        row("nothing but a word", "GET\r\n", HeadProblem.BAD_REQUEST_LINE),
        row("two spaces", "GET  / HTTP/1.1" + host, HeadProblem.BAD_REQUEST_LINE),
        row(
            "two spaces before the version",
            "GET /  HTTP/1.1" + host,
            HeadProblem.BAD_REQUEST_LINE),
        row("a space after the version", "GET / HTTP/1.1 " + host, HeadProblem.BAD_REQUEST_LINE),
        row("a space in the target", "GET /a b HTTP/1.1" + host, HeadProblem.BAD_REQUEST_LINE),
        row("a space before the method", " GET / HTTP/1.1" + host, HeadProblem.BAD_REQUEST_LINE),
        row("a tab instead of a space", "GET\t/ HTTP/1.1" + host, HeadProblem.BAD_METHOD),
        row("a tab before the version", "GET /\tHTTP/1.1" + host, HeadProblem.BAD_REQUEST_LINE),
        row("a method that is no token", "G(T / HTTP/1.1" + host, HeadProblem.BAD_METHOD),
        row("a TLS ClientHello", "\u0016\u0003\u0001\u0002\u0000\u0001", HeadProblem.CONTROL_BYTE),
        row("a PROXY header, v2", "\r\n\r\n\u0000\r\nQUIT\n", HeadProblem.CONTROL_BYTE),
        row(
            "a PROXY header, v1",
            "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n",
            HeadProblem.BAD_REQUEST_LINE),
        row("NUL in the target", "GET /\u0000 HTTP/1.1" + host, HeadProblem.CONTROL_BYTE),
        row("DEL in the target", "GET /\u007f HTTP/1.1" + host, HeadProblem.CONTROL_BYTE),
        row(
            "a line feed alone after the request line",
            "GET / HTTP/1.1\nHost: a\r\n\r\n",
            HeadProblem.BARE_LF),
        row("a line feed alone before", "\nGET / HTTP/1.1" + host, HeadProblem.BARE_LF),
        row("a line feed within", "GET\n/ HTTP/1.1" + host, HeadProblem.BARE_LF),
        row(
            "a carriage return alone after the request line",
            "GET / HTTP/1.1\rHost: a\r\n\r\n",
            HeadProblem.BARE_CR),
        row("a carriage return alone before", "\rGET / HTTP/1.1" + host, HeadProblem.BARE_CR),
        row(
            "too many empty lines",
            CRLF.repeat(RequestHeadParser.LEADING_EMPTY_LINES_MAX + 1) + get(),
            HeadProblem.BAD_REQUEST_LINE),
        row("a target that is no path", "GET a HTTP/1.1" + host, HeadProblem.BAD_TARGET),
        row("a host as the target", "GET a.example:80 HTTP/1.1" + host, HeadProblem.BAD_TARGET),
        row("an asterisk with GET", "GET * HTTP/1.1" + host, HeadProblem.BAD_TARGET),
        row("an asterisk and more", "OPTIONS *a HTTP/1.1" + host, HeadProblem.BAD_TARGET),
        row("a fragment", "GET /a#b HTTP/1.1" + host, HeadProblem.BAD_TARGET),
        row(
            "a fragment in an authority",
            "GET http://a#@b/ HTTP/1.1" + host,
            HeadProblem.BAD_TARGET),
        row("another scheme", "GET ftp://a/ HTTP/1.1" + host, HeadProblem.BAD_TARGET),
        row("a scheme with one slash", "GET http:/a HTTP/1.1" + host, HeadProblem.BAD_TARGET),
        row("https in clear text", "GET https://a/ HTTP/1.1" + host, HeadProblem.WRONG_SCHEME),
        row("CONNECT", "CONNECT a:443 HTTP/1.1" + host, HeadProblem.CONNECT_REFUSED),
        row("CONNECT with a path", "CONNECT / HTTP/1.1" + host, HeadProblem.CONNECT_REFUSED),
        row(
            "HTTP/2 with prior knowledge",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            HeadProblem.HTTP2_PREFACE),
        row("HTTP/2.0 otherwise", "GET / HTTP/2.0" + host, HeadProblem.VERSION_NOT_SUPPORTED),
        row("HTTP/0.9 by name", "GET / HTTP/0.9" + host, HeadProblem.VERSION_NOT_SUPPORTED),
        row("a later minor version", "GET / HTTP/1.2" + host, HeadProblem.VERSION_NOT_SUPPORTED),
        row("two digits of minor version", "GET / HTTP/1.10" + host, HeadProblem.BAD_VERSION),
        row("a version without digits", "GET / HTTP/1.x" + host, HeadProblem.BAD_VERSION),
        row("a version in small letters", "GET / http/1.1" + host, HeadProblem.BAD_VERSION),
        row("a short version", "GET / HTTP/1" + host, HeadProblem.BAD_VERSION),
        row("no version", "GET / \r\n", HeadProblem.BAD_VERSION),
        row("a comma for the dot", "GET / HTTP/1,1" + host, HeadProblem.BAD_VERSION));
  }

  private static Stream<Arguments> hosts() {
    return Stream.concat(
        Stream.of(
            row("no Host", lines("GET / HTTP/1.1"), HeadProblem.MISSING_HOST),
            row(
                "no Host, though the target is absolute",
                lines("GET http://a/ HTTP/1.1"),
                HeadProblem.MISSING_HOST),
            row("two Hosts", get("Host: b"), HeadProblem.REPEATED_HOST),
            row("the same Host twice", get("host: a"), HeadProblem.REPEATED_HOST),
            row(
                "two Hosts in HTTP/1.0",
                lines("GET / HTTP/1.0", "Host: a", "Host: a"),
                HeadProblem.REPEATED_HOST),
            row(
                "an empty first Host counts",
                lines("GET / HTTP/1.1", "Host:", "Host: a"),
                HeadProblem.REPEATED_HOST),
            row(
                "an absolute target with a bad Host",
                lines("GET http://a/ HTTP/1.1", "Host: a b"),
                HeadProblem.BAD_HOST),
            row(
                "an absolute target with a bad authority",
                lines("GET http://a%62/ HTTP/1.1", "Host: a"),
                HeadProblem.BAD_HOST),
            row(
                "an absolute target without a host",
                lines("GET http:///x HTTP/1.1", "Host: a"),
                HeadProblem.BAD_HOST),
            row(
                "user information in the target",
                lines("GET http://u:p@a/ HTTP/1.1", "Host: a"),
                HeadProblem.BAD_HOST),
            row(
                "a backslash in the authority",
                lines("GET http://a\\b/ HTTP/1.1", "Host: a"),
                HeadProblem.BAD_HOST)),
        Stream.of(
                "",
                " ",
                ":80",
                "a,b",
                "a b",
                "a%62",
                "a@b",
                "a/b",
                "a\\b",
                "http://a",
                "a:80:80",
                "a:8o",
                "a:-1",
                "a:65536",
                "a:000080",
                "a: 80",
                "..",
                ".",
                "a..b",
                "-a",
                "a-",
                "1.2.3",
                "0x1",
                "256.1.1.1",
                "01.1.1.1",
                "[::1",
                "::1",
                "[::1]x",
                "[::1]:x",
                "[",
                "[]",
                "[::g]",
                "[fe80::1%25eth0]",
                "a\tb",
                "*",
                "\"a\"",
                "<a>",
                "a;b",
                "a=b",
                "a'b",
                "\u00fc",
                "\u00c3\u009f",
                "\u00ff\u00fe",
                "a\u00e3\u0080\u0082b",
                "a".repeat(64))
            .map(host ->
                row(
                    "Host: " + host,
                    lines("GET / HTTP/1.1", "Host: " + host),
                    HeadProblem.BAD_HOST)));
  }

  private static Stream<Arguments> fields() {
    return Stream.of(
        row("a folded field", get("X: a", " b"), HeadProblem.OBS_FOLD),
        row("a field folded with a tab", get("X: a", "\tb"), HeadProblem.OBS_FOLD),
        row("a folded Host", lines("GET / HTTP/1.1", "Host:", " a"), HeadProblem.OBS_FOLD),
        row(
            "a first line that begins with a space",
            lines("GET / HTTP/1.1", " Host: a"),
            HeadProblem.OBS_FOLD),
        row(
            "a line of spaces instead of the empty one",
            "GET / HTTP/1.1\r\nHost: a\r\n \r\n\r\n",
            HeadProblem.OBS_FOLD),
        row("a space before the colon", get("X : a"), HeadProblem.SPACE_BEFORE_COLON),
        row("a tab before the colon", get("X\t: a"), HeadProblem.SPACE_BEFORE_COLON),
        row(
            "a space before Host's colon",
            lines("GET / HTTP/1.1", "Host : a"),
            HeadProblem.SPACE_BEFORE_COLON),
        row("a space within a name", get("X Y: a"), HeadProblem.SPACE_BEFORE_COLON),
        row("a name without a colon", get("X"), HeadProblem.BAD_FIELD_NAME),
        row("no name", get(": a"), HeadProblem.BAD_FIELD_NAME),
        row("a name that is no token", get("X(: a"), HeadProblem.BAD_FIELD_NAME),
        row("a name in quotes", get("\"X\": a"), HeadProblem.BAD_FIELD_NAME),
        row("bytes from 0x80 in a name", get("\u00e4: a"), HeadProblem.BAD_FIELD_NAME),
        row("NUL in a name", get("X\u0000: a"), HeadProblem.CONTROL_BYTE),
        row("NUL in a value", get("X: a\u0000b"), HeadProblem.CONTROL_BYTE),
        row("NUL in Host", lines("GET / HTTP/1.1", "Host: a\u0000.b"), HeadProblem.CONTROL_BYTE),
        row("an escape in a value", get("X: \u001b[1m"), HeadProblem.CONTROL_BYTE),
        row("DEL in a value", get("X: a\u007f"), HeadProblem.CONTROL_BYTE),
        row(
            "a line feed alone after a field",
            "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
            HeadProblem.BARE_LF),
        row(
            "a line feed alone as the empty line",
            "GET / HTTP/1.1\r\nHost: a\r\n\n",
            HeadProblem.BARE_LF),
        row(
            "a line feed within a name",
            "GET / HTTP/1.1\r\nHost: a\r\nX\n: b\r\n\r\n",
            HeadProblem.BARE_LF),
        row("a carriage return within a value", get("X: a\rb"), HeadProblem.BARE_CR),
        row("two carriage returns", "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", HeadProblem.BARE_CR),
        row(
            "a carriage return before the end",
            "GET / HTTP/1.1\r\nHost: a\r\n\rX: b\r\n\r\n",
            HeadProblem.BARE_CR),
        row("a carriage return within a name", get("X\r: b"), HeadProblem.BAD_FIELD_NAME));
  }

  private static Stream<Arguments> framing() {
    String length = "Content-Length: 5";
    String chunked = "Transfer-Encoding: chunked";
    return Stream.concat(
        Stream.of(
                "",
                "+5",
                "-5",
                "5,5",
                "5, 5",
                "5 5",
                "0x5",
                "5.0",
                "five",
                "9223372036854775808",
                "99999999999999999999")
            .map(n ->
                row(
                    "Content-Length: " + n,
                    get("Content-Length: " + n),
                    HeadProblem.BAD_CONTENT_LENGTH)),
        Stream.of(
            row(
                "the same length twice",
                get(length, "content-length: 5"),
                HeadProblem.REPEATED_CONTENT_LENGTH),
            row(
                "the same length written in another way",
                get(length, "Content-Length: 05"),
                HeadProblem.REPEATED_CONTENT_LENGTH),
            row(
                "two lengths",
                get(length, "Content-Length: 6"),
                HeadProblem.CONFLICTING_CONTENT_LENGTH),
            row(
                "chunked after a length",
                get(length, chunked),
                HeadProblem.TRANSFER_ENCODING_WITH_CONTENT_LENGTH),
            row(
                "chunked before a length",
                get(chunked, length),
                HeadProblem.TRANSFER_ENCODING_WITH_CONTENT_LENGTH),
            row(
                "chunked in HTTP/1.0",
                lines("POST / HTTP/1.0", "Host: a", chunked),
                HeadProblem.TRANSFER_ENCODING_IN_HTTP10),
            row("chunked twice", get(chunked, chunked), HeadProblem.BAD_TRANSFER_ENCODING),
            row(
                "chunked twice in a list",
                get("Transfer-Encoding: chunked, chunked"),
                HeadProblem.BAD_TRANSFER_ENCODING),
            row(
                "chunked and not last",
                get("Transfer-Encoding: chunked, gzip"),
                HeadProblem.BAD_TRANSFER_ENCODING),
            row("not chunked", get("Transfer-Encoding: gzip"), HeadProblem.BAD_TRANSFER_ENCODING),
            row("identity", get("Transfer-Encoding: identity"), HeadProblem.BAD_TRANSFER_ENCODING),
            row(
                "an empty Transfer-Encoding",
                get("Transfer-Encoding:"),
                HeadProblem.BAD_TRANSFER_ENCODING),
            row(
                "a vertical tab before chunked",
                get("Transfer-Encoding: \u000bchunked"),
                HeadProblem.CONTROL_BYTE),
            row(
                "a word that ends with chunked",
                get("Transfer-Encoding: xchunked"),
                HeadProblem.BAD_TRANSFER_ENCODING),
            row(
                "chunked with a parameter",
                get("Transfer-Encoding: chunked;a=b"),
                HeadProblem.BAD_TRANSFER_ENCODING),
            row(
                "chunked in quotes",
                get("Transfer-Encoding: \"chunked\""),
                HeadProblem.BAD_TRANSFER_ENCODING),
            row(
                "compressed and chunked",
                get("Transfer-Encoding: gzip, chunked"),
                HeadProblem.TRANSFER_ENCODING_NOT_SUPPORTED)));
  }
}

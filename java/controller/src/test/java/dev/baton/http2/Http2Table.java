package dev.baton.http2;

import static dev.baton.http2.FrameType.CONTINUATION;
import static dev.baton.http2.FrameType.DATA;
import static dev.baton.http2.FrameType.GOAWAY;
import static dev.baton.http2.FrameType.HEADERS;
import static dev.baton.http2.FrameType.PING;
import static dev.baton.http2.FrameType.PUSH_PROMISE;
import static dev.baton.http2.FrameType.RST_STREAM;
import static dev.baton.http2.FrameType.SETTINGS;
import static dev.baton.http2.FrameType.WINDOW_UPDATE;
import static dev.baton.http2.Frames.END_HEADERS;
import static dev.baton.http2.Frames.PADDED;
import static dev.baton.http2.Frames.client;
import static dev.baton.http2.Frames.fields;
import static dev.baton.http2.Frames.get;
import static dev.baton.http2.Frames.preface;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/** What HTTP/2 clients send first, each with a sentence and what must come of it. */
final class Http2Table {
  private static final int FRAME_PRIORITY = FrameType.PRIORITY;
  private static final int FLAG_PRIORITY = Frames.PRIORITY;

  private Http2Table() {}

  private static byte[] host(String name) {
    return get(":authority", name);
  }

  private static byte[] slice(byte[] bytes, int from, int to) {
    return Arrays.copyOfRange(bytes, from, to);
  }

  /**
   * What curl 7.88 with nghttp2 1.52 sends at once, to a program that never answers: {@code curl
   * --http2-prior-knowledge --resolve www.example.com:PORT:127.0.0.1 http://www.example.com:PORT/}.
   */
  private static byte[] captured() {
    try (InputStream in =
        Objects.requireNonNull(
            Http2Table.class.getResourceAsStream("/http2/curl-7.88-nghttp2-1.52.bin"))) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] latin1(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static Frames inPieces(byte[] block, int pieces) {
    Frames frames = client();
    for (int i = 0; i < pieces; i++) {
      byte[] piece = slice(block, block.length * i / pieces, block.length * (i + 1) / pieces);
      int flags = i == pieces - 1 ? END_HEADERS : 0;
      frames.frame(i == 0 ? HEADERS : CONTINUATION, flags, 1, piece);
    }
    return frames;
  }

  private static Frames request(String... fields) {
    return client().request(fields(fields));
  }

  /** Why, bytes, host. */
  static Stream<Arguments> accepted() {
    byte[] block = host("www.example.com");
    return Stream.of(
        arguments("the least", client().request(block).bytes(), "www.example.com"),
        arguments(
            "curl with nghttp2: settings, a window, Huffman codes, the table",
            captured(),
            "www.example.com"),
        arguments(
            "a port and capitals",
            client().request(host("WWW.Example.com:8080")).bytes(),
            "www.example.com"),
        arguments(
            "an IPv6 address", client().request(host("[2001:DB8::1]:80")).bytes(), "[2001:db8::1]"),
        arguments("Host instead", client().request(get("host", "a.example")).bytes(), "a.example"),
        arguments(
            "Host as well, the same",
            client().request(get(":authority", "a.example", "host", "A.example")).bytes(),
            "a.example"),
        arguments(
            "frames of all kinds before the request",
            preface()
                .frame(SETTINGS, 0, 0, 0, 3, 0, 0, 0, 100, 0, 5, 0, 0, 0x40, 0, 0, 2, 0, 0, 0, 1)
                .frame(SETTINGS, 0, 0)
                .frame(WINDOW_UPDATE, 0, 0, 0x3f, 0xff, 0, 1)
                .frame(FRAME_PRIORITY, 0, 3, 0, 0, 0, 0, 200)
                .frame(PING, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8)
                .frame(0x10, 0, 0, latin1("\0\0\0\1u=0"))
                .frame(0xbe, 0xff, 77, 1, 2, 3)
                .frame(GOAWAY, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
                .request(block)
                .bytes(),
            "www.example.com"),
        arguments(
            "padding and a priority",
            client()
                .frame(
                    HEADERS,
                    END_HEADERS | PADDED | FLAG_PRIORITY,
                    5,
                    concat(Frames.bytes(3, 0x80, 0, 0, 0, 9), block, new byte[3]))
                .bytes(),
            "www.example.com"),
        arguments(
            "padding that fills a frame, and the fields behind it",
            client()
                .frame(HEADERS, PADDED, 1, Frames.bytes(2, 0, 0))
                .frame(CONTINUATION, END_HEADERS, 1, block)
                .bytes(),
            "www.example.com"),
        arguments("two frames", inPieces(block, 2).bytes(), "www.example.com"),
        arguments(
            "a frame for each byte", inPieces(block, block.length).bytes(), "www.example.com"),
        arguments("empty frames in between", inPieces(block, 60).bytes(), "www.example.com"),
        arguments(
            "a reserved bit",
            client().frame(HEADERS, END_HEADERS, 0x80000001, block).bytes(),
            "www.example.com"),
        arguments(
            "OPTIONS of everything",
            request(":method", "OPTIONS", ":scheme", "http", ":path", "*", ":authority", "a")
                .bytes(),
            "a"),
        arguments(
            "trailers are asked for",
            client().request(get(":authority", "a", "te", "Trailers")).bytes(),
            "a"));
  }

  /** Why, bytes, problem. */
  static Stream<Arguments> refused() {
    return Stream.concat(framing(), requests());
  }

  private static Stream<Arguments> framing() {
    byte[] block = host("a");
    return Stream.of(
        arguments("no settings", preface().request(block).bytes(), Http2Problem.NO_SETTINGS),
        arguments(
            "a preface that breaks off",
            latin1("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\r"),
            Http2Problem.NO_SETTINGS),
        arguments(
            "an acknowledgment first",
            preface().frame(SETTINGS, 1, 0).bytes(),
            Http2Problem.SETTINGS_ACK),
        arguments(
            "settings of a stream",
            preface().frame(SETTINGS, 0, 1).bytes(),
            Http2Problem.WRONG_STREAM),
        arguments(
            "half a setting",
            preface().frame(SETTINGS, 0, 0, 0, 3, 0).bytes(),
            Http2Problem.BAD_FRAME_SIZE),
        arguments(
            "push: 2",
            preface().frame(SETTINGS, 0, 0, 0, 2, 0, 0, 0, 2).bytes(),
            Http2Problem.BAD_SETTING),
        arguments(
            "a window of 2^31",
            preface().frame(SETTINGS, 0, 0, 0, 4, 0x80, 0, 0, 0).bytes(),
            Http2Problem.BAD_INITIAL_WINDOW),
        arguments(
            "frames of 16383",
            preface().frame(SETTINGS, 0, 0, 0, 5, 0, 0, 0x3f, 0xff).bytes(),
            Http2Problem.BAD_SETTING),
        arguments(
            "frames of 2^24",
            preface().frame(SETTINGS, 0, 0, 0, 5, 1, 0, 0, 0).bytes(),
            Http2Problem.BAD_SETTING),
        arguments(
            "a frame of 16385",
            client().header(16_385, 0xbe, 0, 0).bytes(),
            Http2Problem.BAD_FRAME_SIZE),
        arguments(
            "a window of three bytes",
            client().frame(WINDOW_UPDATE, 0, 0, 0, 0, 1).bytes(),
            Http2Problem.BAD_FRAME_SIZE),
        arguments(
            "a window that grows by nothing",
            client().frame(WINDOW_UPDATE, 0, 0, 0, 0, 0, 0).bytes(),
            Http2Problem.WINDOW_UPDATE_OF_NOTHING),
        arguments(
            "a window of more than 2^31",
            client().frame(WINDOW_UPDATE, 0, 0, 0x7f, 0xff, 0, 1).bytes(),
            Http2Problem.WINDOW_OVERFLOW),
        arguments(
            "a window of a stream that is not",
            client().frame(WINDOW_UPDATE, 0, 1, 0, 0, 0, 1).bytes(),
            Http2Problem.WRONG_STREAM),
        arguments(
            "a priority of the connection",
            client().frame(FRAME_PRIORITY, 0, 0, 0, 0, 0, 0, 1).bytes(),
            Http2Problem.WRONG_STREAM),
        arguments(
            "a priority of four bytes",
            client().frame(FRAME_PRIORITY, 0, 1, 0, 0, 0, 0).bytes(),
            Http2Problem.BAD_FRAME_SIZE),
        arguments(
            "a ping of a stream",
            client().frame(PING, 0, 1, new byte[8]).bytes(),
            Http2Problem.WRONG_STREAM),
        arguments(
            "a ping of seven bytes",
            client().frame(PING, 0, 0, new byte[7]).bytes(),
            Http2Problem.BAD_FRAME_SIZE),
        arguments(
            "an end of a stream",
            client().frame(GOAWAY, 0, 1, new byte[8]).bytes(),
            Http2Problem.WRONG_STREAM),
        arguments(
            "an end of seven bytes",
            client().frame(GOAWAY, 0, 0, new byte[7]).bytes(),
            Http2Problem.BAD_FRAME_SIZE),
        arguments(
            "data first", client().frame(DATA, 0, 1, 1).bytes(), Http2Problem.UNEXPECTED_FRAME),
        arguments(
            "a reset first",
            client().frame(RST_STREAM, 0, 1, 0, 0, 0, 0).bytes(),
            Http2Problem.UNEXPECTED_FRAME),
        arguments(
            "a client that pushes",
            client().frame(PUSH_PROMISE, 0, 1, block).bytes(),
            Http2Problem.UNEXPECTED_FRAME),
        arguments(
            "what continues nothing",
            client().frame(CONTINUATION, END_HEADERS, 1, block).bytes(),
            Http2Problem.UNEXPECTED_FRAME),
        arguments(
            "a request of the connection",
            client().frame(HEADERS, END_HEADERS, 0, block).bytes(),
            Http2Problem.WRONG_STREAM),
        arguments(
            "a request on a server's stream",
            client().frame(HEADERS, END_HEADERS, 2, block).bytes(),
            Http2Problem.WRONG_STREAM),
        arguments(
            "fields and then data",
            client().frame(HEADERS, 0, 1, block).frame(DATA, 0, 1, 1).bytes(),
            Http2Problem.INTERRUPTED_HEADERS),
        arguments(
            "fields and then an unknown frame",
            client().frame(HEADERS, 0, 1, block).frame(0xbe, 0, 1).bytes(),
            Http2Problem.INTERRUPTED_HEADERS),
        arguments(
            "fields that another stream continues",
            client().frame(HEADERS, 0, 1, block).frame(CONTINUATION, END_HEADERS, 3, block).bytes(),
            Http2Problem.INTERRUPTED_HEADERS),
        arguments(
            "65 frames that go on",
            inPieces(block, 66).bytes(),
            Http2Problem.TOO_MANY_CONTINUATIONS),
        arguments(
            "padding longer than its frame",
            client().frame(HEADERS, END_HEADERS | PADDED, 1, 2, 0).bytes(),
            Http2Problem.BAD_PADDING),
        arguments(
            "padding without its length",
            client().frame(HEADERS, END_HEADERS | PADDED, 1).bytes(),
            Http2Problem.BAD_PADDING),
        arguments(
            "half a priority",
            client().frame(HEADERS, END_HEADERS | FLAG_PRIORITY, 1, 0, 0, 0).bytes(),
            Http2Problem.BAD_PADDING),
        arguments(
            "index 0", client().request(Frames.bytes(0x80)).bytes(), Http2Problem.BAD_COMPRESSION),
        arguments(
            "an index that is not there",
            client().request(Frames.bytes(0xbe)).bytes(),
            Http2Problem.BAD_COMPRESSION),
        arguments(
            "a string without an end",
            client().request(Frames.bytes(0x41, 9, 'a')).bytes(),
            Http2Problem.BAD_COMPRESSION),
        arguments(
            "a number without an end",
            client().request(Frames.bytes(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)).bytes(),
            Http2Problem.BAD_COMPRESSION),
        arguments(
            "Huffman's end of string",
            client().request(Frames.bytes(0x41, 0x84, 0xff, 0xff, 0xff, 0xff)).bytes(),
            Http2Problem.BAD_COMPRESSION),
        arguments(
            "a table of 4097 bytes",
            client().request(Frames.bytes(0x3f, 0xe2, 0x1f)).bytes(),
            Http2Problem.BAD_COMPRESSION),
        arguments(
            "no end within the limit",
            client().frame(0xbe, 0, 0, new byte[4096]).bytes(),
            Http2Problem.TOO_LARGE));
  }

  private static Stream<Arguments> requests() {
    return Stream.of(
        arguments(
            "a bomb: one field, two hundred times by its index",
            bomb(),
            Http2Problem.FIELDS_TOO_LARGE),
        arguments(
            "no method",
            request(":scheme", "http", ":path", "/", ":authority", "a").bytes(),
            Http2Problem.MALFORMED),
        arguments(
            "no scheme",
            request(":method", "GET", ":path", "/", ":authority", "a").bytes(),
            Http2Problem.MALFORMED),
        arguments(
            "no path",
            request(":method", "GET", ":scheme", "http", ":authority", "a").bytes(),
            Http2Problem.MALFORMED),
        arguments(
            "an empty path",
            request(":method", "GET", ":scheme", "http", ":path", "", ":authority", "a").bytes(),
            Http2Problem.MALFORMED),
        arguments(
            "a path without a slash",
            request(":method", "GET", ":scheme", "http", ":path", "x", ":authority", "a").bytes(),
            Http2Problem.MALFORMED),
        arguments(
            "a path with a space",
            request(":method", "GET", ":scheme", "http", ":path", "/ x", ":authority", "a").bytes(),
            Http2Problem.MALFORMED),
        arguments(
            "GET of everything",
            request(":method", "GET", ":scheme", "http", ":path", "*", ":authority", "a").bytes(),
            Http2Problem.MALFORMED),
        arguments(
            "a method that is no token",
            request(":method", "G T", ":scheme", "http", ":path", "/", ":authority", "a").bytes(),
            Http2Problem.MALFORMED),
        arguments(
            "two methods",
            client().request(get(":method", "GET", ":authority", "a")).bytes(),
            Http2Problem.MALFORMED),
        arguments(
            "two paths",
            client().request(get(":path", "/", ":authority", "a")).bytes(),
            Http2Problem.MALFORMED),
        arguments(
            "two authorities",
            client().request(get(":authority", "a", ":authority", "a")).bytes(),
            Http2Problem.MALFORMED),
        arguments(
            "a pseudo-field of a response",
            client().request(get(":authority", "a", ":status", "200")).bytes(),
            Http2Problem.MALFORMED),
        arguments(
            "a protocol that was not offered",
            client().request(get(":authority", "a", ":protocol", "websocket")).bytes(),
            Http2Problem.MALFORMED),
        arguments(
            "a pseudo-field behind a field",
            client().request(get("accept", "*/*", ":authority", "a")).bytes(),
            Http2Problem.MALFORMED),
        arguments(
            "two Host fields",
            client().request(get("host", "a", "host", "a")).bytes(),
            Http2Problem.MALFORMED),
        arguments(
            "a name in capitals",
            client().request(get(":authority", "a", "Accept", "x")).bytes(),
            Http2Problem.MALFORMED),
        arguments(
            "an empty name",
            client().request(get(":authority", "a", "", "x")).bytes(),
            Http2Problem.MALFORMED),
        arguments(
            "a name with a colon",
            client().request(get(":authority", "a", "a:b", "x")).bytes(),
            Http2Problem.MALFORMED),
        arguments(
            "a line break in a value",
            client().request(get(":authority", "a", "x", "b\r\nhost: c")).bytes(),
            Http2Problem.MALFORMED),
        arguments(
            "a NUL in a value",
            client().request(get(":authority", "a", "x", "\0")).bytes(),
            Http2Problem.MALFORMED),
        arguments(
            "a space before a value",
            client().request(get(":authority", "a", "x", " y")).bytes(),
            Http2Problem.MALFORMED),
        arguments(
            "a space behind a value",
            client().request(get(":authority", "a", "x", "y ")).bytes(),
            Http2Problem.MALFORMED),
        arguments(
            "Connection",
            client().request(get(":authority", "a", "connection", "close")).bytes(),
            Http2Problem.CONNECTION_FIELD),
        arguments(
            "Transfer-Encoding",
            client().request(get(":authority", "a", "transfer-encoding", "chunked")).bytes(),
            Http2Problem.CONNECTION_FIELD),
        arguments(
            "Upgrade",
            client().request(get(":authority", "a", "upgrade", "x")).bytes(),
            Http2Problem.CONNECTION_FIELD),
        arguments(
            "TE: gzip",
            client().request(get(":authority", "a", "te", "gzip")).bytes(),
            Http2Problem.CONNECTION_FIELD),
        arguments(
            "two hosts",
            client().request(get(":authority", "a", "host", "b")).bytes(),
            Http2Problem.HOSTS_DIFFER),
        arguments(
            "a user in the host",
            client().request(get(":authority", "u@a")).bytes(),
            Http2Problem.BAD_HOST),
        arguments(
            "a path in the host",
            client().request(get(":authority", "a/b")).bytes(),
            Http2Problem.BAD_HOST),
        arguments(
            "an empty host",
            client().request(get(":authority", "", "host", "")).bytes(),
            Http2Problem.BAD_HOST),
        arguments("no host", client().request(get()).bytes(), Http2Problem.MISSING_HOST),
        arguments(
            "CONNECT",
            request(":method", "CONNECT", ":authority", "a:1").bytes(),
            Http2Problem.CONNECT_REFUSED));
  }

  /** 2000 bytes in the table (RFC 7541, section 7.3: they cost one byte each time). */
  private static byte[] bomb() {
    byte[] large = fields("x", "y".repeat(2000));
    large[0] = 0x40; // with incremental indexing
    byte[] again = new byte[200];
    Arrays.fill(again, (byte) (0x80 | 62));
    return client().request(concat(get(":authority", "a"), large, again)).bytes();
  }

  private static byte[] concat(byte[]... parts) {
    Frames frames = new Frames();
    for (byte[] part : parts) {
      frames.raw(part);
    }
    return frames.bytes();
  }
}

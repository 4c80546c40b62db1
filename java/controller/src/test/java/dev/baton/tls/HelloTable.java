package dev.baton.tls;

import static dev.baton.tls.Hello.concat;
import static dev.baton.tls.Hello.name;
import static dev.baton.tls.Hello.names;
import static dev.baton.tls.Hello.record;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.provider.Arguments;

/** ClientHellos as real bytes, each with a sentence and what must come of it. */
final class HelloTable {
  private static final byte[] NOTHING = {};

  private HelloTable() {}

  private static Arguments row(String why, byte[] bytes, @Nullable Object expected) {
    return arguments(why, bytes, expected);
  }

  /** Why, bytes, host. */
  static Stream<Arguments> accepted() {
    String longest = "a".repeat(63) + "." + "b".repeat(63) + "." + "c".repeat(63) + ".";
    longest += "d".repeat(253 - longest.length());
    return Stream.of(
        row("curl", Hello.captured("curl-7.88-openssl-3.0.bin"), "www.example.com"),
        row("Chromium", Hello.captured("chromium-156.bin"), "www.example.com"),
        row("Firefox", Hello.captured("firefox-153.bin"), "www.example.com"),
        row("Java", Hello.captured("java-25.bin"), "www.example.com"),
        row("nothing but a name", Hello.to("a.example").bytes(), "a.example"),
        row("capitals", Hello.to("WWW.Example.COM").bytes(), "www.example.com"),
        row("an A-label", Hello.to("xn--mnchen-3ya.de").bytes(), "xn--mnchen-3ya.de"),
        row("one label", Hello.to("localhost").bytes(), "localhost"),
        row("the longest name", Hello.to(longest).bytes(), longest),
        row("no name", new Hello().alpn("h2").bytes(), null),
        row("an empty list of extensions", new Hello().bytes(), null),
        row("no extensions, as before TLS 1.3", new Hello().extensionless().bytes(), null),
        row("no session", Hello.to("a.example").session(0).bytes(), "a.example"),
        row("TLS 1.0", Hello.to("a.example").version(0x0301).bytes(), "a.example"),
        row("a version to come", Hello.to("a.example").version(0x03ff).bytes(), "a.example"),
        row(
            "a record's version means nothing",
            record(22, 0x03ff, Hello.to("a.example").message()),
            "a.example"),
        row(
            "GREASE before, between and behind (RFC 8701)",
            new Hello()
                .extension(0x0a0a, NOTHING)
                .extension(0, names(name(0, "a.example")))
                .extension(0x1a1a, new byte[1])
                .extension(0xfafa, new byte[3])
                .bytes(),
            "a.example"),
        row(
            "Encrypted ClientHello: the outer name",
            Hello.to("outer.example").extension(0xfe0d, new byte[200]).bytes(),
            "outer.example"),
        row(
            "an unknown extension twice is the target's to judge",
            Hello.to("a.example").extension(99, NOTHING).extension(99, NOTHING).bytes(),
            "a.example"),
        row("a byte a record", Hello.to("a.example").bytes(1), "a.example"),
        row(
            "a name over many records",
            Hello.to("a.long.name.example").bytes(3),
            "a.long.name.example"),
        row(
            "a hello of 64 kB over records of 16 kB",
            ofSize(ClientHelloParser.HELLO_MAX).bytes(1 << 14),
            "a.example"),
        row(
            "a hello of 64 kB over records of 50 bytes",
            ofSize(ClientHelloParser.HELLO_MAX).bytes(50),
            "a.example"),
        row(
            "as many empty records as are passed over",
            concat(
                empty(),
                empty(),
                Arrays.copyOf(Hello.to("a.example").bytes(9), 14),
                empty(),
                empty(),
                tail(Hello.to("a.example").bytes(9), 14)),
            "a.example"));
  }

  /** Why, bytes, problem. */
  static Stream<Arguments> refused() {
    byte[] good = Hello.to("a.example").message();
    return Stream.of(
        row("GET on the port of TLS", ascii("GET / HTTP/1.1\r\n\r\n"), TlsProblem.PLAIN_HTTP),
        row("neither TLS nor HTTP", ascii("\0hello"), TlsProblem.NOT_TLS),
        row("an SSL 2.0 hello", hex("802e0100020015000000100100800300"), TlsProblem.SSL2_HELLO),
        row("an alert first", record(21, 0x0303, new byte[2]), TlsProblem.OTHER_RECORD),
        row("data first", record(23, 0x0303, new byte[2]), TlsProblem.OTHER_RECORD),
        row("no TLS version", record(22, 0x0201, good), TlsProblem.BAD_VERSION),
        row(
            "a second record without a version",
            concat(record(cut(good, 0, 9)), record(22, 0x0403, cut(good, 9, good.length))),
            TlsProblem.BAD_VERSION),
        row("SSL 3.0 inside", Hello.to("a").version(0x0300).bytes(), TlsProblem.BAD_VERSION),
        row("version 4 inside", Hello.to("a").version(0x0400).bytes(), TlsProblem.BAD_VERSION),
        row("DTLS inside", Hello.to("a").version(0xfefd).bytes(), TlsProblem.BAD_VERSION),
        row(
            "a record between two fragments",
            concat(
                record(cut(good, 0, 9)),
                record(20, 0x0303, new byte[1]),
                record(cut(good, 9, good.length))),
            TlsProblem.OTHER_RECORD),
        row(
            "HTTP between two fragments",
            concat(record(cut(good, 0, 9)), ascii("GET / HTTP/1.1")),
            TlsProblem.OTHER_RECORD),
        row(
            "one empty record too many",
            concat(empty(), empty(), empty(), empty(), empty(), record(good)),
            TlsProblem.EMPTY_RECORDS),
        row("a record of more than 2^14 bytes", hex("1603014001"), TlsProblem.RECORD_OVERFLOW),
        row("a ServerHello", Hello.to("a").type(2).bytes(), TlsProblem.NOT_A_HELLO),
        row("a hello of 2^24 bytes", hex("16030100040100ffff01"), TlsProblem.TOO_LARGE),
        row(
            "a hello one byte too large",
            ofSize(ClientHelloParser.HELLO_MAX + 1).bytes(1 << 14),
            TlsProblem.TOO_LARGE),
        row(
            "a hello of 64 kB in records of one byte",
            ofSize(ClientHelloParser.HELLO_MAX).bytes(1),
            TlsProblem.TOO_LARGE),
        row(
            "a byte behind the hello",
            record(concat(good, new byte[1])),
            TlsProblem.TRAILING_BYTES),
        row("two hellos in a record", record(concat(good, good)), TlsProblem.TRAILING_BYTES),
        row(
            "a hello shorter than its fields",
            Hello.to("a").lengthError(-1).bytes(),
            TlsProblem.BAD_LENGTH),
        row("a hello that is nothing", hex("160301000401000000"), TlsProblem.BAD_LENGTH),
        row("a session of 33 bytes", Hello.to("a").session(33).bytes(), TlsProblem.BAD_LENGTH),
        row("no ciphers", Hello.to("a").ciphers(0).bytes(), TlsProblem.BAD_LENGTH),
        row("half a cipher", Hello.to("a").ciphers(3).bytes(), TlsProblem.BAD_LENGTH),
        row("no compressions", Hello.to("a").compressions(0).bytes(), TlsProblem.BAD_LENGTH),
        row("one byte of extensions", new Hello().raw((byte) 0).bytes(), TlsProblem.BAD_LENGTH),
        row(
            "extensions too short",
            Hello.to("a").extensionsLengthError(-1).bytes(),
            TlsProblem.BAD_LENGTH),
        row(
            "extensions too long",
            Hello.to("a").extensionsLengthError(1).bytes(),
            TlsProblem.BAD_LENGTH),
        row(
            "an extension longer than what is left",
            new Hello().raw(hex("00630005aa")).bytes(),
            TlsProblem.BAD_LENGTH),
        row(
            "a name's extension longer than what is left",
            new Hello().raw(hex("00000009000300000161")).bytes(),
            TlsProblem.BAD_LENGTH),
        row(
            "an empty list of names",
            new Hello().extension(0, hex("0000")).bytes(),
            TlsProblem.BAD_LENGTH),
        row(
            "a name's extension without anything",
            new Hello().extension(0, NOTHING).bytes(),
            TlsProblem.BAD_LENGTH),
        row(
            "a list of names that is too short",
            new Hello().extension(0, concat(names(name(0, "a")), new byte[1])).bytes(),
            TlsProblem.BAD_LENGTH),
        row(
            "a list of names that is too long",
            new Hello().extension(0, hex("000500000161")).bytes(),
            TlsProblem.BAD_LENGTH),
        row("an empty name", Hello.to("").bytes(), TlsProblem.BAD_LENGTH),
        row(
            "a name longer than its list",
            new Hello().extension(0, hex("000400000261")).bytes(),
            TlsProblem.BAD_LENGTH),
        row(
            "two names",
            new Hello().extension(0, names(name(0, "a"), name(0, "b"))).bytes(),
            TlsProblem.NOT_ONE_NAME),
        row(
            "the same name twice",
            new Hello().extension(0, names(name(0, "a"), name(0, "a"))).bytes(),
            TlsProblem.NOT_ONE_NAME),
        row(
            "a name of another kind",
            new Hello().extension(0, names(name(1, "a"))).bytes(),
            TlsProblem.NOT_ONE_NAME),
        row(
            "two extensions with names",
            Hello.to("a").extension(0, names(name(0, "b"))).bytes(),
            TlsProblem.REPEATED_EXTENSION),
        row(
            "two extensions with the same name",
            Hello.to("a").extension(0, names(name(0, "a"))).bytes(),
            TlsProblem.REPEATED_EXTENSION),
        row(
            "ALPN twice",
            Hello.to("a").alpn("h2").alpn("h2").bytes(),
            TlsProblem.REPEATED_EXTENSION),
        row(
            "Encrypted ClientHello twice",
            Hello.to("a").extension(0xfe0d, new byte[1]).extension(0xfe0d, new byte[1]).bytes(),
            TlsProblem.REPEATED_EXTENSION),
        row("ALPN without a protocol", Hello.to("a").alpn().bytes(), TlsProblem.BAD_LENGTH),
        row(
            "ALPN with an empty protocol",
            Hello.to("a").alpn("h2", "").bytes(),
            TlsProblem.BAD_LENGTH),
        row(
            "ALPN that is longer than its extension",
            Hello.to("a").extension(16, hex("0004026832")).bytes(),
            TlsProblem.BAD_LENGTH),
        row("an IPv4 address", Hello.to("10.0.1.1").bytes(), TlsProblem.BAD_NAME),
        row("an IPv6 address", Hello.to("::1").bytes(), TlsProblem.BAD_NAME),
        row("an IPv6 address in brackets", Hello.to("[::1]").bytes(), TlsProblem.BAD_NAME),
        row("what some take for an address", Hello.to("0x7f.1").bytes(), TlsProblem.BAD_NAME),
        row("a port", Hello.to("a.example:443").bytes(), TlsProblem.BAD_NAME),
        row("a dot at the end", Hello.to("a.example.").bytes(), TlsProblem.BAD_NAME),
        row("a dot alone", Hello.to(".").bytes(), TlsProblem.BAD_NAME),
        row("a NUL", Hello.to("a.example\0.b").bytes(), TlsProblem.BAD_NAME),
        row("a space", Hello.to("a example").bytes(), TlsProblem.BAD_NAME),
        row("a U-label", Hello.to("m\u00c3\u00bcnchen.de").bytes(), TlsProblem.BAD_NAME),
        row("no UTF-8", Hello.to("m\u00fcnchen.de").bytes(), TlsProblem.BAD_NAME),
        row("a wildcard", Hello.to("*.example").bytes(), TlsProblem.BAD_NAME),
        row("254 bytes", Hello.to("a".repeat(254)).bytes(), TlsProblem.BAD_NAME),
        row("a label of 64 bytes", Hello.to("a".repeat(64)).bytes(), TlsProblem.BAD_NAME));
  }

  /** Its message has so many bytes. */
  private static Hello ofSize(int bytes) {
    Hello hello = Hello.to("a.example");
    int missing = bytes - hello.message().length - 4;
    return hello.extension(21, new byte[missing]);
  }

  private static byte[] empty() {
    return record(NOTHING);
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static byte[] hex(String text) {
    return HexFormat.of().parseHex(text);
  }

  private static byte[] cut(byte[] bytes, int from, int to) {
    return Arrays.copyOfRange(bytes, from, to);
  }

  private static byte[] tail(byte[] bytes, int from) {
    return cut(bytes, from, bytes.length);
  }
}

package dev.baton.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.address.Ip;
import dev.baton.proxy.ProxyHeaderParser.Result;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is written, byte for byte, and what is read, cut anywhere and changed anyhow. */
class ProxyHeaderTest {
  private static final String SIGNATURE = "0d0a0d0a000d0a515549540a";
  private static final int ROOM = 16_384;

  private final ProxyHeaderParser parser = new ProxyHeaderParser(ROOM);

  private static Ip ip(String text) {
    return Ip.of(InetAddress.ofLiteral(text));
  }

  private Result parse(byte[] bytes) {
    return parse(bytes, bytes.length);
  }

  private Result parse(byte[] bytes, int filled) {
    byte[] room = Arrays.copyOf(bytes, Math.max(ROOM, bytes.length));
    Arrays.fill(room, filled, room.length, (byte) '!');
    return parser.parse(MemorySegment.ofArray(room), filled);
  }

  @ParameterizedTest
  @CsvSource({
    "192.0.2.1, 10.0.1.1, PROXY TCP4 192.0.2.1 10.0.1.1 65535 80",
    "2001:db8::1, fd00::1, PROXY TCP6 2001:db8::1 fd00::1 65535 80"
  })
  void versionOneIsALine(String source, String destination, String line) {
    byte[] header = ProxyHeader.v1(ip(source), 65_535, ip(destination), 80);
    assertThat(new String(header, ISO_8859_1)).isEqualTo(line + "\r\n");
    assertIsReadBack(header, source, 65_535, destination, 80);
  }

  @Test
  void versionTwoIsBinary() {
    byte[] header = ProxyHeader.v2(ip("192.0.2.1"), 0x1234, ip("10.0.1.1"), 80, "a.example", "h2");
    String without =
        SIGNATURE
            + "2111"
            + "0024"
            + "c00002010a000101"
            + "12340050"
            + "01"
            + "0002"
            + "6832"
            + "02"
            + "0009"
            + HexFormat.of().formatHex("a.example".getBytes(ISO_8859_1))
            + "030004";
    assertThat(HexFormat.of().formatHex(header)).startsWith(without).hasSize(without.length() + 8);
    assertIsReadBack(header, "192.0.2.1", 0x1234, "10.0.1.1", 80);
  }

  @ParameterizedTest
  @CsvSource({"192.0.2.1, 10.0.1.1", "2001:db8::1, fd00::1"})
  void versionTwoIsReadBackWithAndWithoutExtensions(String source, String destination) {
    for (String host : new @Nullable String[] {null, "a.example", "x".repeat(253)}) {
      assertIsReadBack(
          ProxyHeader.v2(ip(source), 1, ip(destination), 443, host, null),
          source,
          1,
          destination,
          443);
    }
  }

  /** Whole, and not before; what comes behind it is not looked at. */
  private void assertIsReadBack(
      byte[] header, String source, int sourcePort, String destination, int destinationPort) {
    for (int i = 0; i < header.length; i++) {
      assertThat(parse(header, i))
          .as("%d of %d bytes", i, header.length)
          .isEqualTo(Result.NEED_MORE);
    }
    for (byte[] bytes : new byte[][] {header, Arrays.copyOf(header, header.length + 100)}) {
      assertThat(parse(bytes)).isEqualTo(Result.COMPLETE);
      assertThat(parser.length()).isEqualTo(header.length);
      assertThat(parser.known()).isTrue();
      assertThat(parser.source()).isEqualTo(ip(source));
      assertThat(parser.sourcePort()).isEqualTo(sourcePort);
      assertThat(parser.destination()).isEqualTo(ip(destination));
      assertThat(parser.destinationPort()).isEqualTo(destinationPort);
    }
    assertThat(ProxyHeaderParser.looksLikeOne(MemorySegment.ofArray(header), header.length))
        .isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "PROXY UNKNOWN\r\n",
        "PROXY UNKNOWN ffff::1 whatever 1 2\r\n",
      })
  void anUnknownClientIsAHeaderAllTheSame(String line) {
    assertThat(parse(line.getBytes(ISO_8859_1))).isEqualTo(Result.COMPLETE);
    assertThat(parser.known()).isFalse();
    assertThat(parser.length()).isEqualTo(line.length());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET / HTTP/1.1\r\n",
        "proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY  TCP4 1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 -1 2\r\n",
        "PROXY TCP4 1.2.3.256 1.2.3.4 1 2\r\n",
        "PROXY TCP4 1.2.3 1.2.3.4 1 2\r\n",
        "PROXY TCP4 01.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY TCP4 ::1 ::1 1 2\r\n",
        "PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY TCP6 fe80::1%d0 ::1 1 2\r\n",
        "PROXY TCP6 [::1] ::1 1 2\r\n",
        "PROXY TCP6 ::ffff:1.2.3.4 ::1 1 2\r\n",
        "PROXY TCP6 1:2:3 ::1 1 2\r\n",
        "PROXY TCP5 ::1 ::1 1 2\r\n",
        "PROXY TCP4 1.2.3.4\r\n",
        "PROXY \r\n",
        "PROXY \n",
      })
  void whatIsNoLineIsRefused(String line) {
    assertThat(parse(line.getBytes(ISO_8859_1))).isEqualTo(Result.INVALID);
  }

  @Test
  void aLineWithoutAnEndIsRefusedAtItsLimit() {
    byte[] line = ("PROXY UNKNOWN " + "x".repeat(200)).getBytes(ISO_8859_1);
    assertThat(parse(line, 106)).isEqualTo(Result.NEED_MORE);
    assertThat(parse(line, 107)).isEqualTo(Result.INVALID);
    byte[] longest = ("PROXY UNKNOWN " + "x".repeat(91) + "\r\n").getBytes(ISO_8859_1);
    assertThat(longest).hasSize(107);
    assertThat(parse(longest)).isEqualTo(Result.COMPLETE);
    assertThat(parse(("PROXY UNKNOWN " + "x".repeat(92) + "\r\n").getBytes(ISO_8859_1)))
        .isEqualTo(Result.INVALID);
  }

  @ParameterizedTest
  @CsvSource({
    "2011 000c c0000201 0a000101 1234 0050, true, a LOCAL command, whatever its addresses",
    "2000 0000, true, LOCAL without any",
    "2100 0000, true, an unspecified family",
    "2100 0003 010203, true, and what is behind it",
    "2111 000c c0000201 0a000101 1234 0050, false, an ordinary one",
  })
  void wholeHeaders(String hex, boolean local) {
    byte[] header = HexFormat.of().parseHex(SIGNATURE + hex.replace(" ", ""));
    assertThat(parse(header)).isEqualTo(Result.COMPLETE);
    assertThat(parser.known()).isNotEqualTo(local);
    assertThat(parser.length()).isEqualTo(header.length);
  }

  @ParameterizedTest
  @CsvSource({
    "1111 000c c0000201 0a000101 1234 0050, another version",
    "2211 000c c0000201 0a000101 1234 0050, another command",
    "2112 000c c0000201 0a000101 1234 0050, datagrams",
    "2131 00d8, a local socket",
    "2111 000b c0000201 0a000101 1234 00, addresses cut short",
    "2121 000c c0000201 0a000101 1234 0050, too short for IPv6",
    "2111 000e c0000201 0a000101 1234 0050 0400, half an extension",
    "2111 0010 c0000201 0a000101 1234 0050 04000200, an extension beyond the end",
    "2111 0012 c0000201 0a000101 1234 0050 030003000000, a checksum of three bytes",
    "2111 0013 c0000201 0a000101 1234 0050 03000400000000, a wrong checksum",
    "2111 ffff, longer than is taken",
  })
  void whatIsNoBinaryHeaderIsRefused(String hex) {
    assertThat(parse(HexFormat.of().parseHex(SIGNATURE + hex.replace(" ", ""))))
        .isEqualTo(Result.INVALID);
  }

  @Test
  void anyChangedBitOfAChecksummedHeaderIsRefused() {
    byte[] header = ProxyHeader.v2(ip("192.0.2.1"), 1, ip("10.0.1.1"), 80, "a.example", null);
    for (int bit = 0; bit < header.length * 8; bit++) {
      byte[] changed = header.clone();
      changed[bit / 8] ^= (byte) (1 << bit % 8);
      Result result = parse(changed);
      if (result == Result.COMPLETE) {
        // LOCAL or no family: nothing is believed. Or the checksum's own type: it is another field.
        boolean itsType = bit / 8 == header.length - 7;
        assertThat(parser.known()).as("bit %d", bit).isEqualTo(itsType);
      }
    }
  }

  @Test
  void aHeaderNeedsNoMoreRoomThanThereIs() {
    byte[] longest = Arrays.copyOf(HexFormat.of().parseHex(SIGNATURE + "21000ff0"), 4096);
    assertThat(parser.parse(MemorySegment.ofArray(longest), 16)).isEqualTo(Result.NEED_MORE);
    assertThat(parser.parse(MemorySegment.ofArray(longest), 4096)).isEqualTo(Result.COMPLETE);
    longest[15]++;
    assertThat(parser.parse(MemorySegment.ofArray(longest), 16)).isEqualTo(Result.INVALID);
    byte[] small = HexFormat.of().parseHex(SIGNATURE + "210003f1");
    assertThat(new ProxyHeaderParser(1024).parse(MemorySegment.ofArray(small), 16))
        .isEqualTo(Result.INVALID);
  }

  @Test
  void noiseIsNeverTakenForMoreThanIsThere() {
    Random random = new Random(7);
    byte[] signature = HexFormat.of().parseHex(SIGNATURE);
    for (int i = 0; i < 100_000; i++) {
      byte[] bytes = new byte[16 + random.nextInt(64)];
      random.nextBytes(bytes);
      ByteBuffer.wrap(bytes).put(i % 2 == 0 ? signature : "PROXY TCP4 ".getBytes(ISO_8859_1));
      if (i % 2 == 0) {
        bytes[12] = (byte) (0x20 | random.nextInt(2));
        bytes[14] = 0;
      }
      if (parse(bytes) == Result.COMPLETE) {
        assertThat(parser.length()).isBetween(1, bytes.length);
      }
    }
  }
}

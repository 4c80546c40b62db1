package dev.baton.address;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IpTest {
  @ParameterizedTest(name = "{0}: {2}")
  @CsvSource({
    "0.0.0.0,         00000000, any address",
    "1.2.3.4,         01020304, the first octet is the highest byte",
    "127.0.0.1,       7f000001, the largest first octet of a positive int",
    "128.0.0.0,       80000000, the smallest int",
    "203.0.113.9,     cb007109, octets above 127 in every place",
    "10.128.255.200,  0a80ffc8, octets above 127 do not leak upwards",
    "255.255.255.255, ffffffff, all ones"
  })
  void ipv4(String text, String hex, String why) {
    int address = Integer.parseUnsignedInt(hex, 16);
    Ip ip = Ip.of(InetAddress.ofLiteral(text));
    assertThat(ip.isV4()).isTrue();
    assertThat(ip.v4()).as(why).isEqualTo(address);
    assertThat(ip).isEqualTo(new Ip().setV4(address)).hasToString(text);
    assertThat(ip.toInet()).as(why).isEqualTo(InetAddress.ofLiteral(text));
    assertThat(ip.withPort(80)).isEqualTo(text + ":80");
    assertThat(written(ip)).isEqualTo(hex + "0".repeat(24));
  }

  /** The texts are RFC 5952's own examples, and the edges of its rules. */
  @ParameterizedTest(name = "{0}: {2}")
  @CsvSource({
    "::,                        00000000000000000000000000000000, any address",
    "::1,                       00000000000000000000000000000001, the loopback address",
    "fd00::1,                   fd000000000000000000000000000001, one run",
    "2001:db8::1:0:0:1,         20010db8000000000001000000000001, 4.2.3: the first of equal runs",
    "2001:0:0:1::1,             20010000000000010000000000000001, 4.2.3: the longer run",
    "2001:db8:0:1:1:1:1:1,      20010db8000000010001000100010001, 4.2.2: no run of one",
    "fe80::,                    fe800000000000000000000000000000, a run at the end",
    "::ffff:0:a00:1,            0000000000000000ffff00000a000001, looks mapped and is not",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff, ffffffffffffffffffffffffffffffff, all ones"
  })
  void ipv6(String text, String hex, String why) {
    Ip ip = Ip.of(InetAddress.ofLiteral(text));
    assertThat(ip.isV4()).isFalse();
    assertThat(ip).as(why).hasToString(text);
    assertThat(ip.toInet()).as(why).isEqualTo(InetAddress.ofLiteral(text));
    assertThat(ip.withPort(80)).isEqualTo("[" + text + "]:80");
    assertThat(written(ip)).isEqualTo(hex);
  }

  private static String written(Ip ip) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(Ip.BYTES + 3);
      bytes.fill((byte) 0x5a);
      ip.write(bytes, 3);
      assertThat(new Ip().set(1, 2).read(bytes, 3, ip.isV4())).isEqualTo(ip);
      return HexFormat.of().formatHex(bytes.asSlice(3).toArray(ValueLayout.JAVA_BYTE));
    }
  }

  @Test
  void mappedIsIpv4() {
    Ip mapped = new Ip().set(0, 0xffff_0a00_0001L);
    assertThat(mapped.isV4()).isTrue();
    assertThat(mapped).isEqualTo(new Ip().setV4(0x0a00_0001)).hasToString("10.0.0.1");
    assertThat(mapped).hasSameHashCodeAs(new Ip().setV4(0x0a00_0001));
    assertThat(new Ip().set(1, 0xffff_0a00_0001L).isV4()).isFalse();
  }

  @ParameterizedTest(name = "{0}: {1}")
  @CsvSource({
    "127.0.0.1, true",
    "127.255.0.9, true",
    "128.0.0.1, false",
    "::1, true",
    "::2, false",
    "1::1, false"
  })
  void loopback(String text, boolean loopback) {
    assertThat(Ip.of(InetAddress.ofLiteral(text)).isLoopback()).isEqualTo(loopback);
  }

  @Test
  void filledInAgainItIsAnother() {
    Ip ip = new Ip();
    assertThat(ip).hasToString("0.0.0.0");
    Ip other = Ip.of(InetAddress.ofLiteral("fd00::1"));
    assertThat(ip.set(other)).isEqualTo(other).isNotSameAs(other);
    assertThat(ip.setV4(5)).isNotEqualTo(other);
    assertThat(other).hasToString("fd00::1");
  }
}

package dev.baton.address;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PrefixTest {
  private static Ip ip(String text) {
    return Ip.of(InetAddress.ofLiteral(text));
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.0/8, 10.255.255.255, true",
    "10.0.0.0/8, 11.0.0.0, false",
    "10.0.0.0/8, fd00::1, false",
    "0.0.0.0/0, 255.255.255.255, true",
    "0.0.0.0/0, ::1, false",
    "::/0, ffff::1, true",
    "::/0, 10.0.0.1, false",
    "10.0.0.1, 10.0.0.1, true",
    "10.0.0.1, 10.0.0.0, false",
    "10.0.0.0/31, 10.0.0.1, true",
    "2001:db8::/32, 2001:db8:ffff::1, true",
    "2001:db8::/32, 2001:db9::, false",
    "2001:db8::/65, 2001:db8::7fff:ffff:ffff:ffff, true",
    "2001:db8::/65, 2001:db8::8000:0:0:0, false",
    "2001:db8::/64, 2001:db8::8000:0:0:0, true",
    "2001:db8::1, 2001:db8::1, true",
    "2001:db8::1/128, 2001:db8::, false",
  })
  void anAddressIsInOrNot(String prefix, String address, boolean in) {
    assertThat(Prefix.parse(prefix).contains(ip(address))).isEqualTo(in);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/08",
        "10.0.0.1/8",
        "10/8",
        "10.0.0.0/8/8",
        "::/129",
        "::1/64",
        "::ffff:10.0.0.0/104",
        "fe80::1%d0",
        "[::]/0",
        "a.b/8",
        "1.2.3.4.5",
        "010.0.0.0/8",
        "::ffff:1.2.3.4"
      })
  void whatIsNoneIsRefused(String text) {
    assertThatThrownBy(() -> Prefix.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void theLongestPrefixDecidesAsOneByOneWouldHaveIt() {
    Random random = new Random(3);
    Map<Prefix, Boolean> rules = new HashMap<>();
    for (int i = 0; i < 300; i++) {
      boolean v4 = random.nextBoolean();
      int length = random.nextInt(v4 ? 33 : 129);
      Ip network = some(random, v4).keep(v4 ? 96 + length : length);
      rules.put(new Prefix(network, length), random.nextBoolean());
    }
    SourceRules compiled = new SourceRules(rules);
    int denied = 0;
    for (int i = 0; i < 20_000; i++) {
      Ip address = some(random, random.nextBoolean());
      int longest = -1;
      boolean expected = false;
      for (Map.Entry<Prefix, Boolean> rule : rules.entrySet()) {
        if (rule.getKey().length() > longest && rule.getKey().contains(address)) {
          longest = rule.getKey().length();
          expected = rule.getValue();
        }
      }
      assertThat(compiled.denies(address)).as(address.toString()).isEqualTo(expected);
      denied += expected ? 1 : 0;
    }
    assertThat(denied).isBetween(100, 19_900);
    assertThat(SourceRules.none().denies(ip("10.0.0.1"))).isFalse();
  }

  /** With few bits set, so that prefixes of all lengths are met. */
  private static Ip some(Random random, boolean v4) {
    if (v4) {
      return new Ip().setV4((int) few(random));
    }
    return new Ip().set(few(random) | 1L << 61, few(random));
  }

  private static long few(Random random) {
    long bits = 0;
    for (int i = 0; i < 8; i++) {
      bits |= 1L << random.nextInt(Long.SIZE);
    }
    return bits;
  }
}

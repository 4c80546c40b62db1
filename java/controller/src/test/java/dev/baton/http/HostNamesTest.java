package dev.baton.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HostNamesTest {
  private static final String LABEL_63 = "a".repeat(63);

  @ParameterizedTest(name = "{0}: {2}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          www.example.com       | www.example.com       | a name in its one form stays
          WWW.Example.COM       | www.example.com       | case is ignored
          www.example.com.      | www.example.com       | a trailing dot is stripped
          localhost             | localhost             | one label is a name
          _dmarc.example.com    | _dmarc.example.com    | underscores are met in the wild
          a--b.example          | a--b.example          | hyphens within a label
          1.2.3.4.example       | 1.2.3.4.example       | numbers that are no last label
          4chan.org             | 4chan.org             | a label may begin with a digit
          xn--mnchen-3ya.de     | xn--mnchen-3ya.de     | an A-label stays
          XN--MNCHEN-3YA.de     | xn--mnchen-3ya.de     | an A-label in capitals
          xn--strae-oqa.de      | xn--strae-oqa.de      | an A-label of IDNA 2008 alone stays
          münchen.de            | xn--mnchen-3ya.de     | a U-label
          MÜNCHEN.DE            | xn--mnchen-3ya.de     | a U-label in capitals
          mu\\u0308nchen.de     | xn--mnchen-3ya.de     | a U-label with a combining mark
          例え.テスト            | xn--r8jz45g.xn--zckzah | U-labels in another alphabet
          10.0.0.1              | 10.0.0.1              | an IPv4 address
          10.0.0.1.             | 10.0.0.1              | an IPv4 address with a trailing dot
          [::1]                 | [::1]                 | an IPv6 address
          [2001:DB8:0:0:0:0:0:1] | [2001:db8::1]        | an IPv6 address written out
          [2001:db8:0:1:0:0:0:1] | [2001:db8:0:1::1]    | the longest run of zeroes is left out
          [2001:db8:0:0:1:0:0:1] | [2001:db8::1:0:0:1]  | the first of two equal runs
          [2001:db8:0:1:1:1:1:1] | [2001:db8:0:1:1:1:1:1] | one zero group is no run
          [fe80::]              | [fe80::]              | zeroes at the end
          [::]                  | [::]                  | nothing but zeroes
          [::ffff:10.0.0.1]     | [::ffff:10.0.0.1]     | an IPv4-mapped address is no IPv4 one
          [64:ff9b::10.0.0.1]   | [64:ff9b::a00:1]      | IPv4 within IPv6
          """)
  void validHostsHaveOneForm(String host, String normalized, String why) {
    assertThat(HostNames.normalize(unescape(host))).as(why).isEqualTo(normalized);
    assertThat(HostNames.normalize(normalized)).as("once more").isEqualTo(normalized);
  }

  @ParameterizedTest(name = "{0}: {1}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          ``                | nothing
          .                 | only a dot
          a..b              | an empty label
          .a                | an empty first label
          a..               | two trailing dots
          -a.example        | a label begins with a hyphen
          a-.example        | a label ends with a hyphen
          a b               | a space
          a%41.example      | percent-encoding
          a@b               | user information
          a/b               | a slash
          a\\b              | a backslash
          a:80              | a port is none of the name
          a,b               | a comma
          *.example         | a wildcard is no host
          1.2.3             | looks like a short IPv4 address
          1                 | looks like a number
          example.1         | the last label is a number
          256.0.0.1         | an octet too large
          01.2.3.4          | an octal octet
          0x7f.0.0.1        | a hexadecimal octet is a name, but the last label is a number
          1.2.3.0x4         | the last label is hexadecimal
          1.2.3.4.5         | five octets
          [::1              | no closing bracket
          ::1               | no brackets
          []                | nothing in brackets
          [10.0.0.1]        | IPv4 in brackets
          [fe80::1%eth0]    | a zone
          [1::2::3]         | two gaps
          [1:2:3:4:5:6:7:8:9] | nine groups
          [12345::]         | five digits
          [::1]x            | something after the bracket
          [::010.0.0.1]     | an octal octet within IPv6
          [v1.x]            | an IPvFuture
          straße.de         | IDNA 2003 and 2008 disagree about ß
          σίσυφος.gr        | ... about a final sigma
          a\\u200db.de      | ... about a joiner
          例え\\u3002テスト   | another alphabet's full stop
          a\\uff0eb         | a full-width full stop
          a\\u2024b         | a character that is mapped to a dot
          a\\uff0fb         | a character that is mapped to a slash
          a\\ufffdb         | a byte that was no UTF-8
          """)
  void anythingElseIsRefused(String host, String why) {
    assertThat(HostNames.normalize(unescape(host))).as(why).isNull();
  }

  @Test
  void anEndlessNameOfAnyAlphabetIsRefused() {
    assertThat(HostNames.normalize("a".repeat(16_000))).isNull();
    assertThat(HostNames.normalize("ü".repeat(5_000))).as("IDN.toASCII throws here").isNull();
    assertThat(HostNames.normalize("[" + "0:".repeat(8_000) + "]")).isNull();
  }

  @Test
  void lengthsAreThoseOfDns() {
    String longest = (LABEL_63 + ".").repeat(3) + "a".repeat(61);
    assertThat(longest).hasSize(253);
    assertThat(HostNames.normalize(longest)).isEqualTo(longest);
    assertThat(HostNames.normalize(longest + ".")).isEqualTo(longest);
    assertThat(HostNames.normalize(longest + "a")).isNull();
    assertThat(HostNames.normalize(LABEL_63 + ".b")).isNotNull();
    assertThat(HostNames.normalize(LABEL_63 + "a.b")).isNull();
    assertThat(HostNames.normalize("ü".repeat(64))).isNull();
  }

  @Test
  void addressesAreToldFromNames() {
    assertThat(HostNames.isAddress("10.0.0.1")).isTrue();
    assertThat(HostNames.isAddress("[::1]")).isTrue();
    assertThat(HostNames.isAddress("10.0.0.1.example")).isFalse();
  }

  private static String unescape(String text) {
    int at = text.indexOf("\\u");
    if (at < 0) {
      return text;
    }
    char c = (char) Integer.parseInt(text, at + 2, at + 6, 16);
    return text.substring(0, at) + c + text.substring(at + 6);
  }
}

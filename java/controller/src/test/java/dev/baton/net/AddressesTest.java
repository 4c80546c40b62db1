package dev.baton.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.Inet4Address;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AddressesTest {
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
  void roundTrip(String text, String hex, String why) {
    int address = Integer.parseUnsignedInt(hex, 16);
    assertThat(Addresses.toInt(Inet4Address.ofLiteral(text))).as(why).isEqualTo(address);
    assertThat(Addresses.toText(address)).as(why).isEqualTo(text);
    assertThat(Addresses.toInet(address)).as(why).isEqualTo(Inet4Address.ofLiteral(text));
  }
}

package dev.baton.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.demo.Packet.Endpoint;
import dev.baton.demo.Packet.Leg;
import dev.baton.demo.Packet.Redirect;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PcapTest {
  private static final String ETHERNET = "020000000002 020000000001 0800";

  /**
   * A SYN as the DMZ node sends it: MSS, SACK permitted, timestamps, scale, REDIRECT; 48 bytes of
   * options and header.
   */
  private static final String REDIRECT_SYN =
      ETHERNET
          + "4500 0048 0000 4000 4006 0000 0a000201 0a00020b"
          + "2711 0050 11223344 a0b0c0d0 d002 faf0 0000 c350"
          + "020405b4 0402 080a 00000001 0badcafe 030307"
          + "fe09 5244 17 0a000102";

  private static final String REDIRECT_SYN_V6 =
      "020000000002 020000000001 86dd"
          + "60000000 003c 06 40"
          + "fd000000 00000002 00000000 00000001 fd000000 00000002 00000000 0000000b"
          + "2711 0050 11223344 a0b0c0d0 f002 faf0 0000 c350"
          + "020405a0 0402 080a 00000001 0badcafe 030307"
          + "fe15 5244 17 20010db8 00000000 00000000 ffff0009";

  private static final String DATA =
      ETHERNET
          + "4500 0037 0000 4000 4006 0000 0a00020b 0a000201"
          + "0050 2711 ffffffff 11223345 8018 0100 0000 0000"
          + "0101 080a 00000005 00000001"
          + "616263";

  private static byte[] file(int magic, ByteOrder order, int link, String... frames) {
    var out = new ByteArrayOutputStream();
    ByteBuffer header = ByteBuffer.allocate(24).order(order);
    header
        .putInt(magic)
        .putShort((short) 2)
        .putShort((short) 4)
        .putInt(0)
        .putInt(0)
        .putInt(262144)
        .putInt(link);
    out.writeBytes(header.array());
    for (String frame : frames) {
      byte[] bytes = HexFormat.of().parseHex(frame.replace(" ", ""));
      ByteBuffer record = ByteBuffer.allocate(16).order(order);
      record.putInt(1700000000).putInt(123456).putInt(bytes.length).putInt(bytes.length);
      out.writeBytes(record.array());
      out.writeBytes(bytes);
    }
    return out.toByteArray();
  }

  private static List<Packet> read(String... frames) {
    return Pcap.read(file(0xa1b2c3d4, ByteOrder.LITTLE_ENDIAN, 1, frames), Leg.TARGET);
  }

  @Test
  void aSynGivesAwayTheWholeConnection() {
    assertThat(read(REDIRECT_SYN))
        .containsExactly(
            new Packet(
                Leg.TARGET,
                1700000000_123456000L,
                new Endpoint("10.0.2.1", 10001),
                new Endpoint("10.0.2.11", 80),
                0x11223344L,
                0xa0b0c0d0L,
                Packet.SYN,
                64240,
                0,
                new Redirect(1, new Endpoint("10.0.1.2", 50000), 7, 0xa0b0c0d0L, 0x0badcafeL)));
  }

  @Test
  void soDoesOneOverIpv6() {
    Packet packet = read(REDIRECT_SYN_V6).getFirst();
    assertThat(packet.source()).hasToString("[fd00:0:0:2::1]:10001");
    assertThat(packet.destination()).hasToString("[fd00:0:0:2::b]:80");
    assertThat(packet.payload()).isZero();
    assertThat(packet.redirect())
        .isEqualTo(
            new Redirect(1, new Endpoint("2001:db8::ffff:9", 50000), 7, 0xa0b0c0d0L, 0x0badcafeL));
    String other = REDIRECT_SYN_V6.replace(" ", "");
    assertThat(read(other.replace("003c0640", "003c3c40"))).as("extension header").isEmpty();
    assertThat(read(other.replace("003c0640", "003b0640"))).as("longer than all").isEmpty();
    assertThat(read(other.replace("003c0640", "00000640"))).as("super-packet").hasSize(1);
  }

  @Test
  void dataHasItsLengthAndNoRedirect() {
    Packet packet = read(DATA).getFirst();
    assertThat(packet.payload()).isEqualTo(3);
    assertThat(packet.seq()).isEqualTo(0xffffffffL);
    assertThat(packet.flagNames()).isEqualTo("PSH,ACK");
    assertThat(packet.redirect()).isNull();
  }

  @ParameterizedTest
  @CsvSource({
    "a1b2c3d4, LITTLE, 1700000000123456000",
    "a1b2c3d4, BIG, 1700000000123456000",
    "a1b23c4d, LITTLE, 1700000000000123456",
    "a1b23c4d, BIG, 1700000000000123456",
  })
  void eitherByteOrderAndEitherClock(String magic, String order, long nanos) {
    byte[] file =
        file(
            Integer.parseUnsignedInt(magic, 16),
            order.equals("BIG") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN,
            1,
            DATA);
    assertThat(Pcap.read(file, Leg.CLIENT)).singleElement().returns(nanos, Packet::nanos);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "not IPv4,                     0800450000370000, 86dd450000370000",
    "not TCP,                      40004006, 40004011",
    "a later fragment,             0000400040060000, 0000000140060000",
    "IP header shorter than 20,    08004500, 08004400",
    "TCP header shorter than 20,   80180100, 40180100",
    "TCP header longer than all,   80180100, f0180100",
  })
  void framesThatAreNoWholeSegmentAreLeftOut(String what, String from, String to) {
    String frame = DATA.replace(" ", "");
    assertThat(frame).as(what).contains(from);
    assertThat(read(frame.replace(from, to), DATA)).as(what).hasSize(1);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "another experiment,        5244, 5245",
    "a length of neither form,  fe09, fe08",
    "longer than the header,    fe09, fe15",
    "length 0,                  0402, 0400",
    "an end before it,          030307, 000307",
  })
  void optionsThatLieGiveNoRedirect(String what, String from, String to) {
    String frame = REDIRECT_SYN.replace(" ", "");
    assertThat(frame).as(what).contains(from);
    assertThat(read(frame.replace(from, to)))
        .as(what)
        .singleElement()
        .returns(null, Packet::redirect);
  }

  @Test
  void aCaptureCutAnywhereIsReadUpToThere() {
    byte[] whole = file(0xa1b2c3d4, ByteOrder.LITTLE_ENDIAN, 1, REDIRECT_SYN, DATA);
    int first = 24 + 16 + REDIRECT_SYN.replace(" ", "").length() / 2;
    for (int length = 24; length <= whole.length; length++) {
      int expected = length == whole.length ? 2 : length >= first ? 1 : 0;
      assertThat(Pcap.read(Arrays.copyOf(whole, length), Leg.CLIENT))
          .as("cut at %d", length)
          .hasSize(expected);
    }
  }

  @Test
  void whatIsNoCaptureOfEthernetIsRefused() {
    assertThatThrownBy(() -> Pcap.read(new byte[3], Leg.CLIENT))
        .hasMessageContaining("only 3 bytes");
    assertThatThrownBy(() -> Pcap.read(new byte[24], Leg.CLIENT))
        .hasMessageContaining("0x00000000");
    assertThatThrownBy(() -> Pcap.read(file(0xa1b2c3d4, ByteOrder.BIG_ENDIAN, 113), Leg.CLIENT))
        .hasMessageContaining("link type 113");
  }
}

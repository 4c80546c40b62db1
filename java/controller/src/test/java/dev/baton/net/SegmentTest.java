package dev.baton.net;

import static dev.baton.net.Packets.hex;
import static dev.baton.net.Packets.i32;
import static dev.baton.net.Packets.u16;
import static dev.baton.net.Packets.u8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.address.Ip;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SegmentTest {
  private static final Ip OWN = new Ip().setV4(0x0a000201);
  private static final Ip TARGET = new Ip().setV4(0x0a000301);
  private static final Ip CLIENT = new Ip().setV4(0xcb007109);
  private static final Ip OWN_V6 = Ip.of(InetAddress.ofLiteral("fd00:0:0:2::1"));
  private static final Ip TARGET_V6 = Ip.of(InetAddress.ofLiteral("fd00:0:0:2::b"));
  private static final Ip CLIENT_V6 = Ip.of(InetAddress.ofLiteral("2001:db8::ffff:9"));
  private static final Ip ONES = new Ip().setV4(-1);
  private static final int OPTIONS = 40;
  private static final int ACK_NUMBER = 28;
  private static final int FLAGS = 33;
  private static final int URGENT = 38;

  private static Segment syn() {
    return new Segment()
        .between(OWN, 10_000, TARGET, 8080)
        .sequence(0x11223344)
        .acknowledgment(0xaabbccdd)
        .flags(Segment.SYN | Segment.ECE | Segment.CWR)
        .window(0xfaf0)
        .urgentPointer(54_321)
        .mss(1460)
        .windowScale(7)
        .sackPermitted(true)
        .timestamps(0x01020304, 0xf1f2f3f4)
        .redirect(CLIENT, 9);
  }

  private static byte[] written(Segment segment, byte[] payload) {
    try (Arena arena = Arena.ofConfined()) {
      // Rubbish underneath: each byte of the packet must have been written.
      MemorySegment out = arena.allocate(Segment.MAX_HEADER + payload.length);
      out.fill((byte) 0xa5);
      MemorySegment from = arena.allocate(payload.length + 3L);
      MemorySegment.copy(
          payload, 0, from, java.lang.foreign.ValueLayout.JAVA_BYTE, 3, payload.length);
      return Packets.bytes(out, segment.write(out, from, 3, payload.length));
    }
  }

  private static byte[] written(Segment segment) {
    return written(segment, new byte[0]);
  }

  /** The bytes, checksums included, were computed by other code than ours. */
  @Test
  void synWithAllOptionsByteForByte() {
    byte[] packet = written(syn());
    assertThat(packet)
        .isEqualTo(
            hex(
                """
                45000044 00004000 400621b3 0a000201 0a000301
                2710 1f90 11223344 aabbccdd c0c2 faf0 be1d d431
                020405b4 030307 0402 080a 01020304 f1f2f3f4
                fe09 5244 19 cb007109
                """));
    assertThat(Packets.ipResidue(packet)).as("IPv4 checksum").isZero();
    assertThat(Packets.tcpResidue(packet)).as("TCP checksum").isZero();
  }

  /** The longest form fills the forty bytes of options exactly. */
  @Test
  void synWithAllOptionsOverIpv6ByteForByte() {
    Segment syn = syn().between(OWN_V6, 10_000, TARGET_V6, 8080).redirect(CLIENT_V6, 9);
    assertThat(written(syn))
        .isEqualTo(
            hex(
                """
                60000000 003c0640 fd000000 00000002 00000000 00000001 fd000000 00000002
                00000000 0000000b 27101f90 11223344 aabbccdd f0c2faf0 af49d431 020405b4
                03030704 02080a01 020304f1 f2f3f4fe 15524419 20010db8 00000000 00000000
                ffff0009
                """));
  }

  @Test
  void dataSegmentOverIpv6ByteForByte() {
    byte[] packet =
        written(
            new Segment()
                .between(OWN_V6, 32_767, TARGET_V6, 80)
                .sequence(0xfffffff0)
                .acknowledgment(0x80000001)
                .flags(Segment.ACK | Segment.PSH)
                .window(65_535)
                .timestamps(-1, 1),
            "GET /\r\n".getBytes(StandardCharsets.US_ASCII));
    assertThat(packet)
        .isEqualTo(
            hex(
                """
                60000000 00270640 fd000000 00000002 00000000 00000001 fd000000 00000002
                00000000 0000000b 7fff0050 fffffff0 80000001 8018ffff a7e70000 0101080a
                ffffffff 00000001 47455420 2f0d0a
                """));
  }

  @Test
  void dataSegmentWithTimestampsAndOddPayloadByteForByte() {
    byte[] packet =
        written(
            new Segment()
                .between(OWN, 32_767, TARGET, 80)
                .sequence(0xfffffff0)
                .acknowledgment(0x80000001)
                .flags(Segment.ACK | Segment.PSH)
                .window(65_535)
                .timestamps(-1, 1),
            "GET /\r\n".getBytes(StandardCharsets.US_ASCII));
    assertThat(packet)
        .isEqualTo(
            hex(
                """
                4500003b 00004000 400621bc 0a000201 0a000301
                7fff 0050 fffffff0 80000001 8018 ffff 88f7 0000
                0101 080a ffffffff 00000001
                47 45 54 20 2f 0d 0a
                """));
  }

  @Test
  void resetWithoutOptionsByteForByte() {
    byte[] packet =
        written(
            new Segment()
                .between(new Ip().setV4(0xc0a8fffe), 80, CLIENT, 1)
                .sequence(1)
                .flags(Segment.RST));
    assertThat(packet)
        .isEqualTo(
            hex(
                """
                45000028 00004000 40063e1f c0a8fffe cb007109
                0050 0001 00000001 00000000 5004 0000 b2dd 0000
                """));
  }

  /**
   * DESIGN section 4: fields that a SYN leaves unused, with the flags that would use them clear.
   */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 0x7fffffff, 0x80000000, -1})
  void headerFieldsCarryTheConnection(int number) {
    int port = number & 0xffff;
    byte[] packet = written(syn().acknowledgment(number).urgentPointer(port).timestamps(5, number));
    assertThat(i32(packet, ACK_NUMBER)).as("snd_nxt towards the client").isEqualTo(number);
    assertThat(u16(packet, URGENT)).as("the client's port").isEqualTo(port);
    assertThat(i32(packet, OPTIONS + 15)).as("TSecr: our clock for the client").isEqualTo(number);
    assertThat(u8(packet, FLAGS) & Segment.ACK).as("ACK flag").isZero();
    assertThat(u8(packet, FLAGS) & 32).as("URG flag").isZero();
    assertThat(Packets.tcpResidue(packet)).isZero();
  }

  @ParameterizedTest(name = "scale {0}: {2}")
  @CsvSource({
    "0,  10, a scale of zero is a scale",
    "7,  17, the usual one",
    "14, 1e, the largest there is",
    "15, 1f, the client leg has no window scaling"
  })
  void redirectOption(int scale, String versionAndScale, String why) {
    byte[] packet =
        written(
            new Segment().between(OWN, 1, TARGET, 2).flags(Segment.SYN).redirect(CLIENT, scale));
    byte[] option = Arrays.copyOfRange(packet, OPTIONS, packet.length);
    assertThat(option).as(why).isEqualTo(hex("fe 09 5244" + versionAndScale + "cb007109 000000"));
  }

  /** All 32 combinations of a SYN's options over IPv6: what TCP has room for is enough. */
  @Test
  void optionsFitOverIpv6Too() {
    for (int set = 0; set < 32; set++) {
      Segment segment =
          new Segment().between(OWN_V6, 1, TARGET_V6, 2).flags(Segment.SYN).mss(set & 1);
      segment.windowScale((set & 2) != 0 ? 14 : -1).sackPermitted((set & 4) != 0);
      if ((set & 8) != 0) {
        segment.timestamps(1, 2);
      }
      if ((set & 16) != 0) {
        segment.redirect(CLIENT_V6, 15);
      }
      byte[] packet = written(segment);
      assertThat(packet.length).as("options %d", set).isBetween(60, 100);
      assertThat(u16(packet, 4)).as("payload length").isEqualTo(packet.length - 40);
      assertThat(u8(packet, 52) >> 4).as("data offset").isEqualTo((packet.length - 40) / 4);
      assertThat(Packets.tcpResidueV6(packet)).isZero();
    }
  }

  /** All 32 combinations of a SYN's options. */
  @Test
  void optionsAreAlwaysPaddedToWords() {
    for (int set = 0; set < 32; set++) {
      Segment segment = new Segment().between(OWN, 1, TARGET, 2).flags(Segment.SYN);
      int length = 0;
      if ((set & 1) != 0) {
        segment.mss(65_535);
        length += 4;
      }
      if ((set & 2) != 0) {
        segment.windowScale(0);
        length += 3;
      }
      if ((set & 4) != 0) {
        segment.sackPermitted(true);
        length += 2;
      }
      if ((set & 8) != 0) {
        segment.timestamps(1, 2);
        length += 10;
      }
      if ((set & 16) != 0) {
        segment.redirect(CLIENT, 15);
        length += 9;
      }
      byte[] packet = written(segment);
      int padded = (length + 3) / 4 * 4;
      assertThat(packet).as("options %d", set).hasSize(40 + padded);
      assertThat(u16(packet, 2)).as("total length").isEqualTo(40 + padded);
      assertThat(u8(packet, 32) >> 4).as("data offset").isEqualTo(5 + padded / 4);
      for (int at = OPTIONS + length; at < packet.length; at++) {
        assertThat(packet[at]).as("end of options").isZero();
      }
      assertThat(Packets.ipResidue(packet)).isZero();
      assertThat(Packets.tcpResidue(packet)).isZero();
    }
  }

  @Test
  void withoutSynOnlyTimestampsAreWritten() {
    byte[] packet = written(syn().flags(Segment.ACK));
    assertThat(Arrays.copyOfRange(packet, OPTIONS, packet.length))
        .isEqualTo(hex("0101 080a 01020304 f1f2f3f4"));
    assertThat(u8(packet, 32) >> 4).isEqualTo(8);
  }

  @ParameterizedTest(name = "{0} bytes: {1}")
  @CsvSource({
    "1,     less than a word",
    "2,     a word",
    "3,     a word and a byte",
    "1447,  odd and a full segment with timestamps",
    "1460,  a full segment",
    "9164,  a jumbo frame: the most that a raw socket here is asked to carry",
    "65483, the most that IPv4's length can say"
  })
  void payloadsOfAllSizes(int size, String why) {
    byte[] payload = new byte[size];
    Arrays.fill(payload, (byte) 0xff);
    Segment segment =
        new Segment().between(ONES, 0xffff, ONES, 0xffff).flags(Segment.ACK).timestamps(-1, -1);
    byte[] packet = written(segment.sequence(-1).acknowledgment(-1).window(0xffff), payload);
    assertThat(packet).as(why).hasSize(52 + size).endsWith(payload);
    assertThat(u16(packet, 2)).as("total length").isEqualTo(52 + size);
    assertThat(Packets.ipResidue(packet)).isZero();
    assertThat(Packets.tcpResidue(packet)).isZero();
  }

  @Test
  void clearedSegmentKeepsAddressesOnly() {
    byte[] packet = written(syn().clear().flags(Segment.SYN));
    byte[] fresh = written(new Segment().between(OWN, 10_000, TARGET, 8080).flags(Segment.SYN));
    assertThat(packet).isEqualTo(fresh);
    assertThat(syn().destination()).isEqualTo(TARGET);
  }
}

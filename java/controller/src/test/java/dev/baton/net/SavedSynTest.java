package dev.baton.net;

import static dev.baton.net.Packets.hex;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SavedSynTest {
  private static final String IPV4 = "0000 0000 4000 4006 0000 0a000101 0a000102";
  private static final String IPV6 = "60000000 0028 06 40" + "20010db8".repeat(8);
  private static final String TCP = "d431 0050 11223344 00000000";
  private static final String AFTER_FLAGS = "02 faf0 0000 0000";

  /** A TCP header whose data offset fits the options. */
  private static String tcp(String options) {
    return tcp(options, 5 + hex(options).length / 4);
  }

  private static String tcp(String options, int words) {
    return TCP + "%x0".formatted(words) + AFTER_FLAGS + options;
  }

  private static String ipv4(int words) {
    return "%02x00".formatted(0x40 | words) + IPV4 + "01".repeat(4 * (words - 5));
  }

  private static int mss(byte[] packet) {
    return SavedSyn.mss(MemorySegment.ofArray(packet), packet.length);
  }

  private static int mss(String packet) {
    return mss(hex(packet));
  }

  @ParameterizedTest(name = "{0}: {2}")
  @CsvSource({
    "020405b4,                                 1460,  alone",
    "0204ffff,                                 65535, the largest is not negative",
    "02040001,                                 1,     the smallest",
    "020405b40402080a0000000100000000 01030307, 1460, as Linux orders them",
    "01010101020405b4,                         1460,  after NOPs",
    "0402080a0000000100000000020405b401030307, 1460,  after others",
    "fe095244 17 cb007109 020405b4 000000,     1460,  after a kind above 127",
    "020405b4 02040200,                        1460,  the first counts",
    "'',                                       0,     no options",
    "01030307,                                 0,     other options only",
    "01010101,                                 0,     NOPs only",
    "00000000 020405b4,                        0,     nothing counts after the end of options",
    "02020000,                                 0,     an MSS without a value",
    "020305b4,                                 0,     an MSS of one byte",
    "02 06 05b4 0000 0000,                     0,     an MSS of four bytes",
    "0200 05b4,                                0,     a length of zero would never end",
    "0301 020405b4 0000,                       0,     a length of one counts itself twice",
    "030a0000 020405b4,                        0,     a length that reaches beyond the header",
    "01010102,                                 0,     a kind without a length",
    "01010204,                                 0,     an MSS cut off by the header's end"
  })
  void options(String options, int mss, String why) {
    String head = tcp(options);
    assertThat(mss(ipv4(5) + head)).as("IPv4: " + why).isEqualTo(mss);
    assertThat(mss(ipv4(15) + head)).as("IPv4 with 40 bytes of options: " + why).isEqualTo(mss);
    assertThat(mss(IPV6 + head)).as("IPv6: " + why).isEqualTo(mss);
  }

  @ParameterizedTest(name = "{0} words: {1}")
  @CsvSource({
    "5, 0,    the header ends before the option",
    "6, 1460, the header holds the option",
    "7, 1460, a header said to be longer than what is there",
    "0, 0,    a header said to be shorter than a header",
    "4, 0,    a header said to be shorter than a header by a word",
    "15, 1460, the longest header there is"
  })
  void lyingDataOffset(int words, int mss, String why) {
    assertThat(mss(ipv4(5) + tcp("020405b4", words))).as(why).isEqualTo(mss);
  }

  /** Never reads beyond what the kernel wrote, and never finds half an option. */
  @Test
  void truncatedAtEachByte() {
    for (String ip : new String[] {ipv4(5), ipv4(6), ipv4(15), IPV6}) {
      byte[] whole = hex(ip + tcp("01010101 020405b4 01030307"));
      int found = hex(ip).length + 20 + 8;
      for (int length = 0; length <= whole.length; length++) {
        assertThat(mss(Arrays.copyOf(whole, length)))
            .as("%d of %d bytes", length, whole.length)
            .isEqualTo(length >= found ? 1460 : 0);
      }
    }
  }

  /** What lies behind the written bytes is left over from an earlier connection. */
  @Test
  void bytesBehindTheLengthDoNotCount() {
    byte[] whole = hex(ipv4(5) + tcp("01010101 020405b4"));
    MemorySegment segment = MemorySegment.ofArray(Arrays.copyOf(whole, 256));
    assertThat(SavedSyn.mss(segment, whole.length)).isEqualTo(1460);
    assertThat(SavedSyn.mss(segment, whole.length - 1)).isZero();
    assertThat(SavedSyn.mss(segment, 40)).isZero();
    assertThat(SavedSyn.mss(segment, 0)).isZero();
    assertThat(SavedSyn.mss(segment, -1)).isZero();
  }

  /** Where extension headers stand in front, the kernel's own knowledge of the MSS must do. */
  @Test
  void extensionHeadersAreNoTcpHeader() {
    byte[] syn = hex(IPV6 + tcp("020405b4"));
    assertThat(mss(syn)).isEqualTo(1460);
    syn[6] = 60; // destination options
    assertThat(mss(syn)).isZero();
  }

  @ParameterizedTest(name = "{0}{1}: {3}")
  @CsvSource({
    "50, 02, false, no ECN",
    "50, c2, false, ECN as in RFC 3168",
    "51, c2, true,  accurate ECN: AE, CWR and ECE",
    "5e, c2, false, reserved bits"
  })
  void accurateEcnIsAskedForByAe(String offset, String flags, boolean accurate, String why) {
    String head = TCP + offset + flags + "faf0 0000 0000";
    for (String ip : new String[] {ipv4(5), ipv4(15), IPV6}) {
      byte[] syn = hex(ip + head);
      assertThat(SavedSyn.asksForAccurateEcn(MemorySegment.ofArray(syn), syn.length))
          .as(why)
          .isEqualTo(accurate);
      assertThat(SavedSyn.asksForAccurateEcn(MemorySegment.ofArray(syn), syn.length - 1))
          .as("half a header")
          .isFalse();
    }
  }
}

package dev.baton.net;

import static dev.baton.net.Packets.hex;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.address.Ip;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChecksumTest {
  private static int checksum(byte[] bytes) {
    return checksum(bytes, 0);
  }

  /** Placed at an odd offset too: nothing may rely on alignment. */
  private static int checksum(byte[] bytes, int offset) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment segment = arena.allocate(bytes.length + offset + 8L, 8);
      segment.fill((byte) 0x77);
      MemorySegment.copy(bytes, 0, segment, ValueLayout.JAVA_BYTE, offset, bytes.length);
      return Checksum.fold(Checksum.add(0, segment, offset, bytes.length)) & 0xffff;
    }
  }

  @ParameterizedTest(name = "{0}: {2}")
  @CsvSource({
    "0001f203f4f5f6f7,  220d, the example of RFC 1071 section 3 (sum ddf2)",
    "'',                ffff, nothing",
    "00,                ffff, a zero byte adds nothing",
    "01,                feff, one odd byte is the high half of a word",
    "0102,              fefd, one word",
    "010203,            fbfd, a word and an odd byte",
    "0102030405,        f6f9, a long word and an odd byte",
    "01020304050607,    eff3, three odd bytes after a long word",
    "ffff,              0000, all ones is minus zero",
    "ffffffff,          0000, ... and stays so however long",
    "fffffffffffe,      0001, ... and one less is one",
    "ff,                00ff, an odd byte of ones",
    "80008000,          fffe, the carry comes round"
  })
  void knownSums(String bytes, String checksum, String why) {
    assertThat(checksum(hex(bytes))).as(why).isEqualTo(Integer.parseInt(checksum, 16));
  }

  @Test
  void everyLengthAgreesWithTheSlowWay() {
    Random random = new Random(1071);
    for (int length = 0; length < 300; length++) {
      byte[] bytes = new byte[length];
      random.nextBytes(bytes);
      assertThat(checksum(bytes, length % 7))
          .as("%d bytes", length)
          .isEqualTo(Packets.checksum(bytes, 0, length, 0));
    }
  }

  @Test
  void onesDoNotOverflow() {
    byte[] ones = new byte[1 << 20];
    Arrays.fill(ones, (byte) 0xff);
    assertThat(checksum(ones)).isZero();
    assertThat(checksum(Arrays.copyOf(ones, ones.length - 1))).isEqualTo(0x00ff);
  }

  @Test
  void foldTakesEverySumThatCanCome() {
    assertThat(Checksum.fold(0)).isEqualTo((short) 0xffff);
    assertThat(Checksum.fold(0xffffL)).isZero();
    assertThat(Checksum.fold(0x1_0000L)).isEqualTo((short) ~1);
    assertThat(Checksum.fold(0xffff_ffffL)).isZero();
    assertThat(Checksum.fold(0x1_ffff_fffeL)).isZero();
    assertThat(Checksum.fold(Long.MAX_VALUE)).isEqualTo((short) ~0x7fff);
  }

  @Test
  void sumGoesOnOverSeveralPieces() {
    byte[] bytes = hex("0102030405060708090a0b");
    MemorySegment all = MemorySegment.ofArray(bytes);
    long sum = Checksum.add(Checksum.add(0, all, 0, 6), all, 6, 5);
    assertThat(Checksum.fold(sum) & 0xffff).isEqualTo(checksum(bytes));
  }

  @Test
  void pseudoHeaderIsThatOfRfc9293() {
    byte[] pseudo = hex("c0a8fffe cb007109 00 06 ffff");
    Ip source = new Ip().setV4(0xc0a8fffe);
    Ip destination = new Ip().setV4(0xcb007109);
    assertThat(Checksum.fold(Checksum.pseudoHeader(source, destination, 0xffff)) & 0xffff)
        .isEqualTo(Packets.checksum(pseudo, 0, pseudo.length, 0));
  }

  @Test
  void pseudoHeaderIsThatOfRfc8200() {
    byte[] pseudo =
        hex(
            "fd00ffff 80000000 fffffffe 00000001 20010db8 ffffffff ffffffff ffffffff"
                + "0000ffff 000000 06");
    Ip source = new Ip().set(0xfd00ffff_80000000L, 0xfffffffe_00000001L);
    Ip destination = new Ip().set(0x20010db8_ffffffffL, -1);
    assertThat(Checksum.fold(Checksum.pseudoHeader(source, destination, 0xffff)) & 0xffff)
        .isEqualTo(Packets.checksum(pseudo, 0, pseudo.length, 0));
  }
}

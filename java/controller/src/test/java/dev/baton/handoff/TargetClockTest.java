package dev.baton.handoff;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.address.Ip;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TargetClockTest {
  private static final byte[] SECRET = HexFormat.of().parseHex("000102030405060708090a0b0c0d0e0f");
  private static final long KEY0 = 0x0706050403020100L;
  private static final long KEY1 = 0x0f0e0d0c0b0a0908L;
  private static final int OWN_V4 = 0x0a000201;
  private static final Ip OWN = new Ip().setV4(OWN_V4);
  private static final int TARGET_V4 = 0xc0a80301;
  private static final Ip TARGET = new Ip().setV4(TARGET_V4);
  private static final long SEQUENCE_NANOS = 4_000;

  private final TargetClock clock = new TargetClock(SECRET);

  /**
   * The vector for 16 bytes 00 to 0f of the reference implementation (vectors.h, db9bc2577fcc2a3f
   * in the order of the bytes), which OpenSSL's SIPHASH gives too.
   */
  @Test
  void sipHashGivesTheReferenceVector() {
    assertThat(TargetClock.sipHash(KEY0, KEY1, new long[] {KEY0, KEY1}, 2))
        .isEqualTo(0x3f2acc7f57c29bdbL);
  }

  @Test
  void sipHashAgreesWithAnotherImplementation() {
    assertThat(SipHash.of(KEY0, KEY1, HexFormat.of().parseHex("000102030405060708090a0b0c0d0e")))
        .as("the other one, against the example of the paper's appendix A")
        .isEqualTo(0xa129ca6149be45e5L);
    Random random = new Random(24);
    for (int i = 0; i < 1000; i++) {
      long k0 = random.nextLong();
      long k1 = random.nextLong();
      long word0 = random.nextLong();
      long word1 = random.nextLong();
      assertThat(TargetClock.sipHash(k0, k1, new long[] {word0, word1, 7}, 2))
          .isEqualTo(SipHash.of(k0, k1, SipHash.bytes(word0, word1)));
    }
  }

  /** RFC 6528: a timer of 4 microseconds and a keyed hash of the tuple. */
  @Test
  void initialSequenceIsTimerAndHash() {
    long ports = 0xfde8_1f90L;
    int hash =
        (int)
            SipHash.of(
                KEY0, KEY1, SipHash.bytes(0, 0xffff_0a00_0201L, 0, 0xffff_c0a8_0301L, ports));
    assertThat(clock.initialSequence(OWN, 0xfde8, TARGET, 0x1f90, 0)).isEqualTo(hash);
    assertThat(clock.initialSequence(OWN, 0xfde8, TARGET, 0x1f90, 40_000)).isEqualTo(hash + 10);
  }

  @Test
  void initialSequenceGoesForwardThroughItsWrap() {
    long step = 1_000_000_000L;
    int before = clock.initialSequence(OWN, 1, TARGET, 80, 0);
    boolean wrapped = false;
    long turn = SEQUENCE_NANOS << 32;
    for (long now = step; now < turn; now += step) {
      int next = clock.initialSequence(OWN, 1, TARGET, 80, now);
      assertThat(next - before).as("after %d ns", now).isEqualTo(250_000);
      wrapped |= Integer.compareUnsigned(next, before) < 0;
      before = next;
    }
    assertThat(wrapped).as("went once round").isTrue();
    assertThat(clock.initialSequence(OWN, 1, TARGET, 80, turn))
        .isEqualTo(clock.initialSequence(OWN, 1, TARGET, 80, 0));
  }

  @Test
  void initialSequenceDiffersWithEachPartOfTheTuple() {
    int[][] tuples = {
      {OWN_V4, 10_000, TARGET_V4, 80},
      {OWN_V4 + 1, 10_000, TARGET_V4, 80},
      {OWN_V4, 10_001, TARGET_V4, 80},
      {OWN_V4, 10_000, TARGET_V4 + 1, 80},
      {OWN_V4, 10_000, TARGET_V4, 81},
      {TARGET_V4, 10_000, OWN_V4, 80},
      {OWN_V4, 80, TARGET_V4, 10_000},
    };
    Set<Integer> seen = new HashSet<>();
    for (int[] t : tuples) {
      Ip own = new Ip().setV4(t[0]);
      Ip target = new Ip().setV4(t[2]);
      assertThat(seen.add(clock.initialSequence(own, t[1], target, t[3], 5))).isTrue();
    }
    // Each bit of an IPv6 address counts.
    for (int bit = 0; bit < 128; bit++) {
      Ip own = new Ip().set(bit < 64 ? 1L << bit : 0, bit < 64 ? 0 : 1L << (bit - 64));
      assertThat(seen.add(clock.initialSequence(own, 10_000, TARGET, 80, 5))).isTrue();
      assertThat(seen.add(clock.initialSequence(OWN, 10_000, own, 80, 5))).isTrue();
      assertThat(seen.add(clock.clockAdd(own))).isTrue();
    }
  }

  @Test
  void timestampCountsMillisecondsForEachTarget() {
    int at0 = clock.timestamp(TARGET, 0);
    assertThat(at0).isEqualTo(clock.clockAdd(TARGET));
    assertThat(clock.timestamp(TARGET, 999_999)).isEqualTo(at0);
    assertThat(clock.timestamp(TARGET, 1_000_000)).isEqualTo(at0 + 1);
    assertThat(clock.clockAdd(new Ip().setV4(TARGET_V4 + 1))).isNotEqualTo(clock.clockAdd(TARGET));
  }

  @Test
  void timestampGoesForwardThroughItsWrap() {
    long turn = 1_000_000L << 32;
    long step = turn / 5000;
    int before = clock.timestamp(TARGET, 0);
    for (long now = step; now <= turn; now += step) {
      int next = clock.timestamp(TARGET, now);
      assertThat(next - before).as("after %d ns", now).isPositive();
      before = next;
    }
    assertThat(clock.timestamp(TARGET, turn)).isEqualTo(clock.timestamp(TARGET, 0));
  }

  @Test
  void numbersOutliveAControllerAndDependOnTheSecret() {
    TargetClock again = new TargetClock(SECRET.clone());
    assertThat(again.initialSequence(OWN, 1, TARGET, 2, 3))
        .isEqualTo(clock.initialSequence(OWN, 1, TARGET, 2, 3));
    assertThat(again.clockAdd(TARGET)).isEqualTo(clock.clockAdd(TARGET));
    for (int i = 0; i < SECRET.length; i++) {
      byte[] other = SECRET.clone();
      other[i] ^= 1;
      TargetClock different = new TargetClock(other);
      assertThat(different.initialSequence(OWN, 1, TARGET, 2, 3))
          .as("byte %d of the secret", i)
          .isNotEqualTo(clock.initialSequence(OWN, 1, TARGET, 2, 3));
      assertThat(different.clockAdd(TARGET)).isNotEqualTo(clock.clockAdd(TARGET));
    }
  }
}

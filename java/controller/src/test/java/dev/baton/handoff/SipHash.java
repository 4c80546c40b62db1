package dev.baton.handoff;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * SipHash-2-4 written from the paper (Aumasson, Bernstein, section 2) for messages of any length
 * and with no thought of speed: what {@link TargetClock} is compared with.
 */
final class SipHash {
  private static final BigInteger WORD = BigInteger.ONE.shiftLeft(64);

  private long v0;
  private long v1;
  private long v2;
  private long v3;

  private SipHash(long k0, long k1) {
    byte[] constant =
        "somepseudorandomlygeneratedbytes".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    ByteBuffer words = ByteBuffer.wrap(constant).order(ByteOrder.BIG_ENDIAN);
    v0 = k0 ^ words.getLong();
    v1 = k1 ^ words.getLong();
    v2 = k0 ^ words.getLong();
    v3 = k1 ^ words.getLong();
  }

  static byte[] bytes(long... words) {
    ByteBuffer bytes = ByteBuffer.allocate(8 * words.length).order(ByteOrder.LITTLE_ENDIAN);
    for (long word : words) {
      bytes.putLong(word);
    }
    return bytes.array();
  }

  static long of(long k0, long k1, byte[] message) {
    SipHash hash = new SipHash(k0, k1);
    byte[] padded = Arrays.copyOf(message, message.length / 8 * 8 + 8);
    padded[padded.length - 1] = (byte) message.length;
    ByteBuffer words = ByteBuffer.wrap(padded).order(ByteOrder.LITTLE_ENDIAN);
    while (words.hasRemaining()) {
      long word = words.getLong();
      hash.v3 ^= word;
      hash.round();
      hash.round();
      hash.v0 ^= word;
    }
    hash.v2 ^= 0xff;
    for (int i = 0; i < 4; i++) {
      hash.round();
    }
    return hash.v0 ^ hash.v1 ^ hash.v2 ^ hash.v3;
  }

  /** Figure 2.1: the left half, the right half, and then crosswise. */
  private void round() {
    v0 = sum(v0, v1);
    v1 = v0 ^ rotate(v1, 13);
    v0 = rotate(v0, 32);
    v2 = sum(v2, v3);
    v3 = v2 ^ rotate(v3, 16);
    v2 = sum(v2, v1);
    v1 = v2 ^ rotate(v1, 17);
    v2 = rotate(v2, 32);
    v0 = sum(v0, v3);
    v3 = v0 ^ rotate(v3, 21);
  }

  private static long sum(long a, long b) {
    BigInteger sum = unsigned(a).add(unsigned(b));
    return sum.mod(WORD).longValue();
  }

  private static long rotate(long word, int bits) {
    return word << bits | word >>> (64 - bits);
  }

  private static BigInteger unsigned(long word) {
    return new BigInteger(1, ByteBuffer.allocate(8).putLong(word).array());
  }
}

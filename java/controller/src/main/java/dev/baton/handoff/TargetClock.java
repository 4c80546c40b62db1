package dev.baton.handoff;

import dev.baton.address.Ip;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The DMZ node's own numbers on the target leg: initial sequence numbers as RFC 6528 makes them,
 * and for each target address a timestamp clock that only goes forward. Both are functions of the
 * monotonic clock and of a secret that outlives controllers, so a port can be used again while the
 * target still holds the old connection in TIME-WAIT. For one thread.
 */
final class TargetClock {
  private static final long NANOS_PER_SEQUENCE = 4_000;
  private static final long NANOS_PER_MILLI = 1_000_000;

  private final long key0;
  private final long key1;
  private final long[] words = new long[5];

  /** With 16 secret bytes. */
  TargetClock(byte[] secret) {
    ByteBuffer bytes = ByteBuffer.wrap(secret).order(ByteOrder.LITTLE_ENDIAN);
    key0 = bytes.getLong();
    key1 = bytes.getLong();
  }

  /** The initial sequence number for a connection begun now (RFC 6528 3). */
  int initialSequence(Ip source, int sourcePort, Ip target, int targetPort, long nanos) {
    words[0] = source.high();
    words[1] = source.low();
    words[2] = target.high();
    words[3] = target.low();
    words[4] = (long) sourcePort << 16 | targetPort;
    return (int) (nanos / NANOS_PER_SEQUENCE) + (int) sipHash(key0, key1, words, 5);
  }

  /** What is added to the monotonic clock's milliseconds for this target's timestamps. */
  int clockAdd(Ip target) {
    words[0] = target.high();
    words[1] = target.low();
    return (int) sipHash(key1, key0, words, 2);
  }

  /** The timestamp that this target is sent now (RFC 7323 5.4: 1 ms a tick). */
  int timestamp(Ip target, long nanos) {
    return (int) (nanos / NANOS_PER_MILLI) + clockAdd(target);
  }

  /** SipHash-2-4 of the first words (Aumasson, Bernstein: "SipHash: a fast short-input PRF"). */
  static long sipHash(long k0, long k1, long[] words, int count) {
    long[] v = {
      k0 ^ 0x736f6d6570736575L,
      k1 ^ 0x646f72616e646f6dL,
      k0 ^ 0x6c7967656e657261L,
      k1 ^ 0x7465646279746573L
    };
    for (int i = 0; i < count; i++) {
      compress(v, words[i], 2);
    }
    compress(v, ((long) count * Long.BYTES) << 56, 2);
    v[2] ^= 0xff;
    compress(v, 0, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
  }

  private static void compress(long[] v, long word, int rounds) {
    v[3] ^= word;
    for (int i = 0; i < rounds; i++) {
      v[0] += v[1];
      v[2] += v[3];
      v[1] = Long.rotateLeft(v[1], 13) ^ v[0];
      v[3] = Long.rotateLeft(v[3], 16) ^ v[2];
      v[0] = Long.rotateLeft(v[0], 32);
      v[2] += v[1];
      v[0] += v[3];
      v[1] = Long.rotateLeft(v[1], 17) ^ v[2];
      v[3] = Long.rotateLeft(v[3], 21) ^ v[0];
      v[2] = Long.rotateLeft(v[2], 32);
    }
    v[0] ^= word;
  }
}

package dev.baton.handoff;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The DMZ node's own numbers on the target leg: initial sequence numbers as RFC 6528 makes them,
 * and for each target address a timestamp clock that only goes forward. Both are functions of the
 * monotonic clock and of a secret that outlives controllers, so a port can be used again while the
 * target still holds the old connection in TIME-WAIT.
 */
final class TargetClock {
  private static final long NANOS_PER_SEQUENCE = 4_000;
  private static final long NANOS_PER_MILLI = 1_000_000;

  private final long key0;
  private final long key1;

  /** With 16 secret bytes. */
  TargetClock(byte[] secret) {
    ByteBuffer bytes = ByteBuffer.wrap(secret).order(ByteOrder.LITTLE_ENDIAN);
    key0 = bytes.getLong();
    key1 = bytes.getLong();
  }

  /** The initial sequence number for a connection begun now (RFC 6528 3). */
  int initialSequence(int source, int sourcePort, int target, int targetPort, long nanos) {
    long addresses = (long) source << 32 | Integer.toUnsignedLong(target);
    long ports = (long) sourcePort << 16 | targetPort;
    return (int) (nanos / NANOS_PER_SEQUENCE) + (int) sipHash(key0, key1, addresses, ports);
  }

  /** What is added to the monotonic clock's milliseconds for this target's timestamps. */
  int clockAdd(int target) {
    return (int) sipHash(key1, key0, Integer.toUnsignedLong(target), -1);
  }

  /** The timestamp that this target is sent now (RFC 7323 5.4: 1 ms a tick). */
  int timestamp(int target, long nanos) {
    return (int) (nanos / NANOS_PER_MILLI) + clockAdd(target);
  }

  /** SipHash-2-4 of two words (Aumasson, Bernstein: "SipHash: a fast short-input PRF"). */
  static long sipHash(long k0, long k1, long word0, long word1) {
    long[] v = {
      k0 ^ 0x736f6d6570736575L,
      k1 ^ 0x646f72616e646f6dL,
      k0 ^ 0x6c7967656e657261L,
      k1 ^ 0x7465646279746573L
    };
    compress(v, word0, 2);
    compress(v, word1, 2);
    compress(v, 16L << 56, 2);
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

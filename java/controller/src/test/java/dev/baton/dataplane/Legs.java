package dev.baton.dataplane;

import dev.baton.bindings.flow.Baton;
import dev.baton.dataplane.Endpoint.Segment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;

/**
 * How what two endpoints say looks on either leg: each has numbers of its own, drawn at random and
 * often about to wrap, and the two entries say what lies between them.
 */
final class Legs {
  final boolean timestamps;
  final Entry toTarget = Entry.toTarget();
  final Entry toClient = Entry.toClient();

  // Where offset 0 and time 0 lie in the numbers of each leg: what goes up, what goes down.
  private final Random random;
  private final int upAtClient;
  private final int upAtTarget;
  private final int downAtClient;
  private final int downAtTarget;
  private final int clientClock;
  private final int targetClock;
  private final int ownClock;
  private final int clientShift;
  private final int targetShift;

  /** Added to the client's TSval; the program sets it when it sees the first. */
  private int learned;

  private boolean hasLearned;

  Legs(Random random) {
    this.random = random;
    upAtClient = number();
    upAtTarget = number();
    downAtClient = number();
    downAtTarget = number();
    timestamps = random.nextInt(4) > 0;
    clientClock = number();
    targetClock = number();
    ownClock = number();
    clientShift = random.nextInt(29) - 14;
    targetShift = random.nextInt(29) - 14;
    int options = timestamps ? Baton.BATON_FLOW_TIMESTAMPS() : 0;
    toTarget
        .adds(upAtTarget - upAtClient, downAtTarget - downAtClient, targetClock - ownClock)
        .windowShift(clientShift)
        .options(options)
        .start(upAtClient);
    toClient
        .adds(downAtClient - downAtTarget, upAtClient - upAtTarget, ownClock - targetClock)
        .windowShift(targetShift)
        .options(options)
        .start(downAtTarget);
  }

  /** Any number, as often as not one that wraps before long. */
  private int number() {
    return random.nextBoolean() ? random.nextInt() : -random.nextInt(60_000);
  }

  /** Whether nothing has to be learned of the client's clock. */
  boolean knowsClock() {
    return hasLearned || !timestamps;
  }

  /** What the program made of a segment says what it has learned, if that was the first. */
  void learn(Segment s, byte[] translated, Family family) {
    if (s.up() && timestamps && !hasLearned) {
      int tsval = java.nio.ByteBuffer.wrap(translated).getInt(14 + family.header + 20 + 4);
      learned = tsval - (clientClock + (int) s.time());
      hasLearned = true;
    }
  }

  /** As it arrives at the DMZ node. */
  Packet atSender(Segment s) {
    Packet packet =
        s.up()
            ? put(Packet.fromClient(), s, upAtClient, downAtClient)
            : put(Packet.fromTarget(), s, downAtTarget, upAtTarget);
    int clock = s.up() ? clientClock : targetClock;
    return packet
        .window(s.window())
        .options(options(s, s.up() ? downAtClient : upAtTarget, clock, sentEcho(s)));
  }

  /** As it must leave the DMZ node. */
  Packet atReceiver(Segment s) {
    Packet packet =
        s.up()
            ? put(Packet.toTarget(), s, upAtTarget, downAtTarget)
            : put(Packet.toClient(), s, downAtClient, upAtClient);
    int clock = s.up() ? clientClock + learned : ownClock;
    int heard = s.up() ? targetClock : clientClock;
    // 0 says that nothing is echoed (RFC 7323 3.2), so it stays 0.
    int echo = sentEcho(s) == 0 ? 0 : heard + (int) s.echo();
    if (!s.has(Packet.ACK)) {
      packet.acknowledgment(atSender(s).acknowledgment); // it means nothing, nor does an echo
      echo = 0;
    }
    return packet
        .window(scaled(s, s.up() ? clientShift : targetShift))
        .options(options(s, s.up() ? downAtTarget : upAtClient, clock, echo));
  }

  private int sentEcho(Segment s) {
    return s.echo() < 0 ? 0 : (s.up() ? ownClock : clientClock + learned) + (int) s.echo();
  }

  private static Packet put(Packet packet, Segment s, int own, int peers) {
    return packet
        .flags(s.flags())
        .sequence(own + s.offset())
        .acknowledgment(peers + s.acknowledged())
        .payload(s.length());
  }

  /** RFC 7323 2.2 and 2.3: rounded down, never above 65535, never from open to closed. */
  private static int scaled(Segment s, int shift) {
    if (s.has(Packet.SYN)) {
      return s.window();
    }
    long bytes = shift >= 0 ? (long) s.window() << shift : s.window() >> -shift;
    return s.window() == 0 ? 0 : Math.clamp(bytes, 1, 65_535);
  }

  private byte[][] options(Segment s, int peers, int clock, int echo) {
    List<byte[]> parts = new ArrayList<>();
    if (timestamps) {
      parts.add(Options.nop(2));
      parts.add(Options.timestamps(clock + s.time(), echo));
    }
    if (!s.sack().isEmpty()) {
      parts.add(Options.nop(2));
      parts.add(
          Options.sack(
              s.sack().stream()
                  .flatMapToLong(range -> LongStream.of(peers + range[0], peers + range[1]))
                  .toArray()));
    }
    return parts.toArray(byte[][]::new);
  }
}

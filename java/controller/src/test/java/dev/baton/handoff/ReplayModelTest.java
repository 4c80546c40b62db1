package dev.baton.handoff;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * {@link Replay} against a receiver that is right by being simple, over a line that loses, delays
 * and swaps segments and acknowledgments: it gets exactly the bytes and the FIN, each time.
 */
class ReplayModelTest {
  private static final int RUNS = 300;
  private static final int PATIENCE = 200_000;

  private record Packet(int offset, ByteBuffer bytes, boolean fin) {}

  private record Ack(int offset, int window) {}

  /** Takes what comes in order, holds a little of it, and reads it away at its leisure. */
  private static final class Receiver {
    final byte[] got;
    final int room;
    int next;
    int unread;
    boolean fin;
    int promised;

    Receiver(int most, int room) {
      this.got = new byte[most];
      this.room = room;
      this.promised = room;
    }

    /** A segment; RFC 9293 3.10.7.4 without reordering buffers. */
    Ack take(Packet p) {
      assertThat(p.offset + p.bytes.limit())
          .as("within the window that was ever offered, or a probe of one byte")
          .isLessThanOrEqualTo(promised + 1);
      if (p.offset <= next && !fin) {
        int from = next - p.offset;
        int fits = Math.min(p.bytes.limit() - from, room - unread);
        if (fits > 0) {
          p.bytes.get(from, got, next, fits);
          next += fits;
          unread += fits;
        }
        fin = p.fin && p.offset + p.bytes.limit() == next;
      }
      return ack();
    }

    Ack ack() {
      int window = room - unread;
      promised = Math.max(promised, next + window);
      return new Ack(next + (fin ? 1 : 0), window);
    }
  }

  @ParameterizedTest(name = "loss {0} %, room {1}: {2}")
  @CsvSource({
    "0,  1000000, an ideal line",
    "5,  1000000, the odd loss",
    "40, 1000000, a bad line",
    "0,  700,     a receiver with less room than a segment",
    "20, 3000,    a small room and a bad line"
  })
  void receiverGetsExactlyTheBytesAndTheFin(int loss, int room, String why) {
    Random random = new Random(9293 + loss + room);
    for (int i = 0; i < RUNS; i++) {
      new Run(random, loss, room, why + ", run " + i).toTheEnd();
    }
  }

  private static final class Run {
    private final Replay replay = new Replay();
    private final Random random;
    private final int loss;
    private final String name;
    private final byte[] backlog;
    private final boolean withFin;
    private final Receiver receiver;
    private final List<Packet> there = new ArrayList<>();
    private final List<Ack> back = new ArrayList<>();
    private int known;
    private boolean finKnown;

    Run(Random random, int loss, int room, String name) {
      this.random = random;
      this.loss = loss;
      this.name = name;
      backlog = new byte[random.nextInt(30_000)];
      random.nextBytes(backlog);
      withFin = random.nextBoolean();
      receiver = new Receiver(backlog.length, room);
      replay.start(1 + random.nextInt(1448), room);
      known = random.nextInt(backlog.length + 1);
    }

    void toTheEnd() {
      replay.extend(known, false);
      pump();
      for (int step = 0; !finished(); step++) {
        assertThat(step).as(name + ": comes to an end").isLessThan(PATIENCE);
        step();
      }
      assertThat(receiver.got).as(name).isEqualTo(backlog);
      assertThat(receiver.next).as(name).isEqualTo(backlog.length);
      assertThat(receiver.fin).as(name + ": FIN").isEqualTo(withFin);
    }

    private boolean finished() {
      return replay.done() && known == backlog.length && finKnown == withFin;
    }

    private void step() {
      if (random.nextInt(20) == 0) {
        grow();
      }
      if (receiver.unread > 0 && random.nextInt(3) == 0) {
        boolean wasFull = receiver.unread == receiver.room;
        receiver.unread -= 1 + random.nextInt(receiver.unread);
        if (wasFull) {
          send(back, receiver.ack());
        }
      }
      if (!there.isEmpty() && random.nextBoolean()) {
        send(back, receiver.take(any(there)));
      } else if (!back.isEmpty()) {
        Ack ack = any(back);
        if (replay.acknowledged(ack.offset, ack.window)) {
          pump();
        }
      } else if (there.isEmpty()) {
        grow();
        replay.timedOut();
        pump();
      }
    }

    /** The old socket still got something. */
    private void grow() {
      known += random.nextInt(backlog.length - known + 1);
      if (random.nextInt(4) == 0) {
        known = backlog.length;
      }
      finKnown |= withFin && known == backlog.length && random.nextBoolean();
      replay.extend(known, finKnown);
      pump();
    }

    private void pump() {
      for (int n = replay.sendable(); n > 0 || replay.finAlone(); n = replay.sendable()) {
        int offset = replay.offset();
        int length = n == 0 ? 0 : 1 + random.nextInt(n); // the buffer's end may cut it short
        boolean fin = replay.finAfter(length);
        send(there, new Packet(offset, ByteBuffer.wrap(backlog).slice(offset, length), fin));
        replay.sent(length, fin);
      }
    }

    private <T> void send(List<T> line, T what) {
      if (random.nextInt(100) >= loss) {
        line.add(what);
      }
    }

    /** Mostly the oldest. */
    private <T> T any(List<T> line) {
      return line.remove(random.nextInt(8) == 0 ? random.nextInt(line.size()) : 0);
    }
  }
}

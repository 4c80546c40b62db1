package dev.baton.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.bindings.flow.Baton;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Two ideal endpoints talk through the programs over a network that loses, repeats and reorders on
 * either side of the DMZ node. They count in plain offsets from 0; each leg has numbers of its own,
 * drawn at random and often about to wrap. What leaves the DMZ node must be, bit for bit, what the
 * sender would have sent had it spoken in the receiver's numbers all along.
 */
@BothFamilies
class ModelTest extends ProgramTest {
  private static final int SEEDS = 60;
  private static final int MAX_STEPS = 20_000;

  /** A test run takes less than a page. */
  private static final int MAX_SEGMENT = 3000;

  /** The fixed ones, and one that nobody has tried before: its number is in the test's name. */
  static LongStream seeds() {
    return LongStream.concat(LongStream.rangeClosed(1, SEEDS), LongStream.of(System.nanoTime()));
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void whatArrivesIsWhatWasSentInTheReceiversNumbers(long seed) {
    new Run(new Random(seed)).play();
  }

  /**
   * A segment as both endpoints understand it: offsets in the two streams, times in milliseconds of
   * the sender's and of the receiver's own clock.
   *
   * @param echo the receiver's time that is echoed; −1: none yet
   */
  private record Segment(
      boolean up,
      long offset,
      int length,
      boolean fin,
      long acknowledged,
      List<long[]> sack,
      int window,
      long time,
      long echo) {
    long end() {
      return offset + length + (fin ? 1 : 0);
    }
  }

  /** One end of the conversation. A FIN takes the offset behind the last byte. */
  private static final class Endpoint {
    final boolean client;
    final long total;
    final List<long[]> held = new ArrayList<>(); // beyond the first gap, in order
    long sent;
    long acknowledged;
    long received;
    long echo = -1;

    Endpoint(boolean client, long total) {
      this.client = client;
      this.total = total;
    }

    boolean hasAll(Endpoint peer) {
      return received == peer.total + 1;
    }

    boolean isDone() {
      return acknowledged == total + 1;
    }

    void take(Segment s) {
      acknowledged = Math.max(acknowledged, s.acknowledged());
      echo = Math.max(echo, s.time());
      if (s.end() > s.offset()) {
        held.add(new long[] {s.offset(), s.end()});
      }
      held.sort((a, b) -> Long.compare(a[0], b[0]));
      List<long[]> merged = new ArrayList<>();
      for (long[] range : held) {
        long[] last = merged.isEmpty() ? null : merged.getLast();
        if (last != null && range[0] <= last[1]) {
          last[1] = Math.max(last[1], range[1]);
        } else {
          merged.add(range);
        }
      }
      held.clear();
      for (long[] range : merged) {
        if (range[0] <= received) {
          received = Math.max(received, range[1]);
        } else {
          held.add(range);
        }
      }
    }
  }

  /** One conversation. */
  private static final class Run {
    private final Random random;
    private final Endpoint client;
    private final Endpoint target;
    private final List<Segment> before = new ArrayList<>(); // the DMZ node
    private final List<Segment> behind = new ArrayList<>();
    private final List<Segment> passed = new ArrayList<>();
    private final Entry toTarget = Entry.toTarget();
    private final Entry toClient = Entry.toClient();

    // Where offset 0 and time 0 lie in the numbers of each leg: what goes up, what goes down.
    private final int upAtClient;
    private final int upAtTarget;
    private final int downAtClient;
    private final int downAtTarget;
    private final boolean timestamps;
    private final int clientClock;
    private final int targetClock;
    private final int ownClock;
    private final int clientShift;
    private final int targetShift;

    /** Added to the client's TSval; the program sets it when it sees the first. */
    private int learned;

    private boolean hasLearned;
    private long now;
    private long finUp = -1;
    private long finDown = -1;
    private boolean finUpAcknowledged;
    private boolean finDownAcknowledged;
    private final long[] packets = new long[2];
    private final long[] bytes = new long[2];
    private int closedEvents;

    Run(Random random) {
      this.random = random;
      client = new Endpoint(true, random.nextInt(50_000));
      target = new Endpoint(false, random.nextInt(50_000));
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
    }

    /** Any number, as often as not one that wraps before long. */
    private int number() {
      return random.nextBoolean() ? random.nextInt() : -random.nextInt(60_000);
    }

    void play() {
      bed.put(
          toTarget
              .adds(upAtTarget - upAtClient, downAtTarget - downAtClient, targetClock - ownClock)
              .windowShift(clientShift)
              .options(timestamps ? Baton.BATON_FLOW_TIMESTAMPS() : 0)
              .start(upAtClient),
          toClient
              .adds(downAtClient - downAtTarget, upAtClient - upAtTarget, ownClock - targetClock)
              .windowShift(targetShift)
              .options(timestamps ? Baton.BATON_FLOW_TIMESTAMPS() : 0)
              .start(downAtTarget));
      int steps = 0;
      while (!client.isDone() || !target.isDone() || !isClosed()) {
        assertThat(steps++).as("the conversation ends").isLessThan(MAX_STEPS);
        step();
      }
      stragglers();
      assertThat(client.hasAll(target) && target.hasAll(client)).isTrue();
      closedEvents += (int) closed(bed.events());
      assertThat(closedEvents).as("the controller is told once").isOne();
      assertEntry(toTarget, 0);
      assertEntry(toClient, 1);
    }

    private void assertEntry(Entry entry, int direction) {
      State state = bed.state(entry);
      assertThat(state.packets()).isEqualTo(packets[direction]);
      assertThat(state.bytes()).isEqualTo(bytes[direction]);
      assertThat(state.closed()).isTrue();
    }

    private static long closed(List<Event> events) {
      return events.stream().filter(e -> e.type() == Baton.BATON_EVENT_CLOSED()).count();
    }

    private void step() {
      now += random.nextInt(20);
      switch (random.nextInt(4)) {
        case 0 -> say(client, target);
        case 1 -> say(target, client);
        case 2 -> {
          if (!before.isEmpty()) {
            cross(pick(before));
          }
        }
        default -> {
          if (!behind.isEmpty()) {
            Segment s = pick(behind);
            (s.up() ? target : client).take(s);
          }
        }
      }
    }

    /** Mostly the oldest; now and then another, and now and then it comes again. */
    private Segment pick(List<Segment> from) {
      int i = random.nextInt(5) == 0 ? random.nextInt(from.size()) : 0;
      return random.nextInt(20) == 0 ? from.get(i) : from.remove(i);
    }

    private void say(Endpoint self, Endpoint peer) {
      Segment s = speak(self, peer);
      if (random.nextInt(10) > 0) {
        before.add(s); // else lost on the sender's leg
      }
    }

    private Segment speak(Endpoint self, Endpoint peer) {
      long offset = self.sent;
      int length = 0;
      boolean fin = false;
      int what = random.nextInt(10);
      if (what < 5 && self.sent < self.total) {
        length = (int) Math.min(1 + random.nextInt(MAX_SEGMENT), self.total - self.sent);
        fin = self.sent + length == self.total && random.nextBoolean();
      } else if (what < 5 && self.sent == self.total) {
        fin = true;
      } else if (what < 8 && self.acknowledged < self.sent) {
        offset = self.acknowledged + (random.nextInt(3) == 0 ? random.nextInt(500) : 0);
        offset = Math.min(offset, self.sent - 1);
        length =
            (int)
                Math.min(1 + random.nextInt(MAX_SEGMENT), Math.min(self.total, self.sent) - offset);
        fin = self.sent > self.total && offset + length == self.total;
      } else if (what == 8 && self.sent > 0) {
        offset = self.sent - 1; // keep-alive
      }
      self.sent = Math.max(self.sent, offset + length + (fin ? 1 : 0));
      List<long[]> sack = self.held.subList(0, Math.min(self.held.size(), timestamps ? 3 : 4));
      return new Segment(
          self.client,
          offset,
          length,
          fin,
          Math.min(self.received, peer.total + 1),
          sack.stream().map(long[]::clone).toList(),
          random.nextInt(5) == 0 ? 0 : random.nextInt(65_536),
          now,
          self.echo);
    }

    /** Through the DMZ node. */
    private void cross(Segment s) {
      byte[] out = bed.forward(atSender(s));
      if (s.up() && timestamps && !hasLearned) {
        learned = tsval(out) - (clientClock + (int) s.time());
        hasLearned = true;
      }
      assertThat(out).as("%s", s).isEqualTo(atReceiver(s).frame(bed.family()));
      passed.add(s);
      note(s);
      if (random.nextInt(10) > 0) {
        behind.add(s); // else lost on the receiver's leg
      }
    }

    private void note(Segment s) {
      packets[s.up() ? 0 : 1]++;
      bytes[s.up() ? 0 : 1] += s.length();
      if (s.fin() && s.up()) {
        finUp = s.end();
      } else if (s.fin()) {
        finDown = s.end();
      }
      finUpAcknowledged |= !s.up() && finUp >= 0 && s.acknowledged() >= finUp;
      finDownAcknowledged |= s.up() && finDown >= 0 && s.acknowledged() >= finDown;
      boolean closed = finUpAcknowledged && finDownAcknowledged;
      assertThat(isClosed()).as("closed after %s", s).isEqualTo(closed);
    }

    private boolean isClosed() {
      return bed.state(toTarget).closed() && bed.state(toClient).closed();
    }

    /** What was on its way still arrives, and what had arrived comes once more. */
    private void stragglers() {
      List<Segment> late = new ArrayList<>(before);
      for (int i = 0; i < 20; i++) {
        late.add(passed.get(random.nextInt(passed.size())));
      }
      late.forEach(this::cross);
    }

    private Packet atSender(Segment s) {
      Packet packet =
          s.up()
              ? put(Packet.fromClient(), s, upAtClient, downAtClient)
              : put(Packet.fromTarget(), s, downAtTarget, upAtTarget);
      int clock = s.up() ? clientClock : targetClock;
      return packet
          .window(s.window())
          .options(options(s, s.up() ? downAtClient : upAtTarget, clock, sentEcho(s)));
    }

    private Packet atReceiver(Segment s) {
      Packet packet =
          s.up()
              ? put(Packet.toTarget(), s, upAtTarget, downAtTarget)
              : put(Packet.toClient(), s, downAtClient, upAtClient);
      int clock = s.up() ? clientClock + learned : ownClock;
      int heard = s.up() ? targetClock : clientClock;
      // 0 says that nothing is echoed (RFC 7323 3.2), so it stays 0.
      int echo = sentEcho(s) == 0 ? 0 : heard + (int) s.echo();
      return packet
          .window(scaled(s.window(), s.up() ? clientShift : targetShift))
          .options(options(s, s.up() ? downAtTarget : upAtClient, clock, echo));
    }

    private int sentEcho(Segment s) {
      return s.echo() < 0 ? 0 : (s.up() ? ownClock : clientClock + learned) + (int) s.echo();
    }

    private static Packet put(Packet packet, Segment s, int own, int peers) {
      return packet
          .flags(Packet.ACK | (s.fin() ? Packet.FIN : 0))
          .sequence(own + s.offset())
          .acknowledgment(peers + s.acknowledged())
          .payload(s.length());
    }

    /** RFC 7323 2.2 and 2.3: rounded down, never above 65535, never from open to closed. */
    private static int scaled(int window, int shift) {
      long bytes = shift >= 0 ? (long) window << shift : window >> -shift;
      return window == 0 ? 0 : Math.clamp(bytes, 1, 65_535);
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

    private static int tsval(byte[] frame) {
      return java.nio.ByteBuffer.wrap(frame).getInt(14 + bed.family().header + 20 + 4);
    }
  }
}

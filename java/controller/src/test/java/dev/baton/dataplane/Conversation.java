package dev.baton.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.bindings.flow.Baton;
import dev.baton.dataplane.Endpoint.Segment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Two ideal endpoints talk through the programs over a network that loses, repeats and reorders on
 * either side of the DMZ node, until both have said and heard all. A stranger may break in.
 */
final class Conversation {
  private static final int MAX_STEPS = 20_000;

  /** Somebody else, who sends in the endpoints' names. */
  interface Stranger {
    /** What he does now, if anything. */
    void breakIn(Conversation here);

    /** Whether the end is noted at the right moment all the same. */
    boolean leavesTheEnd();
  }

  final TestBed bed;
  final Random random;
  final Legs legs;
  private final Stranger stranger;
  private final Endpoint client;
  private final Endpoint target;
  private final List<Segment> before = new ArrayList<>(); // the DMZ node
  private final List<Segment> behind = new ArrayList<>();
  private final List<Segment> passed = new ArrayList<>();
  private final long[] packets = new long[2];
  private final long[] bytes = new long[2];

  /** The highest acknowledgment of the target's that has passed, and the end of what it sent. */
  private long acknowledgedUp;

  private long sentDown;
  private long now;
  private long finUp = -1;
  private long finDown = -1;
  private boolean finUpAcknowledged;
  private boolean finDownAcknowledged;

  Conversation(TestBed bed, Random random, Stranger stranger) {
    this.bed = bed;
    this.random = random;
    this.stranger = stranger;
    int clientSays = random.nextInt(50_000);
    int targetSays = random.nextInt(50_000);
    legs = new Legs(random);
    client = new Endpoint(true, clientSays, legs.timestamps, random);
    target = new Endpoint(false, targetSays, legs.timestamps, random);
  }

  /** The whole of it. */
  void play() {
    bed.put(legs.toTarget, legs.toClient);
    int steps = 0;
    while (!isOver()) {
      assertThat(steps++).as("the conversation ends").isLessThan(MAX_STEPS);
      stranger.breakIn(this);
      step();
    }
    stragglers();
    assertThat(client.hasAll(target) && target.hasAll(client)).isTrue();
    if (stranger.leavesTheEnd()) {
      assertThat(bed.events().stream().filter(e -> e.type() == Baton.BATON_EVENT_CLOSED()))
          .as("the controller is told once")
          .hasSize(1);
      assertThat(isClosed()).isTrue();
    }
    assertEntry(legs.toTarget, 0);
    assertEntry(legs.toClient, 1);
  }

  private boolean isOver() {
    return client.isDone() && target.isDone() && (!stranger.leavesTheEnd() || isClosed());
  }

  private void assertEntry(Entry entry, int direction) {
    State state = bed.state(entry);
    assertThat(state.packets()).isEqualTo(packets[direction]);
    assertThat(state.bytes()).isEqualTo(bytes[direction]);
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
    Segment s = self.speak(peer, now);
    if (random.nextInt(10) > 0) {
      before.add(s); // else lost on the sender's leg
    }
  }

  /** Through the DMZ node. */
  private void cross(Segment s) {
    byte[] out = bed.forward(legs.atSender(s));
    legs.learn(s, out, bed.family());
    assertThat(out).as("%s", s).isEqualTo(legs.atReceiver(s).frame(bed.family()));
    passed.add(s);
    tally(s);
    note(s);
    if (random.nextInt(10) > 0) {
      behind.add(s); // else lost on the receiver's leg
    }
  }

  /** A stranger's segment goes through; neither endpoint takes it for the other's. */
  void crossForged(Segment s) {
    byte[] out = bed.forward(legs.atSender(s));
    assertThat(out).as("forged: %s", s).isEqualTo(legs.atReceiver(s).frame(bed.family()));
    if (!s.has(Packet.SYN)) {
      tally(s);
    }
  }

  private void tally(Segment s) {
    packets[s.up() ? 0 : 1]++;
    bytes[s.up() ? 0 : 1] += s.length();
  }

  private void note(Segment s) {
    if (!s.up()) {
      acknowledgedUp = Math.max(acknowledgedUp, s.acknowledged());
      sentDown = Math.max(sentDown, s.end());
    }
    if (s.has(Packet.FIN) && s.up()) {
      finUp = s.end();
    } else if (s.has(Packet.FIN)) {
      finDown = s.end();
    }
    finUpAcknowledged |= !s.up() && finUp >= 0 && s.acknowledged() >= finUp;
    finDownAcknowledged |= s.up() && finDown >= 0 && s.acknowledged() >= finDown;
    if (stranger.leavesTheEnd()) {
      boolean closed = finUpAcknowledged && finDownAcknowledged;
      assertThat(isClosed()).as("closed after %s", s).isEqualTo(closed);
    }
  }

  boolean isClosed() {
    return bed.state(legs.toTarget).closed() && bed.state(legs.toClient).closed();
  }

  /** What the target has acknowledged of the client's stream, as far as has passed. */
  long acknowledgedUp() {
    return acknowledgedUp;
  }

  /** The end of what the target has sent, likewise. */
  long sentDown() {
    return sentDown;
  }

  /** What was on its way still arrives, and what had arrived comes once more. */
  private void stragglers() {
    List<Segment> late = new ArrayList<>(before);
    for (int i = 0; i < 20; i++) {
      late.add(passed.get(random.nextInt(passed.size())));
    }
    late.forEach(this::cross);
  }
}

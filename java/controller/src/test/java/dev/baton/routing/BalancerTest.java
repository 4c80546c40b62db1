package dev.baton.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.baton.directory.Copy;
import dev.baton.directory.Dataset.Balance;
import dev.baton.directory.Node;
import dev.baton.directory.Snapshot;
import dev.baton.reason.Reason;
import dev.baton.routing.Balancer.Outcome;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BalancerTest {
  private static final int KEYS = 100_000;
  private static final double BOUND = 1.25;
  private static final int FEW = 32;
  private static final long NOW = Duration.ofHours(1).toNanos();

  private final Fleet fleet = new Fleet();
  private final Balancer balancer = new Balancer();
  private final List<Node> out = new ArrayList<>();
  private List<Copy> copies = List.of();
  private Map<String, NodeState> states = Map.of();
  private boolean waits;
  private long now = NOW;

  private void use(Node... nodes) {
    copies = List.of(nodes).stream().map(node -> copy(node, "1", Copy.State.COMPLETE)).toList();
    states = fleet.states(new Snapshot(1, List.of(nodes), List.of()));
  }

  private static Copy copy(Node node, String version, Copy.State state) {
    return new Copy(node, version, state);
  }

  private Outcome choose() {
    return choose(Balance.LEAST_FLOWS, 0);
  }

  private Outcome choose(Balance balance, long key) {
    return choose(balance, true, key);
  }

  private Outcome choose(Balance balance, boolean v4, long key) {
    return balancer.choose(copies, "1", balance, v4, key, states, waits, now, out);
  }

  /** The number of the node that is tried first. */
  private int first() {
    assertThat(choose()).isEqualTo(Outcome.CHOSEN);
    return number(out.getFirst());
  }

  private static int number(Node node) {
    return Integer.parseInt(node.name().substring(1));
  }

  private NodeState state(Node node) {
    return Objects.requireNonNull(states.get(node.name()));
  }

  /** More flows, or fewer. */
  private void add(Node node, int flows) {
    fleet.flows().of(node.addresses().getFirst(), node.port()).addAndGet(flows);
  }

  private void addChosen() {
    add(out.getFirst(), 1);
  }

  private void awaitAt(Node node, int connections) {
    for (int i = 0; i < connections; i++) {
      long _ = state(node).enter();
    }
  }

  private static int total(int... numbers) {
    int sum = 0;
    for (int each : numbers) {
      sum += each;
    }
    return sum;
  }

  @Test
  void flowsAreSharedByWeight() {
    Node[] nodes = {Nodes.weighing(0, 5), Nodes.weighing(1, 3), Nodes.weighing(2, 1)};
    use(nodes);
    for (int i = 0; i < 900; i++) {
      first();
      addChosen();
    }
    assertThat(state(nodes[0]).flows()).isEqualTo(500);
    assertThat(state(nodes[1]).flows()).isEqualTo(300);
    assertThat(state(nodes[2]).flows()).isEqualTo(100);
    // One that loses flows gets the next ones, whatever it got before.
    add(nodes[2], -10);
    for (int i = 0; i < 9; i++) {
      assertThat(first()).isEqualTo(2);
      addChosen();
    }
  }

  @Test
  void flowsByTlsCountAsWell() {
    Node[] nodes = {Nodes.local(0), Nodes.local(1)};
    use(nodes);
    fleet.flows().of(nodes[0].addresses().getFirst(), nodes[0].tlsPort()).addAndGet(3);
    fleet.flows().of(nodes[0].addresses().getLast(), nodes[0].port()).addAndGet(2);
    assertThat(state(nodes[0]).flows()).isEqualTo(5);
    for (int i = 0; i < 5; i++) {
      assertThat(first()).isEqualTo(1);
      addChosen();
    }
  }

  @Test
  void equalsHaveTurns() {
    use(Nodes.local(0), Nodes.local(1), Nodes.local(2));
    int[] got = new int[3];
    for (int i = 0; i < 300; i++) {
      got[first()]++;
      assertThat(out).doesNotHaveDuplicates().hasSize(3);
    }
    assertThat(got).containsExactly(100, 100, 100);
  }

  @Test
  void equalsAmongOthersHaveTurns() {
    Node[] nodes = {Nodes.local(0), Nodes.local(1), Nodes.local(2), Nodes.local(3)};
    use(nodes);
    add(nodes[2], 5);
    add(nodes[3], 5);
    int[] got = new int[4];
    for (int i = 0; i < 300; i++) {
      got[first()]++;
    }
    assertThat(got).containsExactly(150, 150, 0, 0);
  }

  /** Two sites on the same nodes that are asked in turns, as a page's two hosts are. */
  @Test
  void turnsAreNotTakenByAnotherSite() {
    use(Nodes.local(0), Nodes.local(1));
    int[] got = new int[2];
    for (int i = 0; i < 100; i++) {
      got[first()]++;
      List<Copy> both = copies;
      copies = both.subList(0, 1);
      first();
      copies = both;
    }
    assertThat(got[0]).isBetween(1, 99);
  }

  @Test
  void noMoreThanFourAreTriedTheBestFirst() {
    Node[] nodes = new Node[20];
    for (int i = 0; i < nodes.length; i++) {
      nodes[i] = Nodes.local(i);
    }
    use(nodes);
    for (int i = 0; i < nodes.length; i++) {
      add(nodes[i], 100 - 3 * i);
    }
    assertThat(choose()).isEqualTo(Outcome.CHOSEN);
    assertThat(out).containsExactly(nodes[19], nodes[18], nodes[17], nodes[16]);
  }

  @Test
  void aNodeThatCameUpGetsMoreAndMore() {
    Node starting = Nodes.limited(0, Node.Role.LOCAL, Nodes.limits(0, 0, Duration.ofSeconds(10)));
    Node other = Nodes.local(1);
    for (int percent : new int[] {0, 5, 10, 25, 50, 75, 100, 1000}) {
      use(starting, other);
      state(starting).set(true, NOW, true);
      now = NOW + Duration.ofMillis(100L * percent).toNanos();
      int expected = Math.clamp(percent, 10, 100); // never nothing at all
      for (int i = 0; i < 100 + expected; i++) {
        first();
        addChosen();
      }
      assertThat(state(starting).flows()).as(percent + "%").isEqualTo(expected);
      assertThat(state(other).flows()).isEqualTo(100);
      add(starting, -expected);
      add(other, -100);
    }
  }

  @Test
  void withoutAChangeThereIsNoSlowStart() {
    Node node = Nodes.limited(0, Node.Role.LOCAL, Nodes.limits(0, 0, Duration.ofSeconds(10)));
    use(node);
    assertThat(state(node).share(10, NOW)).isEqualTo(1);
    state(node).set(true, NOW, false);
    assertThat(state(node).share(10, NOW)).isEqualTo(1);
    state(node).set(true, NOW, true);
    assertThat(state(node).share(10, NOW + 5)).isEqualTo(0.5);
    assertThat(state(node).share(10, NOW + 10)).isEqualTo(1);
    assertThat(state(node).share(0, NOW)).isEqualTo(1);
  }

  @Test
  void backupsAreForWhenNoLocalNodeIsLeft() {
    Node[] nodes = {
      Nodes.of(0, Node.Role.BACKUP), Nodes.local(1), Nodes.local(2), Nodes.of(3, Node.Role.PUBLIC)
    };
    use(nodes);
    add(nodes[1], 1000);
    assertThat(choose()).isEqualTo(Outcome.CHOSEN);
    assertThat(out).containsExactly(nodes[2], nodes[1]);
    state(nodes[2]).set(false, NOW, true);
    assertThat(choose()).isEqualTo(Outcome.CHOSEN);
    assertThat(out).containsExactly(nodes[1]);
    state(nodes[1]).set(false, NOW, true);
    assertThat(choose()).isEqualTo(Outcome.CHOSEN);
    assertThat(out).containsExactly(nodes[0]);
    state(nodes[0]).set(false, NOW, true);
    assertThat(choose()).isEqualTo(Outcome.NONE_UP);
    assertThat(out).isEmpty();
    state(nodes[2]).set(true, NOW, true);
    assertThat(choose()).isEqualTo(Outcome.CHOSEN);
    assertThat(out).containsExactly(nodes[2]);
  }

  /** What is full may be free in a moment: it is waited for, and a backup is no way round. */
  @Test
  void aFullLocalNodeIsWaitedFor() {
    Node full = Nodes.limited(0, Node.Role.LOCAL, Nodes.limits(1, 5, Duration.ZERO));
    use(full, Nodes.of(1, Node.Role.BACKUP));
    add(full, 1);
    assertThat(choose()).isEqualTo(Outcome.FULL);
    assertThat(balancer.shortestQueue).isEqualTo(full);
  }

  @Test
  void whatDoesNotServeIsPassedOver() {
    Node[] nodes = {
      Nodes.local(0),
      Nodes.in(1, Node.State.DOWN),
      Nodes.in(2, Node.State.DRAINING),
      Nodes.local(3),
      Nodes.of(4, Node.Role.PUBLIC)
    };
    use(nodes);
    state(nodes[3]).set(false, NOW, true);
    List<Copy> whole = copies;
    for (int i = 0; i < 10; i++) {
      assertThat(first()).isZero();
      assertThat(out).hasSize(1);
    }

    copies = whole.subList(1, 5);
    assertThat(choose()).isEqualTo(Outcome.NONE_UP);

    copies =
        List.of(
            copy(nodes[0], "1", Copy.State.UPDATING),
            copy(nodes[0], "1", Copy.State.FAILED),
            copy(nodes[0], "2", Copy.State.COMPLETE),
            copy(nodes[4], "1", Copy.State.COMPLETE));
    assertThat(choose()).isEqualTo(Outcome.NONE_COMPLETE);

    copies = List.of();
    assertThat(choose()).isEqualTo(Outcome.NONE_COMPLETE);

    copies = List.of(copy(Nodes.local(9), "1", Copy.State.COMPLETE));
    assertThat(choose()).as("not of the snapshot").isEqualTo(Outcome.NONE_UP);
  }

  @Test
  void theFamilyIsTheClients() {
    Node[] nodes = {
      Nodes.at(0, Nodes.v4(0)), Nodes.at(1, Nodes.v6(1)), Nodes.at(2, Nodes.v4(2), Nodes.v6(2))
    };
    use(nodes);
    assertThat(choose(Balance.LEAST_FLOWS, true, 0)).isEqualTo(Outcome.CHOSEN);
    assertThat(out).containsExactlyInAnyOrder(nodes[0], nodes[2]);
    assertThat(choose(Balance.LEAST_FLOWS, false, 0)).isEqualTo(Outcome.CHOSEN);
    assertThat(out).containsExactlyInAnyOrder(nodes[1], nodes[2]);
    use(nodes[0], Nodes.in(3, Node.State.DOWN));
    assertThat(choose(Balance.LEAST_FLOWS, false, 0)).isEqualTo(Outcome.NONE_IN_FAMILY);
    use(Nodes.in(3, Node.State.DOWN), nodes[0]);
    assertThat(choose(Balance.LEAST_FLOWS, false, 0)).isEqualTo(Outcome.NONE_IN_FAMILY);
  }

  @ParameterizedTest
  @EnumSource(Balance.class)
  void aFullNodeIsPassedOver(Balance balance) {
    Node small = Nodes.limited(0, Node.Role.LOCAL, Nodes.limits(2, 5, Duration.ZERO));
    Node large = Nodes.local(1);
    use(small, large);
    add(small, 2);
    add(large, 1000);
    for (int key = 0; key < 100; key++) {
      assertThat(choose(balance, key)).isEqualTo(Outcome.CHOSEN);
      assertThat(out).containsExactly(large);
    }
    add(small, -1);
    add(large, -999);
    assertThat(choose(balance, 0)).isEqualTo(Outcome.CHOSEN);
    assertThat(out).containsExactlyInAnyOrder(small, large);
  }

  @Test
  void whenAllAreFullTheShortestQueueIsTaken() {
    Node[] nodes = {
      Nodes.limited(0, Node.Role.LOCAL, Nodes.limits(2, 5, Duration.ZERO)),
      Nodes.limited(1, Node.Role.LOCAL, Nodes.limits(2, 5, Duration.ZERO)),
      Nodes.limited(2, Node.Role.LOCAL, Nodes.limits(2, 1, Duration.ZERO)),
      Nodes.limited(3, Node.Role.LOCAL, Nodes.limits(2, 0, Duration.ZERO))
    };
    use(nodes);
    for (Node node : nodes) {
      add(node, 2);
    }
    awaitAt(nodes[0], 3);
    awaitAt(nodes[1], 2);
    awaitAt(nodes[2], 1);
    assertThat(choose()).isEqualTo(Outcome.FULL);
    assertThat(out).isEmpty();
    assertThat(balancer.shortestQueue).isEqualTo(nodes[1]);
    awaitAt(nodes[1], 2);
    assertThat(choose()).isEqualTo(Outcome.FULL);
    assertThat(balancer.shortestQueue).isEqualTo(nodes[0]);
    state(nodes[2]).leave(1);
    assertThat(choose()).isEqualTo(Outcome.FULL);
    assertThat(balancer.shortestQueue).isEqualTo(nodes[2]);

    awaitAt(nodes[0], 2);
    awaitAt(nodes[1], 1);
    awaitAt(nodes[2], 1);
    assertThat(choose()).isEqualTo(Outcome.FULL);
    assertThat(balancer.shortestQueue).as("all queues are full, or there are none").isNull();
    add(nodes[3], -1);
    assertThat(choose()).isEqualTo(Outcome.CHOSEN);
    assertThat(out).containsExactly(nodes[3]);
    assertThat(balancer.shortestQueue).isNull();
  }

  @Test
  void whoHasWaitedLongestIsFirst() {
    use(Nodes.local(0));
    NodeState state = state(Nodes.local(0));
    long first = state.enter();
    long second = state.enter();
    assertThat(state.isFirst(first)).isTrue();
    assertThat(state.isFirst(second)).isFalse();
    state.leave(first);
    assertThat(state.isFirst(second)).isTrue();
    assertThat(state.waiting()).isEqualTo(1);
    state.leave(second);
    state.leave(second);
    assertThat(state.waiting()).isZero();
  }

  @Test
  void whoComesLaterDoesNotOvertakeWhoWaits() {
    Node node = Nodes.limited(0, Node.Role.LOCAL, Nodes.limits(2, 1, Duration.ZERO));
    use(node);
    add(node, 2);
    awaitAt(node, 1);
    assertThat(choose()).isEqualTo(Outcome.FULL);
    assertThat(balancer.shortestQueue).isNull();
    waits = true;
    assertThat(choose()).isEqualTo(Outcome.FULL);
    assertThat(balancer.shortestQueue).as("it has its place in the queue").isEqualTo(node);
    add(node, -1);
    waits = false;
    assertThat(choose()).as("the place is of the one that waits").isEqualTo(Outcome.FULL);
    waits = true;
    assertThat(choose()).isEqualTo(Outcome.CHOSEN);
    add(node, -1);
    waits = false;
    assertThat(choose()).as("there are two places for one").isEqualTo(Outcome.CHOSEN);
  }

  @Test
  void keysAreSharedByWeight() {
    Node[] nodes = {
      Nodes.weighing(0, 1), Nodes.weighing(1, 2), Nodes.weighing(2, 3), Nodes.weighing(3, 4)
    };
    use(nodes);
    for (int kind = 0; kind < 2; kind++) {
      int[] got = new int[4];
      int[] second = new int[4];
      for (long key = 0; key < KEYS; key++) {
        // Neighbouring addresses, and keys that differ in their high bits.
        choose(Balance.HASH_CLIENT, kind == 0 ? 0x0a00_0000L + key : key << 40);
        got[number(out.getFirst())]++;
        if (number(out.getFirst()) == 3) {
          second[number(out.get(1))]++;
        }
      }
      for (int i = 0; i < 4; i++) {
        double share = KEYS * 0.1 * (i + 1);
        assertThat((double) got[i]).isCloseTo(share, within(0.03 * share));
      }
      // Whoever would get the fourth's keys shares them by weight, too.
      for (int i = 0; i < 3; i++) {
        double share = total(second) * (i + 1) / 6.0;
        assertThat((double) second[i]).isCloseTo(share, within(0.05 * share));
      }
    }
  }

  @Test
  void aNodeThatGoesMovesItsOwnKeysAlone() {
    Node[] nodes = new Node[5];
    for (int i = 0; i < nodes.length; i++) {
      nodes[i] = Nodes.weighing(i, 1 + i % 2);
    }
    use(nodes);
    int[] before = new int[KEYS];
    int[] next = new int[KEYS];
    for (int key = 0; key < KEYS; key++) {
      choose(Balance.HASH_PATH, key);
      before[key] = number(out.getFirst());
      next[key] = number(out.get(1));
    }
    state(nodes[3]).set(false, NOW, true);
    int moved = 0;
    for (int key = 0; key < KEYS; key++) {
      choose(Balance.HASH_PATH, key);
      assertThat(number(out.getFirst())).isEqualTo(before[key] == 3 ? next[key] : before[key]);
      moved += before[key] == 3 ? 1 : 0;
    }
    assertThat((double) moved).isCloseTo(KEYS * 2 / 7.0, within(KEYS * 0.01));
    // Another balancer, of another loop or process, with the copies in another order.
    state(nodes[3]).set(true, NOW, false);
    copies = copies.reversed();
    var other = new Balancer();
    for (int key = 0; key < KEYS; key++) {
      other.choose(copies, "1", Balance.HASH_PATH, true, key, states, false, now, out);
      assertThat(number(out.getFirst())).isEqualTo(before[key]);
    }
  }

  /** One key, as when one client or one path is all that is asked for. */
  @Test
  void aNodeWithFarMoreThanItsShareIsPassedOver() {
    Node[] nodes = {Nodes.weighing(0, 1), Nodes.weighing(1, 2), Nodes.weighing(2, 1)};
    use(nodes);
    for (int flows = 1; flows <= 1000; flows++) {
      choose(Balance.HASH_CLIENT, 7);
      addChosen();
      for (Node node : nodes) {
        double share = node.weight() / 4.0 * flows;
        assertThat(state(node).flows())
            .isLessThanOrEqualTo(Math.max(FEW, (int) Math.ceil(BOUND * share)));
      }
    }
    // The bound is used up before the next one gets anything more.
    List<Integer> sorted =
        List.of(nodes).stream().map(node -> state(node).flows() / node.weight()).sorted().toList();
    assertThat(sorted.getLast()).isBetween(310, 313);
  }

  @Test
  void fewConnectionsOfOneKeyStayTogether() {
    use(Nodes.local(0), Nodes.local(1), Nodes.local(2));
    choose(Balance.HASH_CLIENT, 7);
    Node its = out.getFirst();
    for (int flows = 0; flows < FEW; flows++) {
      choose(Balance.HASH_CLIENT, 7);
      assertThat(out.getFirst()).isSameAs(its);
      addChosen();
    }
    choose(Balance.HASH_CLIENT, 7);
    assertThat(out.getFirst()).isNotSameAs(its);
  }

  @Test
  void whenTheOthersAreFullEvenTheOverloadedIsUsed() {
    Node open = Nodes.local(0);
    Node full = Nodes.limited(1, Node.Role.LOCAL, Nodes.limits(1, 5, Duration.ZERO));
    use(open, full);
    add(full, 1);
    add(open, 500);
    for (int key = 0; key < 100; key++) {
      assertThat(choose(Balance.HASH_CLIENT, key)).isEqualTo(Outcome.CHOSEN);
      assertThat(out).containsExactly(open);
    }
    // And the first to be tried is within its bound, the overloaded one the second.
    add(full, -1);
    for (int key = 0; key < 100; key++) {
      assertThat(choose(Balance.HASH_CLIENT, key)).isEqualTo(Outcome.CHOSEN);
      assertThat(out).containsExactly(full, open);
    }
  }

  @ParameterizedTest
  @EnumSource(Balance.class)
  void nothingIsAllocated(Balance balance) {
    Node[] nodes = new Node[20];
    for (int i = 0; i < nodes.length; i++) {
      nodes[i] =
          Nodes.limited(
              i,
              i < 15 ? Node.Role.LOCAL : Node.Role.BACKUP,
              Nodes.limits(100, 5, Duration.ofSeconds(1)));
    }
    use(nodes);
    state(nodes[3]).failed(Reason.TARGET_SILENT);
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long best = Long.MAX_VALUE;
    long allocated = Long.MAX_VALUE;
    int times = 10_000;
    for (int round = 0; round < 20; round++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      long start = System.nanoTime();
      for (int i = 0; i < times; i++) {
        choose(balance, i);
      }
      best = Math.min(best, (System.nanoTime() - start) / times);
      allocated = Math.min(allocated, threads.getCurrentThreadAllocatedBytes() - before);
    }
    assertThat(out).hasSize(Balancer.TRIES);
    System.out.println("a node among 15 is chosen by " + balance.text() + " in " + best + " ns");
    assertThat(allocated).isLessThan(times);
  }
}

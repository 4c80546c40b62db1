package dev.baton.routing;

import dev.baton.directory.Copy;
import dev.baton.directory.Dataset.Balance;
import dev.baton.directory.Node;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Chooses among a part's copies: those that are complete, on nodes that are up and well and of the
 * client's family; backups when there is none else. Belongs to one event loop; allocates nothing.
 */
final class Balancer {
  /** What became of a choice. */
  enum Outcome {
    /** There are nodes to try. */
    CHOSEN,
    /** All that serve have as many flows as they may. */
    FULL,
    /** No copy on a node of the cluster is complete. */
    NONE_COMPLETE,
    /** No node of the cluster with a complete copy is up and well. */
    NONE_UP,
    /** None of those is reached over the client's family. */
    NONE_IN_FAMILY
  }

  /** Nodes that are tried for one connection: more would take longer than clients wait. */
  static final int TRIES = 4;

  /** What a node may have more than its share before a hash passes it over (bounded load). */
  private static final double BOUND = 1.25;

  /** Flows that are never too many: one client's connections belong together, and are several. */
  private static final int FEW = 32;

  private @Nullable Node[] nodes = new Node[8];
  private NodeState[] states = new NodeState[8];
  private double[] weights = new double[8];
  private double[] scores = new double[8];
  private int count;
  private int shortest;
  private long turn;

  /**
   * The node where a connection would have to wait, after {@link Outcome#FULL}; null: all queues
   * are full.
   */
  @Nullable Node shortestQueue;

  /**
   * Chooses.
   *
   * @param version that copies must be of
   * @param key what hashing goes by
   * @param fleet states by name
   * @param waits whether the connection waits already, and nobody does before it
   * @param now CLOCK_MONOTONIC nanoseconds
   * @param out is filled with the nodes to try, the best first; at most {@value #TRIES}
   */
  Outcome choose(
      List<Copy> copies,
      String version,
      Balance balance,
      boolean v4,
      long key,
      Map<String, NodeState> fleet,
      boolean waits,
      long now,
      List<Node> out) {
    out.clear();
    shortestQueue = null;
    Outcome best = Outcome.NONE_COMPLETE;
    for (int i = 0; i < 2; i++) {
      Node.Role role = i == 0 ? Node.Role.LOCAL : Node.Role.BACKUP;
      Outcome found = gather(copies, version, role, v4, fleet, now);
      if (found == Outcome.CHOSEN) {
        score(balance, key, waits);
        take(out, now);
        return out.isEmpty() ? Outcome.FULL : Outcome.CHOSEN;
      }
      best = found.compareTo(best) > 0 ? found : best;
    }
    return best;
  }

  /** Fills the arrays with the nodes of a role that serve; the outcome says how far they came. */
  private Outcome gather(
      List<Copy> copies,
      String version,
      Node.Role role,
      boolean v4,
      Map<String, NodeState> fleet,
      long now) {
    count = 0;
    Outcome best = Outcome.NONE_COMPLETE;
    grow(copies.size());
    for (int i = 0; i < copies.size(); i++) {
      Copy copy = copies.get(i);
      Node node = copy.node();
      if (node.role() != role || !copy.serves(version)) {
        continue;
      }
      NodeState state = fleet.get(node.name());
      if (node.state() != Node.State.UP || state == null || !state.isWell()) {
        best = best == Outcome.NONE_COMPLETE ? Outcome.NONE_UP : best;
      } else if (node.address(v4) == null) {
        best = Outcome.NONE_IN_FAMILY;
      } else {
        nodes[count] = node;
        states[count] = state;
        weights[count] = node.weight() * state.share(node.limits().slowStart().toNanos(), now);
        count++;
      }
    }
    return count > 0 ? Outcome.CHOSEN : best;
  }

  private void grow(int size) {
    if (size > nodes.length) {
      nodes = new Node[2 * size];
      states = new NodeState[2 * size];
      weights = new double[2 * size];
      scores = new double[2 * size];
    }
  }

  /** The lower the better. */
  private void score(Balance balance, long key, boolean waits) {
    boolean hashed = balance != Balance.LEAST_FLOWS;
    double bound = hashed ? bound() : 0;
    for (int i = 0; i < count; i++) {
      int flows = states[i].flows();
      if (hashed) {
        scores[i] = rendezvous(states[i].seed, key, weights[i]);
        if (flows >= FEW && flows + 1 > Math.ceil(bound * weights[i])) {
          scores[i] += 1e9; // only when all others are passed over, too
        }
      } else {
        scores[i] = (flows + 1) / weights[i];
      }
      Node node = Objects.requireNonNull(nodes[i]);
      if (isFull(node, states[i], waits)) {
        noteQueue(node, states[i].waiting(), waits);
        scores[i] = Double.POSITIVE_INFINITY;
      }
    }
  }

  /**
   * Whether a node has as many flows as it may. Who waits already counts as if it had its flow, and
   * is not overtaken.
   *
   * @param waits see {@link #choose}
   */
  static boolean isFull(Node node, NodeState state, boolean waits) {
    int max = node.limits().maxFlows();
    return max > 0 && state.flows() + (waits ? 0 : state.waiting()) >= max;
  }

  /**
   * Whether a connection may wait at a full node; one that does already has its place.
   *
   * @param waits see {@link #choose}
   */
  static boolean hasRoom(Node node, int waiting, boolean waits) {
    return waits || waiting < node.limits().queue();
  }

  private void noteQueue(Node node, int waiting, boolean waits) {
    if (hasRoom(node, waiting, waits) && (shortestQueue == null || waiting < shortest)) {
      shortestQueue = node;
      shortest = waiting;
    }
  }

  /** Flows for each unit of weight that are not too many (Mirrokni and others, 2016). */
  private double bound() {
    long flows = 1;
    double weight = 0;
    for (int i = 0; i < count; i++) {
      flows += states[i].flows();
      weight += weights[i];
    }
    return BOUND * flows / weight;
  }

  /**
   * Weighted rendezvous hashing: the node with the least −ln(u)/w, u drawn by key and node. A node
   * that comes or goes moves its own keys alone.
   */
  private static double rendezvous(long seed, long key, double weight) {
    double u = ((mix(seed ^ mix(key)) >>> 11) + 0.5) * 0x1.0p-53;
    return -Math.log(u) / weight;
  }

  /** SplitMix64's finisher. */
  static long mix(long z) {
    long a = (z ^ (z >>> 30)) * 0xbf58_476d_1ce4_e5b9L;
    long b = (a ^ (a >>> 27)) * 0x94d0_49bb_1331_11ebL;
    return b ^ (b >>> 31);
  }

  /**
   * The best first; among equals, the one that has not had its turn for longest, whichever site or
   * loop that was for.
   */
  private void take(List<Node> out, long now) {
    turn = Math.max(turn + 1, now);
    for (int tries = Math.min(TRIES, count); tries > 0; tries--) {
      int best = -1;
      for (int i = 0; i < count; i++) {
        if (scores[i] < Double.POSITIVE_INFINITY && (best < 0 || isBefore(i, best))) {
          best = i;
        }
      }
      if (best < 0) {
        break;
      }
      if (out.isEmpty()) {
        states[best].lastTurn = turn;
      }
      out.add(Objects.requireNonNull(nodes[best]));
      scores[best] = Double.POSITIVE_INFINITY;
    }
    Arrays.fill(nodes, 0, count, null);
  }

  private boolean isBefore(int i, int other) {
    return scores[i] < scores[other]
        || (scores[i] == scores[other] && states[i].lastTurn < states[other].lastTurn);
  }
}

package dev.baton.routing;

import dev.baton.directory.Copy;
import dev.baton.directory.Node;
import dev.baton.directory.Part;
import dev.baton.directory.Snapshot;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The states of all nodes, by name, and the flows that they are made of; shared by all loops. */
public final class Fleet {
  private final FlowCounts flows = new FlowCounts();
  private final ConcurrentHashMap<String, NodeState> states = new ConcurrentHashMap<>();
  private volatile View view = new View(Snapshot.empty(), Map.of());

  /** The nodes of one snapshot. */
  record View(Snapshot of, Map<String, NodeState> states) {}

  /** One that knows no node yet. */
  public Fleet() {}

  /** Where ports are counted. */
  public FlowCounts flows() {
    return flows;
  }

  /** The states of a snapshot's nodes, by name; made when they are first asked for. */
  Map<String, NodeState> states(Snapshot snapshot) {
    View now = view;
    return now.of() == snapshot ? now.states() : follow(snapshot);
  }

  private synchronized Map<String, NodeState> follow(Snapshot snapshot) {
    View now = view;
    if (now.of() != snapshot) {
      Map<String, NodeState> all = new HashMap<>();
      for (Node node : snapshot.nodes()) {
        NodeState state = states.computeIfAbsent(node.name(), NodeState::new);
        state.describe(node, flows);
        all.put(node.name(), state);
      }
      states.keySet().retainAll(all.keySet());
      now = new View(snapshot, all);
      view = now;
    }
    return now.states();
  }

  /** The state of a node that a snapshot has had lately; null: none has. */
  public @Nullable NodeState find(String name) {
    return states.get(name);
  }

  /** The state of one of a snapshot's nodes. */
  public NodeState state(Snapshot snapshot, Node node) {
    return Objects.requireNonNull(states(snapshot).get(node.name()), node.name());
  }

  /**
   * The nodes of the cluster that serve a part at the moment, those with the fewest flows for their
   * weight first, backups last. For any thread, and for parts of an old snapshot too: long answers
   * keep theirs.
   */
  public List<Node> serving(Part part, String version) {
    record Ranked(Node node, double load) {}
    List<Ranked> found = new ArrayList<>();
    for (Copy copy : part.copies()) {
      Node node = copy.node();
      NodeState state = find(node.name());
      if (copy.serves(version)
          && node.role() != Node.Role.PUBLIC
          && node.state() == Node.State.UP
          && state != null
          && state.isWell()) {
        found.add(new Ranked(node, (double) state.flows() / node.weight()));
      }
    }
    found.sort(
        Comparator.comparing((Ranked each) -> each.node().role())
            .thenComparingDouble(Ranked::load));
    return found.stream().map(Ranked::node).toList();
  }

  /** All states of a snapshot's nodes. */
  public Collection<NodeState> all(Snapshot snapshot) {
    return List.copyOf(states(snapshot).values());
  }
}

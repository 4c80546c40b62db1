package dev.baton.handoff;

import dev.baton.directory.Node;
import dev.baton.directory.Snapshot;
import dev.baton.reason.Reason;
import dev.baton.routing.Fleet;
import dev.baton.routing.NodeState;
import dev.baton.routing.Router;
import java.util.function.Supplier;

/** What an event loop asks and tells of the nodes that it tries. */
final class Candidates {
  private final Router router;
  private final Fleet fleet;
  private final Supplier<Snapshot> directory;

  Candidates(Router router, Fleet fleet, Supplier<Snapshot> directory) {
    this.router = router;
    this.fleet = fleet;
    this.directory = directory;
  }

  /** Whether a connection's candidate may still be used, as the directory stands now. */
  boolean mayTry(Connection c, Node node) {
    return c.choice == null || router.stillServes(c.choice, node, directory.get());
  }

  /** A handoff to it went live. */
  void succeeded(Node node) {
    NodeState state = fleet.find(node.name());
    if (state != null) {
      state.succeeded();
    }
  }

  /** A handoff to it failed: some reasons speak against the node. */
  void failed(Node node, Reason reason) {
    boolean counts =
        switch (reason) {
          case TARGET_SILENT, TARGET_REFUSED, TARGET_UNREACHABLE, TARGET_UNROUTABLE -> true;
          default -> false;
        };
    NodeState state = counts ? fleet.find(node.name()) : null;
    if (state != null) {
      state.failed(reason);
    }
  }
}

package dev.baton.handoff;

import dev.baton.bindings.libc.LibC;
import dev.baton.directory.Node;
import dev.baton.directory.Site;
import dev.baton.directory.Snapshot;
import dev.baton.http.ErrorPage;
import dev.baton.http.HeadProblem;
import dev.baton.http.RequestHeadParser;
import dev.baton.reason.Reason;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;

/** Steps 1 and 2: reads the request head, no further, and decides where it goes. */
final class HeadReader {
  private final LoopTools tools;
  private final Connections connections;
  private final Handoff handoff;
  private final Answer answer;
  private final Supplier<Snapshot> directory;
  private int turn;

  HeadReader(
      LoopTools tools,
      Connections connections,
      Handoff handoff,
      Answer answer,
      Supplier<Snapshot> directory) {
    this.tools = tools;
    this.connections = connections;
    this.handoff = handoff;
    this.answer = answer;
    this.directory = directory;
  }

  /** Reads what has come. The head's end, a refusal or the stream's end moves the connection on. */
  void read(Connection c, long now) {
    if (c.buffer == null) {
      c.buffer = tools.buffers.take();
    }
    MemorySegment buffer = c.buffer;
    while (c.read < buffer.byteSize()) {
      int got = tools.calls.receive(c.fd, buffer, c.read, buffer.byteSize() - c.read, 0);
      if (got == -LibC.EAGAIN()) {
        waitForMore(c, buffer);
        return;
      }
      if (got <= 0) {
        tools.counters.refused(Reason.CLIENT_GONE);
        connections.close(c);
        return;
      }
      c.read += got;
      RequestHeadParser.Result result = c.parser.parse(buffer, c.read);
      if (result == RequestHeadParser.Result.NEED_MORE) {
        continue;
      }
      if (result == RequestHeadParser.Result.COMPLETE) {
        decide(c, now);
      } else {
        refuse(c, now);
      }
      return;
    }
    tools.counters.refused(Reason.HEAD_TOO_LARGE);
    answer.send(c, ErrorPage.of(431, "the request head is too large", false), now);
  }

  private void waitForMore(Connection c, MemorySegment buffer) {
    if (c.read == 0) {
      tools.buffers.giveBack(buffer);
      c.buffer = null;
    }
    connections.watch(c);
  }

  private void refuse(Connection c, long now) {
    HeadProblem problem = Objects.requireNonNull(c.parser.problem());
    tools.counters.refused(problem.reason());
    answer.send(c, ErrorPage.of(problem, c.parser.isHead()), now);
  }

  private void decide(Connection c, long now) {
    c.headComplete = now;
    if (!cameThroughProgram(c)) {
      answer.send(
          c,
          503,
          Reason.NOT_THROUGH_PROGRAM,
          "this address answers on its public interface only",
          now);
      return;
    }
    Site site = directory.get().find(c.parser.host());
    if (site == null) {
      answer.send(c, 404, Reason.UNKNOWN_HOST, "no site of this name is served here", now);
      return;
    }
    List<Node> nodes = candidates(site, c.tuple.client.isV4());
    if (nodes.isEmpty()) {
      refuse(c, site, now);
      return;
    }
    c.candidates = nodes;
    handoff.begin(c, now);
  }

  private boolean cameThroughProgram(Connection c) {
    return tools.calls.arrivalInterface(c.fd, c.family) == tools.path.publicLink().index()
        && !tools.path.localAddresses().contains(c.tuple.client);
  }

  private void refuse(Connection c, Site site, long now) {
    if (site.nodes().stream().anyMatch(node -> node.state() == Node.State.UP)) {
      String family = c.tuple.client.isV4() ? "IPv4" : "IPv6";
      answer.send(
          c,
          503,
          Reason.NO_ADDRESS_IN_FAMILY,
          "no node that hosts this site is reached over " + family,
          now);
    } else {
      answer.send(c, 503, Reason.NO_NODE_UP, "no node that hosts this site is up", now);
    }
  }

  private boolean takes(Node node, boolean v4) {
    return node.state() == Node.State.UP && node.address(v4) != null;
  }

  /** The nodes that are up and of the client's family, each time beginning with another one. */
  private List<Node> candidates(Site site, boolean v4) {
    if (tools.own(v4).length == 0) {
      return List.of();
    }
    List<Node> all = site.nodes();
    if (all.size() == 1) {
      return takes(all.getFirst(), v4) ? all : List.of();
    }
    List<Node> up = new ArrayList<>(all.size());
    int first = Math.floorMod(turn++, all.size());
    for (int i = 0; i < all.size(); i++) {
      Node node = all.get((first + i) % all.size());
      if (takes(node, v4)) {
        up.add(node);
      }
    }
    return up;
  }
}

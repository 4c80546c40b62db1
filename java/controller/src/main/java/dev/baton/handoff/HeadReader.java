package dev.baton.handoff;

import dev.baton.bindings.libc.LibC;
import dev.baton.directory.Node;
import dev.baton.directory.Site;
import dev.baton.directory.Snapshot;
import dev.baton.head.HeadParser;
import dev.baton.head.Spoken;
import dev.baton.proxy.ProxyHeaderParser;
import dev.baton.reason.Reason;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Steps 1 and 2: reads the request head, no further, and decides where it goes. */
final class HeadReader {
  private final LoopTools tools;
  private final Connections connections;
  private final Handoff handoff;
  private final Answer answer;
  private final Admission admission;
  private final ProxyHeaderParser header;
  private final Supplier<Snapshot> directory;
  private int turn;

  HeadReader(
      LoopTools tools,
      Connections connections,
      Handoff handoff,
      Answer answer,
      Admission admission,
      Supplier<Snapshot> directory) {
    this.tools = tools;
    this.connections = connections;
    this.handoff = handoff;
    this.answer = answer;
    this.admission = admission;
    this.directory = directory;
    header = new ProxyHeaderParser(tools.config.limits().headLimit());
  }

  /** Reads what has come. The head's end, a refusal or the stream's end moves the connection on. */
  void read(Connection c, long now) {
    if (c.buffer == null) {
      c.buffer = tools.buffers.take();
    }
    MemorySegment buffer = c.buffer;
    while (true) {
      if (c.read == buffer.byteSize()) {
        if (!tools.buffers.canGrow(buffer)) {
          answer.send(c, 431, Reason.HEAD_TOO_LARGE, "the request head is too large", now);
          return;
        }
        buffer = tools.buffers.grow(buffer);
        if (buffer == null) {
          answer.send(c, 503, Reason.TOO_MANY_CONNECTIONS, "there are too many connections", now);
          return;
        }
        c.buffer = buffer;
      }
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
      if (c.awaitsHeader && !takeHeader(c, now)) {
        if (c.awaitsHeader) {
          continue;
        }
        return;
      }
      HeadParser.Result result = c.parser.parse(c.head(), c.read - c.stripped);
      if (result == HeadParser.Result.NEED_MORE) {
        continue;
      }
      if (result == HeadParser.Result.COMPLETE) {
        decide(c, now);
      } else {
        refuse(c, now);
      }
      return;
    }
  }

  private void waitForMore(Connection c, MemorySegment buffer) {
    if (c.read == 0) {
      tools.buffers.giveBack(buffer);
      c.buffer = null;
    } else if (!c.begun) {
      c.begun = true;
      tools.timers.set(c, c.accepted + tools.config.timeouts().head().toNanos());
    }
    connections.watch(c);
  }

  private void refuse(Connection c, long now) {
    if (ProxyHeaderParser.looksLikeOne(c.head(), c.read - c.stripped)) {
      answer.send(
          c, 400, Reason.PROXY_HEADER_UNTRUSTED, "a PROXY header is not believed from here", now);
      return;
    }
    answer.refuse(c, now);
  }

  private void decide(Connection c, long now) {
    c.headComplete = now;
    tools.counters.head(c.parser.active());
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
    if (site.httpsPort() != 0 && c.parser.spoken() != Spoken.TLS) {
      redirect(c, site, now);
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

  /**
   * Reads what a front proxy says of its client; false: the connection is over, or {@link
   * Connection#awaitsHeader} still and more is needed.
   */
  private boolean takeHeader(Connection c, long now) {
    ProxyHeaderParser.Result result = header.parse(c.head(), c.read);
    if (result == ProxyHeaderParser.Result.NEED_MORE) {
      return false;
    }
    c.awaitsHeader = false;
    if (result == ProxyHeaderParser.Result.INVALID) {
      tools.counters.refused(Reason.PROXY_HEADER_MISSING);
      connections.close(c);
      return false;
    }
    c.stripped = header.length();
    if (header.known()) {
      c.source.set(header.source());
      c.sourcePort = header.sourcePort();
      c.destination.set(header.destination());
      c.destinationPort = header.destinationPort();
    }
    return admission.admit(c, now);
  }

  /**
   * Sends the client to the same thing by HTTPS: 301 means the same for GET and HEAD and is older;
   * 308 keeps another method and its body (RFC 9110 15.4.2, 15.4.9).
   */
  private void redirect(Connection c, Site site, long now) {
    if (c.parser.host() == null) {
      answer.send(c, 400, Reason.NO_HOST, "the request does not name its host", now);
      return;
    }
    String location = c.parser.httpsLocation(c.head(), site.httpsPort());
    if (location == null || location.isEmpty()) {
      answer.send(c, 414, Reason.LOCATION_TOO_LONG, "the request target is too long", now);
      return;
    }
    int status = c.parser.isGetOrHead(c.head()) ? 301 : 308;
    answer.redirect(c, status, Reason.REDIRECTED_TO_HTTPS, location, now);
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

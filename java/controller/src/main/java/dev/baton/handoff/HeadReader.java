package dev.baton.handoff;

import dev.baton.bindings.libc.LibC;
import dev.baton.directory.Snapshot;
import dev.baton.head.HeadParser;
import dev.baton.http.FirstMessage;
import dev.baton.http.RequestHeadParser;
import dev.baton.proxy.ProxyHeaderParser;
import dev.baton.reason.Reason;
import dev.baton.routing.Decision;
import dev.baton.routing.Router;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.function.Supplier;

/** Steps 1 and 2: reads the request head, no further, and decides where it goes. */
final class HeadReader {
  private final LoopTools tools;
  private final Connections connections;
  private final Handoff handoff;
  private final Answer answer;
  private final Assembler assembler;
  private final Admission admission;
  private final ProxyHeaderParser header;
  private final Supplier<Snapshot> directory;
  private final Router router;
  private final WaitingRoom waiting;
  private final Decision decision = new Decision();

  HeadReader(
      LoopTools tools,
      Connections connections,
      Handoff handoff,
      Answer answer,
      Assembler assembler,
      Admission admission,
      Supplier<Snapshot> directory,
      Router router,
      WaitingRoom waiting) {
    this.tools = tools;
    this.connections = connections;
    this.handoff = handoff;
    this.answer = answer;
    this.assembler = assembler;
    this.admission = admission;
    this.directory = directory;
    this.router = router;
    this.waiting = waiting;
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
        if (!c.surplus) {
          tools.counters.refused(Reason.CLIENT_GONE);
        }
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
      if (admission.turnedAway(c, now)) {
        return;
      }
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
    boolean _ = carryOut(c, false, now);
  }

  /** Does what the router says; false: it is to wait, as before if it {@code waits} already. */
  private boolean carryOut(Connection c, boolean waits, long now) {
    Decision d = decision;
    router.route(
        directory.get(), c.parser, c.head(), c.tuple.client, c.tuple.listenerPort, waits, now, d);
    if (d.kind == Decision.Kind.WAIT) {
      if (!waits) {
        waiting.enter(c, Objects.requireNonNull(d.queue), d.queueNanos, now);
      }
      return false;
    }
    switch (d.kind) {
      case HAND_OVER -> handOver(c, d, now);
      case REDIRECT -> answer.redirect(c, d.status, d.reason, d.location, now);
      case REFUSE -> answer.send(c, d.status, d.reason, d.detail, d.size, now);
      case ASSEMBLE -> {
        c.closes = true;
        c.newHost = d.host;
        if (isAlone(c, now)) {
          assembler.begin(c, d, now);
        }
      }
      case WAIT -> throw new AssertionError(d.kind);
    }
    // Not before its flow is counted: else the next one would take its room for free.
    if (c.stage != Connection.Stage.WAIT) {
      waiting.leave(c);
    }
    return true;
  }

  private void handOver(Connection c, Decision d, long now) {
    c.candidates.clear();
    for (int i = 0; i < d.candidates.size(); i++) {
      c.candidates.add(d.candidates.get(i));
    }
    c.choice =
        new Decision.Choice(
            d.snapshot(), Objects.requireNonNull(d.site), Objects.requireNonNull(d.part));
    c.tuple.dataset = c.choice.site().dataset().id();
    c.closes = d.closes;
    c.asItIs = c.choice.part().range() != null;
    c.newHost = d.host;
    if (isAlone(c, now)) {
      handoff.begin(c, now);
    }
  }

  /** Its candidates may not be used any more. */
  void chooseAgain(Connection c, long now) {
    c.candidate = 0;
    waiting.leave(c);
    boolean _ = carryOut(c, false, now);
  }

  /** A flow may have ended; whether it is this connection's turn. */
  boolean calledUp(Connection c, long now) {
    return carryOut(c, true, now);
  }

  /** It has waited for as long as it may. */
  void waitedInVain(Connection c, long now) {
    waiting.leave(c);
    answer.send(c, 503, Reason.NODES_FULL, "the nodes that host this site have all they take", now);
  }

  /**
   * Whether no second request stands behind the first on a connection that ends after one: it would
   * never be answered, and might belong to another node. One is being refused otherwise.
   */
  private boolean isAlone(Connection c, long now) {
    RequestHeadParser request = c.parser.request();
    if (!c.closes
        || request == null
        || !FirstMessage.isFollowed(c.head(), request, c.read - c.stripped)) {
      return true;
    }
    answer.send(
        c,
        400,
        Reason.SECOND_REQUEST,
        "a connection to this site takes one request: wait for its answer",
        now);
    return false;
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

  private boolean cameThroughProgram(Connection c) {
    return tools.calls.arrivalInterface(c.fd, c.family) == tools.path.publicLink().index()
        && !tools.path.localAddresses().contains(c.tuple.client);
  }
}

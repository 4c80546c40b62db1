package dev.baton.handoff;

import dev.baton.bindings.flow.Baton;
import dev.baton.dataplane.FlowTuple;
import dev.baton.dataplane.FlowView;
import dev.baton.dataplane.TargetEvent;
import dev.baton.directory.Snapshot;
import dev.baton.net.Segment;
import dev.baton.reason.Reason;
import dev.baton.routing.Fleet;
import dev.baton.routing.Router;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends whatever happens to a connection (bytes, time, the target's answers, the end) to the step
 * that its stage is about. One connection's misfortune ends that connection: its loop has thousands
 * of others.
 */
final class Steps {
  private static final Logger LOG = LoggerFactory.getLogger(Steps.class);

  private final LoopTools tools;
  private final Connections connections;
  private final Ports ports;
  private final int instance;
  private final Answer answer;
  private final Replayer replayer;
  private final Handoff handoff;
  private final HeadReader reader;
  private final Assembler assembler;
  private final Admission admission;
  private final WaitingRoom waiting;
  private final TargetEvent event = new TargetEvent();
  private final FlowTuple eventTuple = new FlowTuple();

  Steps(
      LoopTools tools,
      Connections connections,
      Ports ports,
      int instance,
      Arena arena,
      Supplier<Snapshot> directory,
      Fleet fleet) {
    this.tools = tools;
    this.connections = connections;
    this.ports = ports;
    this.instance = instance;
    answer = new Answer(tools, connections, arena);
    replayer = new Replayer(tools, connections, ports);
    var settings =
        new Router.Settings(
            tools.config.clusterDomain(),
            tools.config.redirectStatus(),
            tools.own(true).length > 0,
            tools.own(false).length > 0);
    Router router = new Router(fleet, settings);
    handoff =
        new Handoff(
            tools, connections, ports, answer, replayer, new Candidates(router, fleet, directory));
    waiting = new WaitingRoom(tools, connections);
    admission = new Admission(tools, connections, answer);
    assembler = new Assembler(tools, connections, answer, fleet, arena);
    reader =
        new HeadReader(
            tools, connections, handoff, answer, assembler, admission, directory, router, waiting);
    handoff.onStale(reader::chooseAgain);
  }

  /**
   * A connection has been accepted. Who is behind a front proxy is admitted when that has told who
   * it is.
   */
  void accepted(Connection c, boolean fromFrontProxy, long now) {
    c.awaitsHeader = fromFrontProxy;
    if (fromFrontProxy || admission.admit(c, now)) {
      readable(c, now);
    }
  }

  /** Bytes, or the end of the stream, may be there to read. */
  void readable(Connection c, long now) {
    try {
      switch (c.stage) {
        case HEAD -> reader.read(c, now);
        case ANSWER -> answer.push(c, now);
        case WAIT -> handoff.closeIfGone(c);
        case PIECES -> assembler.push(c, now);
        case SETUP, REPLAY, FREE -> {
          // More of the body: the old socket keeps it for the drain. Edge-triggered, so it is said
          // once.
        }
      }
    } catch (RuntimeException e) {
      failed(c, e);
    }
  }

  /** A connection's time is over, for its stage. */
  void deadline(Connection c, long now) {
    try {
      switch (c.stage) {
        case HEAD -> headTooSlow(c, now);
        case WAIT -> reader.waitedInVain(c, now);
        case SETUP -> handoff.deadline(c, now);
        case REPLAY -> replayer.deadline(c, now);
        case ANSWER -> answer.deadline(c, now);
        case PIECES -> assembler.deadline(c);
        case FREE -> throw new AssertionError("a free connection has no deadline");
      }
    } catch (RuntimeException e) {
      failed(c, e);
    }
  }

  /** Whether someone waits for a flow to end. */
  boolean someWait() {
    return !waiting.isEmpty();
  }

  /** Those who wait for a flow to end are asked, in their order, whether it is their turn. */
  void callWaiting(long now) {
    waiting.call(c -> {
      try {
        return reader.calledUp(c, now);
      } catch (RuntimeException e) {
        failed(c, e);
        return true;
      }
    });
  }

  private void headTooSlow(Connection c, long now) {
    if (c.surplus) {
      admission.deadline(c, now);
      return;
    }
    if (c.read == 0 || c.awaitsHeader) {
      // Nobody asked anything: nothing is to be answered (RFC 9110 15.5.9 allows either).
      boolean early = now < c.accepted + tools.config.timeouts().head().toNanos();
      tools.counters.refused(
          c.read > 0
              ? Reason.PROXY_HEADER_MISSING
              : early ? Reason.NO_FIRST_BYTE : c.parser.tooSlow());
      connections.close(c);
      return;
    }
    answer.send(c, 408, c.parser.tooSlow(), "the request head did not arrive in time", now);
  }

  /** The ring has an event; its bytes are there only during the call. */
  void event(MemorySegment data) {
    event.over(data);
    event.into(eventTuple);
    long now = tools.calls.monotonic();
    Connection c = addressee(event.instance(), event.slot(), eventTuple);
    if (c != null) {
      try {
        answered(c, event.type(), now);
      } catch (RuntimeException e) {
        failed(c, e);
      }
    }
    if (event.type() == Baton.BATON_EVENT_CLOSED()) {
      ports.closed(eventTuple, (event.flags() & Segment.RST) != 0, now);
    }
  }

  /** The connection that a slot names, if it is still about the same target leg. */
  private @Nullable Connection addressee(int itsInstance, int slot, FlowTuple t) {
    Connection c = itsInstance == instance ? connections.find(slot) : null;
    return c != null && Connections.isAbout(c, t) ? c : null;
  }

  private void answered(Connection c, int type, long now) {
    if (c.stage == Connection.Stage.SETUP) {
      if (c.ports == null) {
        return; // it was about an attempt that has been given up
      }
      if (type == Baton.BATON_EVENT_CHALLENGE()) {
        handoff.onChallenge(c, event, now);
      } else if (type == Baton.BATON_EVENT_UNREACHABLE()) {
        // It quotes the SYN that it is about.
        if (event.sequence() == c.initialSequence) {
          handoff.onUnreachable(c, now);
        }
      } else if (event.acknowledgment() != c.initialSequence + 1) {
        return; // it waited in the ring while its attempt was given up for another
      } else if (type == Baton.BATON_EVENT_SYNACK()) {
        handoff.onSynAck(c, event, now);
      } else if (type == Baton.BATON_EVENT_RST()) {
        handoff.onReset(c, now);
      }
    } else if (c.stage == Connection.Stage.REPLAY) {
      if (type == Baton.BATON_EVENT_CLOSED()) {
        replayer.onClosed(c, event.fromTarget());
      } else if (type == Baton.BATON_EVENT_ACK()) {
        replayer.onAck(c, event, now);
      } else if (type == Baton.BATON_EVENT_SYNACK_AGAIN() || type == Baton.BATON_EVENT_SYNACK()) {
        replayer.onSynAckAgain(c, now);
      } else if (type == Baton.BATON_EVENT_TOO_BIG()) {
        replayer.onTooBig(c, event, now);
      } else if (type == Baton.BATON_EVENT_RST()
          && event.acknowledgment() == c.initialSequence + 1) {
        // It came in behind the SYN,ACK, while the entry still was a pending one.
        replayer.abort(c, Reason.TARGET_RESET_IN_REPLAY);
      }
    }
  }

  /**
   * Judges a flow that the sweeper found: over without our having heard of it, or idle for too
   * long. Other loops' flows are left to them.
   */
  void judge(Sweeper.Finding found) {
    FlowView view = found.view();
    FlowTuple t = view.tuple();
    if (!ports.owns(t) || hasChanged(view)) {
      return;
    }
    Connection c = addressee(view.instance(), view.slot(), t);
    if (view.closed()) {
      if (c != null && c.stage == Connection.Stage.REPLAY) {
        replayer.onClosed(c, view.reset());
      }
      ports.foundClosed(t, view.reset(), tools.calls.monotonic());
    } else if (found.idle() && c == null) {
      tools.flows.removeStale(t);
      ports.release(t);
    }
  }

  /** Whether the port has become another flow's since, or the target has sent something. */
  private boolean hasChanged(FlowView view) {
    return tools.flows.readToClient(view.tuple())
        && (tools.flows.created() != view.created()
            || (!view.toTarget() && !view.closed() && tools.flows.lastSeen() != view.lastSeen()));
  }

  /** There may be no next controller to find the orphans: their clients must not wait for it. */
  void endUnfinished(long now) {
    for (Connection c : connections.all()) {
      try {
        if (c.stage == Connection.Stage.SETUP || c.stage == Connection.Stage.WAIT) {
          handoff.shutDown(c, now);
        } else if (c.stage == Connection.Stage.REPLAY) {
          replayer.abort(c, Reason.SHUTTING_DOWN);
        } else if (c.stage == Connection.Stage.PIECES) {
          tools.counters.refused(Reason.SHUTTING_DOWN);
          assembler.abandon(c);
        }
      } catch (RuntimeException e) {
        failed(c, e);
      }
    }
  }

  private void failed(Connection c, RuntimeException e) {
    LOG.error("event=connection-failed stage={} client={}", c.stage, c.tuple.client, e);
    try {
      giveUp(c);
    } catch (RuntimeException again) {
      LOG.error("event=connection-lost client={}", c.tuple.client, again);
      if (c.stage != Connection.Stage.FREE) {
        connections.close(c);
      }
    }
  }

  private void giveUp(Connection c) {
    switch (c.stage) {
      case SETUP -> handoff.abandon(c);
      case REPLAY -> replayer.abort(c, Reason.SNAPSHOT_FAILED);
      case PIECES -> assembler.abandon(c);
      case HEAD, WAIT, ANSWER -> connections.close(c);
      case FREE -> {
        // It was closed before it failed.
      }
    }
  }
}

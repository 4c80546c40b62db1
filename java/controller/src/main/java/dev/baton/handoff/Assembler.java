package dev.baton.handoff;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.baton.bindings.libc.LibC;
import dev.baton.pieces.HandOver;
import dev.baton.pieces.Outcome;
import dev.baton.pieces.PieceRequest;
import dev.baton.pieces.Pieces;
import dev.baton.reason.Reason;
import dev.baton.routing.Decision;
import dev.baton.routing.Fleet;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * The event loop's side of answers that are put together of pieces: a thread of {@link Pieces}
 * fetches them, and what it hands over is written to the client's socket, which never leaves the
 * loop.
 */
final class Assembler {
  /** linux/tcp.h: bytes that the kernel takes before it has sent them. */
  private static final int TCP_NOTSENT_LOWAT = 25;

  private final LoopTools tools;
  private final Connections connections;
  private final Answer answer;
  private final Fleet fleet;
  private final MemorySegment chunk;

  Assembler(LoopTools tools, Connections connections, Answer answer, Fleet fleet, Arena arena) {
    this.fleet = fleet;
    this.tools = tools;
    this.connections = connections;
    this.answer = answer;
    chunk = arena.allocate(HandOver.SIZE);
  }

  /** No single part holds what is asked for. */
  void begin(Connection c, Decision decision, long now) {
    int slot = c.slot();
    String version = Objects.requireNonNull(decision.site).dataset().version();
    HandOver pieces =
        new HandOver(() ->
            tools.post.accept(() -> {
              Connection same = connections.find(slot);
              if (same != null && same.stage == Connection.Stage.PIECES) {
                push(same, tools.calls.monotonic());
              }
            }));
    var request =
        new PieceRequest(
            MemorySegment.ofArray(c.head().asSlice(0, c.parser.headLength()).toArray(JAVA_BYTE)),
            decision.host,
            Objects.requireNonNull(decision.file),
            part -> fleet.serving(part, version),
            c.source,
            c.sourcePort,
            c.destination,
            c.destinationPort);
    if (!tools.pieces.start(request, pieces)) {
      answer.send(
          c,
          503,
          Reason.TOO_MANY_ASSEMBLED,
          "too many answers are being put together from pieces",
          now);
      return;
    }
    if (tools.calls.setOption(c.fd, LibC.IPPROTO_TCP(), TCP_NOTSENT_LOWAT, HandOver.SIZE) < 0) {
      tools.counters.systemCallFailed(); // its socket takes more memory than it need
    }
    c.pieces = pieces;
    c.stage = Connection.Stage.PIECES;
    tools.timers.cancel(c);
    connections.watchBothWays(c);
  }

  /** Something was handed over, or the socket has room, or the client is gone. */
  void push(Connection c, long now) {
    HandOver pieces = Objects.requireNonNull(c.pieces);
    boolean sentSome = false;
    for (int left = pieces.copyTo(chunk); left > 0; left = pieces.copyTo(chunk)) {
      int sent = tools.calls.send(c.fd, chunk, 0, left);
      if (sent == -LibC.EAGAIN()) {
        if (sentSome || c.deadlineTick < 0) {
          tools.timers.set(c, now + tools.config.timeouts().stalled().toNanos());
        }
        return;
      }
      if (sent < 0) {
        gone(c);
        return;
      }
      sentSome = true;
      pieces.taken(sent);
    }
    tools.timers.cancel(c);
    Outcome outcome = pieces.outcome();
    if (outcome != null) {
      end(c, outcome, now);
    } else if (tools.calls.receive(c.fd, chunk, 0, 1, LibC.MSG_PEEK() | LibC.MSG_DONTWAIT())
        == -LibC.ECONNRESET()) {
      gone(c);
    }
  }

  private void end(Connection c, Outcome outcome, long now) {
    c.pieces = null;
    switch (outcome) {
      case Outcome.Complete() -> answer.end(c, now);
      case Outcome.Refused(int status, Reason reason, String detail, long size) ->
          answer.send(c, status, reason, detail, size, now);
      case Outcome.Cut(Reason reason) -> {
        tools.counters.refused(reason);
        connections.close(c);
      }
      case Outcome.Gone() -> connections.close(c);
    }
  }

  /** The client has taken nothing for too long. */
  void deadline(Connection c) {
    gone(c);
  }

  private void gone(Connection c) {
    tools.counters.refused(Reason.CLIENT_GONE);
    abandon(c);
  }

  /** Ends the fetch and the connection, whatever is still to be sent. */
  void abandon(Connection c) {
    HandOver pieces = c.pieces;
    if (pieces != null) {
      pieces.cancel();
    }
    connections.close(c);
  }
}

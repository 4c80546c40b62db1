package dev.baton.handoff;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.baton.bindings.libc.LibC;
import dev.baton.http.ErrorPage;
import dev.baton.reason.Reason;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Sends a page from the living socket and ends the connection so that the page arrives even while
 * the client still sends: half-close, read on for a while, close (RFC 9112 9.6).
 */
final class Answer {
  private static final long DRAIN_NANOS = 1_000_000_000L;
  private static final int DRAIN_BYTES = 256 * 1024;
  private static final int CHUNK = 16 * 1024;

  private final LoopTools tools;
  private final Connections connections;
  private final MemorySegment chunk;

  Answer(LoopTools tools, Connections connections, Arena arena) {
    this.tools = tools;
    this.connections = connections;
    chunk = arena.allocate(CHUNK);
  }

  /** Sends the page for a status and counts the reason. */
  void send(Connection c, int status, Reason reason, String detail, long now) {
    tools.counters.refused(reason);
    send(c, ErrorPage.of(status, detail, c.parser.isHead()), now);
  }

  /** Sends a page. */
  void send(Connection c, byte[] page, long now) {
    c.stage = Connection.Stage.ANSWER;
    int length = Math.min(page.length, CHUNK);
    MemorySegment.copy(page, 0, chunk, JAVA_BYTE, 0, length);
    int sent = tools.calls.send(c.fd, chunk, 0, length);
    if (sent < 0 || tools.calls.shutdown(c.fd, LibC.SHUT_WR()) < 0) {
      connections.close(c);
      return;
    }
    connections.watch(c);
    tools.timers.set(c, now + DRAIN_NANOS);
    drain(c);
  }

  /** Reads and throws away what the client still sends. */
  void drain(Connection c) {
    while (c.answerDrained < DRAIN_BYTES) {
      int got = tools.calls.receive(c.fd, chunk, 0, CHUNK, 0);
      if (got == -LibC.EAGAIN()) {
        return;
      }
      if (got <= 0) {
        connections.close(c);
        return;
      }
      c.answerDrained += got;
    }
    connections.close(c);
  }
}

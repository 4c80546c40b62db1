package dev.baton.handoff;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.baton.bindings.libc.LibC;
import dev.baton.bindings.libc.tcp_info;
import dev.baton.head.Pages;
import dev.baton.http.Accept;
import dev.baton.http.ErrorPages;
import dev.baton.http.Refusal;
import dev.baton.http.RequestHeadParser;
import dev.baton.reason.Reason;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Instant;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Sends a page from the living socket and ends the connection so that the page arrives even while
 * the client still sends: half-close, read on for a while, close (RFC 9112 9.6). Closed with bytes
 * unread the socket sends RST, and one that overtakes a lost page would be all that the client
 * gets: so what is not read waits until the page is acknowledged.
 */
final class Answer {
  private static final long DRAIN_NANOS = 1_000_000_000L;
  private static final long LOOK_AGAIN_NANOS = 10_000_000L;
  private static final int DRAIN_BYTES = 256 * 1024;

  private final LoopTools tools;
  private final Connections connections;
  private final MemorySegment chunk;
  private final MemorySegment info;
  private final RefusalLog log = new RefusalLog();
  private final SplittableRandom ids = new SplittableRandom();

  Answer(LoopTools tools, Connections connections, Arena arena) {
    this.tools = tools;
    this.connections = connections;
    chunk = arena.allocate(ErrorPages.SIZE_MAX);
    info = arena.allocate(tcp_info.layout());
  }

  /** Sends what says this status in the client's protocol, and counts the reason. */
  void send(Connection c, int status, Reason reason, String detail, long now) {
    tools.counters.refused(reason);
    page(c, status, reason, detail, now);
  }

  /** Sends the same with the size of the file that was asked for; 0: it is not known. */
  void send(Connection c, int status, Reason reason, String detail, long size, long now) {
    tools.counters.refused(reason);
    say(c, reason, null, size, pages -> c.parser.answer(status, detail, pages), now);
  }

  /** Sends the same for a reason that has been counted. */
  void page(Connection c, int status, Reason reason, String detail, long now) {
    say(c, reason, null, 0, pages -> c.parser.answer(status, detail, pages), now);
  }

  /** An answer has been sent by others: ends the connection as after a page. */
  void end(Connection c, long now) {
    c.stage = Connection.Stage.ANSWER;
    c.answerEnds = now + DRAIN_NANOS;
    tools.timers.set(c, c.answerEnds);
    if (tools.calls.shutdown(c.fd, LibC.SHUT_WR()) < 0) {
      connections.close(c);
      return;
    }
    push(c, now);
  }

  /** Sends what the head's own reader says of a head that it refuses, and counts the reason. */
  void refuse(Connection c, long now) {
    Reason reason = c.parser.reason();
    tools.counters.refused(reason);
    say(c, reason, null, 0, c.parser::refusal, now);
  }

  /** Sends the client elsewhere, and counts why. */
  void redirect(Connection c, int status, Reason reason, String location, long now) {
    tools.counters.refused(reason);
    String detail = "this site is served at another address";
    say(c, reason, location, 0, pages -> c.parser.answer(status, detail, pages), now);
  }

  private void say(
      Connection c,
      Reason reason,
      @Nullable String location,
      long size,
      Function<Pages, byte[]> words,
      long now) {
    String id = "%016x".formatted(ids.nextLong());
    boolean html = wantsHtml(c);
    Pages pages =
        (status, detail, withoutBody) ->
            tools
                .config
                .errorPages()
                .response(
                    new Refusal(
                        status, detail, id, c.parser.host(), html, withoutBody, location, size),
                    Instant.now());
    log.refused(id, c, reason, now);
    c.stage = Connection.Stage.ANSWER;
    c.answer = words.apply(pages);
    c.answerEnds = now + DRAIN_NANOS;
    tools.timers.set(c, c.answerEnds);
    push(c, now);
  }

  private static boolean wantsHtml(Connection c) {
    RequestHeadParser request = c.parser.request();
    int length = request == null ? 0 : request.acceptLength();
    if (request == null || length == 0 || c.buffer == null) {
      return false;
    }
    byte[] value = c.head().asSlice(request.acceptStart(), length).toArray(JAVA_BYTE);
    return Accept.prefersHtml(new String(value, ISO_8859_1));
  }

  /** The client sends, or takes more: sends the rest of the page, throws away what comes. */
  void push(Connection c, long now) {
    byte[] page = c.answer;
    int left = page.length - c.answerSent;
    if (left > 0) {
      MemorySegment.copy(page, c.answerSent, chunk, JAVA_BYTE, 0, left);
      int sent = tools.calls.send(c.fd, chunk, 0, left);
      if (sent < 0 && sent != -LibC.EAGAIN()) {
        connections.close(c);
        return;
      }
      c.answerSent += Math.max(sent, 0);
      if (c.answerSent < page.length) {
        connections.watchBothWays(c);
        return;
      }
      if (tools.calls.shutdown(c.fd, LibC.SHUT_WR()) < 0) {
        connections.close(c);
        return;
      }
    }
    connections.watch(c);
    drain(c, now);
  }

  /** Reads and throws away what the client still sends. */
  private void drain(Connection c, long now) {
    while (c.answerDrained < DRAIN_BYTES) {
      int got = tools.calls.receive(c.fd, chunk, 0, chunk.byteSize(), 0);
      if (got == -LibC.EAGAIN()) {
        return;
      }
      if (got <= 0) {
        connections.close(c);
        return;
      }
      c.answerDrained += got;
    }
    closeOnceItHasArrived(c, now);
  }

  /** The time for the client to read its page is over, or it was worth another look. */
  void deadline(Connection c, long now) {
    if (now >= c.answerEnds) {
      connections.close(c);
    } else {
      closeOnceItHasArrived(c, now);
    }
  }

  private void closeOnceItHasArrived(Connection c, long now) {
    boolean known = tools.calls.getOption(c.fd, LibC.IPPROTO_TCP(), LibC.TCP_INFO(), info) >= 0;
    if (!known || tcp_info.tcpi_unacked(info) == 0) {
      connections.close(c);
    } else {
      tools.timers.set(c, Math.min(now + LOOK_AGAIN_NANOS, c.answerEnds));
    }
  }
}

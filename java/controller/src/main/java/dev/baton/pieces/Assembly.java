package dev.baton.pieces;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.baton.directory.Node;
import dev.baton.directory.Part;
import dev.baton.http.RangeHeader;
import dev.baton.http.RequestHeadParser;
import dev.baton.reason.Reason;
import dev.baton.routing.SplitFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One answer on its thread: settles the client's conditions (RFC 9110, section 13.2.2), then sends
 * the pieces one after the other. Never a byte of another version and never a byte too many: what
 * cannot be had ends the answer short of its Content-Length.
 */
final class Assembly {
  private static final Logger LOG = LoggerFactory.getLogger(Assembly.class);
  private static final String CRLF = "\r\n";

  private final Pieces pieces;
  private final PieceRequest request;
  private final SplitFile file;
  private final HandOver out;
  private final RequestHeadParser http;
  private final MemorySegment head;
  private boolean begun;

  // The piece that is open.
  private @Nullable NodeAnswer answer;
  private Set<Node> failed = new HashSet<>();

  Assembly(Pieces pieces, PieceRequest request, HandOver out) {
    this.pieces = pieces;
    this.request = request;
    this.file = request.file();
    this.out = out;
    head = request.head();
    http = new RequestHeadParser((int) head.byteSize());
  }

  void run() {
    Outcome outcome = new Outcome.Cut(Reason.PIECE_LOST);
    try {
      http.parse(head, head.byteSize());
      outcome = answer(new Fetcher(pieces, request, http));
    } catch (HandOver.ClientGone e) {
      outcome = new Outcome.Gone();
    } catch (Fetcher.Lost e) {
      outcome = lost(e);
    } catch (RuntimeException e) {
      LOG.error("event=pieces-failed path={}", file.path(), e);
      outcome = begun ? outcome : refused();
    } finally {
      close();
      out.end(outcome);
    }
  }

  private static Outcome refused() {
    return new Outcome.Refused(
        502, Reason.PIECE_LOST, "a part of the file cannot be had at the moment", 0);
  }

  private Outcome lost(Fetcher.Lost lost) {
    if (begun) {
      return new Outcome.Cut(Reason.PIECE_LOST);
    }
    if (lost.refusal != null) {
      try {
        return relay(lost.refusal);
      } catch (HandOver.ClientGone e) {
        return new Outcome.Gone();
      }
    }
    return refused();
  }

  private Outcome answer(Fetcher fetcher) throws Fetcher.Lost, HandOver.ClientGone {
    boolean ranged = http.ranges() == 1;
    if (http.conditional() || http.ifRangeStart() != 0) {
      ResponseHead judged = fetcher.judged();
      if (judged.status() != 200) {
        return relay(judged);
      }
      ranged &= http.ifRangeStart() == 0 || judged.validator().matches(ifRange());
    }
    RangeHeader ranges = new RangeHeader();
    RangeHeader.Result asked = RangeHeader.Result.IGNORED;
    if (ranged) {
      long start = http.rangeStart();
      asked = ranges.parse(head, start, start + http.rangeLength(), file.size());
    }
    return switch (asked) {
      case UNSATISFIABLE ->
          new Outcome.Refused(
              416, Reason.RANGE_UNSATISFIABLE, "the file has no byte of the range", file.size());
      case IGNORED -> whole(fetcher);
      case SATISFIABLE -> {
        List<Span> spans = Span.of(ranges);
        yield spans.size() == 1 ? single(fetcher, spans.getFirst()) : several(fetcher, spans);
      }
    };
  }

  private String ifRange() {
    byte[] value = head.asSlice(http.ifRangeStart(), http.ifRangeLength()).toArray(JAVA_BYTE);
    return new String(value, ISO_8859_1);
  }

  /** What a node says instead of the file: its head, without a body. */
  private Outcome relay(ResponseHead said) throws HandOver.ClientGone {
    String length = said.status() == 304 ? "" : "Content-Length: 0\r\n";
    begin(
        said.status() + " " + said.phrase(),
        said.passedOn(said.status() == 304 ? Set.of() : Set.of("content-type")),
        length);
    return new Outcome.Complete();
  }

  private Outcome whole(Fetcher fetcher) throws Fetcher.Lost, HandOver.ClientGone {
    Span all = new Span(0, file.size() - 1);
    begin("200 OK", first(fetcher, all, Set.of()), length(all.length()));
    stream(fetcher, all);
    return new Outcome.Complete();
  }

  private Outcome single(Fetcher fetcher, Span span) throws Fetcher.Lost, HandOver.ClientGone {
    String fields = first(fetcher, span, Set.of());
    begin("206 Partial Content", fields, contentRange(span) + CRLF + length(span.length()));
    stream(fetcher, span);
    return new Outcome.Complete();
  }

  /** RFC 9110, section 14.6. */
  private Outcome several(Fetcher fetcher, List<Span> spans)
      throws Fetcher.Lost, HandOver.ClientGone {
    String fields = first(fetcher, spans.getFirst(), Set.of("content-type"));
    String type = opened().head().value("Content-Type");
    String boundary = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
    List<byte[]> heads = new ArrayList<>();
    byte[] end = (CRLF + "--" + boundary + "--" + CRLF).getBytes(ISO_8859_1);
    long total = end.length;
    for (Span span : spans) {
      String part =
          CRLF
              + "--"
              + boundary
              + CRLF
              + (type == null ? "" : "Content-Type: " + type + CRLF)
              + contentRange(span)
              + CRLF
              + CRLF;
      heads.add(part.getBytes(ISO_8859_1));
      total += heads.getLast().length + span.length();
    }
    begin(
        "206 Partial Content",
        fields,
        "Content-Type: multipart/byteranges; boundary=" + boundary + CRLF + length(total));
    for (int i = 0; i < spans.size(); i++) {
      put(heads.get(i));
      stream(fetcher, spans.get(i));
    }
    put(end);
    return new Outcome.Complete();
  }

  private String contentRange(Span span) {
    return "Content-Range: bytes " + span.first() + "-" + span.last() + "/" + file.size();
  }

  private static String length(long bytes) {
    return "Content-Length: " + bytes + CRLF;
  }

  /** Opens the first piece, whose head tells what the file is; the fields that the client gets. */
  private String first(Fetcher fetcher, Span span, Set<String> without) throws Fetcher.Lost {
    open(fetcher, span);
    ResponseHead said = opened().head();
    String ranges = said.has("Accept-Ranges") ? "" : "Accept-Ranges: bytes\r\n";
    return said.passedOn(without) + ranges;
  }

  private void begin(String status, String fields, String more) throws HandOver.ClientGone {
    pieces.answered();
    begun = true;
    put(
        ("HTTP/1.1 " + status + CRLF + fields + more + "Connection: close\r\n\r\n")
            .getBytes(ISO_8859_1));
  }

  private void put(byte[] bytes) throws HandOver.ClientGone {
    // A node's head is at most a quarter of the buffer.
    System.arraycopy(bytes, 0, out.buffer(), 0, bytes.length);
    out.put(bytes.length);
  }

  /** Opens what the part that has the span's first byte has of it. */
  private void open(Fetcher fetcher, Span span) throws Fetcher.Lost {
    Part part = part(span.first());
    answer = fetcher.open(part, within(part, span), failed);
  }

  private Part part(long offset) {
    return file.parts().get(file.indexOf(offset));
  }

  private static Span within(Part part, Span span) {
    return new Span(span.first(), Math.min(span.last(), SplitFile.range(part).last()));
  }

  private NodeAnswer opened() {
    if (answer == null) {
      throw new IllegalStateException("no piece is open");
    }
    return answer;
  }

  /** Sends these bytes, from as many parts as have some of them. */
  private void stream(Fetcher fetcher, Span span) throws Fetcher.Lost, HandOver.ClientGone {
    long at = span.first();
    while (at <= span.last()) {
      Part part = part(at);
      Span piece = within(part, new Span(at, span.last()));
      while (at <= piece.last()) {
        if (answer == null) {
          open(fetcher, new Span(at, piece.last()));
        }
        at += some(part, piece.last() - at + 1);
      }
      close();
      failed = new HashSet<>();
    }
  }

  /** Passes on what comes next of the open piece; 0: its node has failed, and is closed. */
  private int some(Part part, long wanted) throws HandOver.ClientGone {
    int got;
    try {
      got = opened().read(out.buffer(), 0, (int) Math.min(HandOver.SIZE, wanted));
    } catch (IOException e) {
      got = -1;
    }
    if (got > 0) {
      out.put(got);
      pieces.passed(got);
      return got;
    }
    if (Thread.currentThread().isInterrupted()) {
      throw new HandOver.ClientGone();
    }
    LOG.warn(
        "event=piece-ended-early path={} range={} missing={}", part.path(), part.range(), wanted);
    failed.add(node());
    close();
    pieces.resumed();
    return 0;
  }

  private Node node() {
    return opened().node();
  }

  private void close() {
    if (answer != null) {
      answer.close();
      answer = null;
    }
  }
}

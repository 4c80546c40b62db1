package dev.baton.pieces;

import dev.baton.address.Ip;
import dev.baton.directory.Node;
import dev.baton.directory.Part;
import dev.baton.http.HeadRewriter;
import dev.baton.http.RequestHeadParser;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the nodes for one client. A copy whose answer is not exactly what was asked for is passed
 * over for the next; one that answers with a refusal of its own is believed when no other serves.
 */
final class Fetcher {
  private static final Logger LOG = LoggerFactory.getLogger(Fetcher.class);

  private final Pieces pieces;
  private final PieceRequest request;
  private final MemorySegment head;
  private final RequestHeadParser http;

  /** The validator that all pieces must have; null: the first one tells. */
  private @Nullable Validator validator;

  /** No node has what was asked for. */
  static final class Lost extends Exception {
    private static final long serialVersionUID = 1;

    /** What a node said instead, a redirection or a client's error; null: nothing of use. */
    final transient @Nullable ResponseHead refusal;

    Lost(String message, @Nullable ResponseHead refusal) {
      super(message);
      this.refusal = refusal;
    }
  }

  Fetcher(Pieces pieces, PieceRequest request, RequestHeadParser http) {
    this.pieces = pieces;
    this.request = request;
    this.http = http;
    head = request.head();
  }

  /** Asks the nodes what they say to the client's conditions, without the file's bytes. */
  ResponseHead judged() throws Lost {
    byte[] question =
        HeadRewriter.of(head, http)
            .method("HEAD")
            .host(request.host())
            .withoutRange()
            .withoutBody()
            .asItIs()
            .closing()
            .bytes();
    ResponseHead refusal = null;
    Set<Node> asked = new HashSet<>();
    for (Part part : request.file().parts()) {
      for (Node node : request.nodes().apply(part)) {
        if (!asked.add(node)) {
          continue;
        }
        try (NodeAnswer answer = ask(node, question)) {
          ResponseHead said = answer.head();
          if (said.status() == 200 && said.contentLength() == request.file().size()) {
            validator = known(said);
            return said;
          }
          if (said.status() == 304 || said.status() == 412) {
            return said;
          }
          refusal = refusal(said, refusal);
        } catch (IOException e) {
          failed(node, part, e);
        }
      }
    }
    throw new Lost("no node answers for " + request.file().path(), refusal);
  }

  /**
   * Opens a piece of one part.
   *
   * @param span within the part
   * @param failed nodes not to ask; those that fail now are added
   * @return an answer that is exactly this piece, of the version that the first one was of
   */
  NodeAnswer open(Part part, Span span, Set<Node> failed) throws Lost {
    ResponseHead refusal = null;
    for (Node node : request.nodes().apply(part)) {
      if (failed.contains(node)) {
        continue;
      }
      try {
        NodeAnswer answer = ask(node, question(span));
        ResponseHead said = answer.head();
        Validator its = said.validator();
        if (said.isPiece(span, request.file().size())
            && its.isKnown()
            && (validator == null || validator.equals(its))) {
          validator = its;
          return answer;
        }
        answer.close();
        refusal = refusal(said, refusal);
        throw new IOException("the answer is another: status " + said.status() + ", " + its);
      } catch (IOException e) {
        failed.add(node);
        failed(node, part, e);
      }
    }
    throw new Lost("no node has " + span + " of " + request.file().path(), refusal);
  }

  private byte[] question(Span span) {
    HeadRewriter question =
        HeadRewriter.of(head, http)
            .host(request.host())
            .withoutRange()
            .withoutConditions()
            .withoutBody()
            .asItIs()
            .closing()
            .add("Range", "bytes=" + span.first() + "-" + span.last());
    Validator wanted = validator;
    if (wanted != null && wanted.isStrong()) {
      question.add("If-Match", String.valueOf(wanted.etag()));
    } else if (wanted != null && wanted.lastModified() != null) {
      question.add("If-Unmodified-Since", wanted.lastModified());
    }
    return question.bytes();
  }

  private static @Nullable Validator known(ResponseHead said) {
    Validator its = said.validator();
    return its.isKnown() ? its : null;
  }

  /** The first refusal that a client can do something with. */
  private static @Nullable ResponseHead refusal(ResponseHead said, @Nullable ResponseHead before) {
    int status = said.status();
    boolean ours = status == 412 || status == 416 || status == 304;
    return before == null && status >= 300 && status < 500 && !ours ? said : before;
  }

  private NodeAnswer ask(Node node, byte[] question) throws IOException {
    byte[] preface = request.preface(node, http.host());
    ByteArrayOutputStream all = new ByteArrayOutputStream(preface.length + question.length);
    all.writeBytes(preface);
    all.writeBytes(question);
    boolean first = request.source().isV4();
    for (boolean v4 : List.of(first, !first)) {
      Ip target = node.address(v4);
      for (Ip own : pieces.own()) {
        if (target != null && own.isV4() == v4) {
          return NodeAnswer.to(
              node, own, target, all.toByteArray(), pieces.connect(), pieces.silence());
        }
      }
    }
    throw new IOException("it has no address of a family that is spoken here");
  }

  private static void failed(Node node, Part part, IOException e) {
    if (!Thread.currentThread().isInterrupted()) {
      LOG.warn(
          "event=piece-failed node={} path={} range={} cause=\"{}\"",
          node.name(),
          part.path(),
          part.range(),
          e.getMessage());
    }
  }
}

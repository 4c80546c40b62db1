package dev.baton.routing;

import dev.baton.directory.Node;
import dev.baton.directory.Part;
import dev.baton.directory.Site;
import dev.baton.directory.Snapshot;
import dev.baton.reason.Reason;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What becomes of one request. An event loop has one and uses it again for each. */
public final class Decision {
  /** Of its fields, those named count. */
  public enum Kind {
    /**
     * {@link Decision#site}, {@link Decision#part}, {@link Decision#candidates}, {@link
     * Decision#closes}, {@link Decision#host}.
     */
    HAND_OVER,
    /** {@link Decision#queue}, {@link Decision#queueNanos}: then it is asked again. */
    WAIT,
    /** {@link Decision#status}, {@link Decision#reason}, {@link Decision#location}. */
    REDIRECT,
    /**
     * {@link Decision#status}, {@link Decision#reason}, {@link Decision#detail}, {@link
     * Decision#size}.
     */
    REFUSE,
    /**
     * {@link Decision#site}, {@link Decision#file}: no single part holds what is asked for, so the
     * DMZ node puts the answer together.
     */
    ASSEMBLE
  }

  /**
   * What a node was chosen for.
   *
   * @param snapshot that it was chosen by
   * @param site that was asked for
   * @param part of it that the node is to serve
   */
  public record Choice(Snapshot snapshot, Site site, Part part) {}

  private Snapshot snapshot = Snapshot.empty();

  /** What is to be done. */
  public Kind kind = Kind.REFUSE;

  /** The site that was asked for; null: there is none. */
  public @Nullable Site site;

  /** The part that holds what was asked for; null: there is none. */
  public @Nullable Part part;

  /** What an answer is put together of; null: it is not. */
  public @Nullable SplitFile file;

  /** With 416, the file's whole length in bytes; 0: nobody knows. */
  public long size;

  /** The server is to close the connection after its answer. */
  public boolean closes;

  /** What the head's Host is to say to the server; null: what the client said. */
  public @Nullable String host;

  /** The nodes to try, the best first, at least one. */
  public final List<Node> candidates = new ArrayList<>(Balancer.TRIES);

  /** Where it waits. */
  public @Nullable NodeState queue;

  /** For how long at most. */
  public long queueNanos;

  /** What the client is told. */
  public int status;

  /** What that is counted as. */
  public Reason reason = Reason.NONE;

  /** One sentence for a person. */
  public String detail = "";

  /** A URI. */
  public String location = "";

  /** None yet. */
  public Decision() {}

  /** What it was made by. */
  public Snapshot snapshot() {
    return snapshot;
  }

  /** Forgets the last one. */
  void begin(Snapshot by) {
    snapshot = by;
    kind = Kind.REFUSE;
    site = null;
    part = null;
    file = null;
    size = 0;
    candidates.clear();
    closes = false;
    host = null;
    queue = null;
  }

  void assemble(SplitFile whole) {
    kind = Kind.ASSEMBLE;
    file = whole;
  }

  void await(NodeState at, long nanos) {
    kind = Kind.WAIT;
    queue = at;
    queueNanos = nanos;
  }

  void redirect(int with, Reason why, String where) {
    kind = Kind.REDIRECT;
    status = with;
    reason = why;
    location = where;
  }

  void refuse(int with, Reason why, String sentence) {
    kind = Kind.REFUSE;
    status = with;
    reason = why;
    detail = sentence;
  }
}

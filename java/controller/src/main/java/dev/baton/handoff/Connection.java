package dev.baton.handoff;

import dev.baton.dataplane.FlowTuple;
import dev.baton.dataplane.Translation;
import dev.baton.directory.Node;
import dev.baton.http.HostCache;
import dev.baton.http.RequestHeadParser;
import dev.baton.reason.Reason;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One client connection between accept and release: data only, {@link HeadReader}, {@link Handoff}
 * and {@link Answer} move it on. Used again for another connection under a new generation, so that
 * a late event cannot be taken for the new one's.
 */
final class Connection extends TimerWheel.Timed {
  /** Where it stands. */
  enum Stage {
    /** Not in use. */
    FREE,
    /** Its request head is incomplete. */
    HEAD,
    /** A SYN is out to a candidate. */
    SETUP,
    /** Live; the replay is unfinished. */
    REPLAY,
    /** It is being sent a page. */
    ANSWER
  }

  /** Who is told when a connection's time is over. */
  interface Deadlines {
    /** The connection's deadline has passed. */
    void passed(Connection c, long now);
  }

  private static final int GENERATION_SHIFT = 20;
  private static final int INDEX_MASK = (1 << GENERATION_SHIFT) - 1;

  final int index;
  final FlowTuple tuple = new FlowTuple();
  final Translation translation = new Translation();
  final Replay replay = new Replay();
  final RequestHeadParser parser;
  private final Deadlines deadlines;
  private int generation;

  Stage stage = Stage.FREE;
  int fd = -1;

  /** Of the socket: an IPv4 client of a dual-stack listener has one of AF_INET6. */
  int family;

  boolean watched;
  @Nullable MemorySegment buffer;

  /** Bytes of the stream in {@link #buffer}. */
  int read;

  // Set-up.
  List<Node> candidates = List.of();
  int candidate;
  Reason failure = Reason.NONE;
  @Nullable PortPool ports;
  long headComplete;
  long attemptEnds;
  long synWait;

  /** How often it has waited for room among ports or in the flow map. */
  int roomWaits;

  /** The other loops are to make room for it. */
  boolean wantsRoom;

  int initialSequence;
  int synTimestamp;

  // What the client leg negotiated; read once, before the first SYN.
  boolean timestamps;
  boolean sack;
  boolean ecn;
  boolean windowScaling;
  int clientScale;
  int ownScale;
  int clientMss;
  int sentToClient;
  int clientClock;
  long clientWindow;

  // Replay.

  /** Both entries are there: the client's segments go to the target. */
  boolean live;

  boolean targetScaled;
  int targetScale;
  int targetTimestamp;
  long replayEnds;
  @Nullable Arena drainedArena;
  MemorySegment drained = MemorySegment.NULL;

  // Answer.
  int answerDrained;

  Connection(Deadlines deadlines, int index, int headLimit, HostCache hosts) {
    this.deadlines = deadlines;
    this.index = index;
    parser = new RequestHeadParser(headLimit, hosts);
  }

  /** Names this connection, not the next one that uses the same object. */
  int slot() {
    return generation << GENERATION_SHIFT | index;
  }

  static int index(int slot) {
    return slot & INDEX_MASK;
  }

  /** Ready for another connection. */
  void reset() {
    generation++;
    stage = Stage.FREE;
    fd = -1;
    watched = false;
    read = 0;
    buffer = null;
    candidates = List.of();
    candidate = 0;
    failure = Reason.NONE;
    ports = null;
    roomWaits = 0;
    wantsRoom = false;
    live = false;
    drained = MemorySegment.NULL;
    if (drainedArena != null) {
      drainedArena.close();
      drainedArena = null;
    }
    answerDrained = 0;
    parser.reset();
  }

  @Override
  void deadline(long now) {
    deadlines.passed(this, now);
  }
}

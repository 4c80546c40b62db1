package dev.baton.handoff;

import dev.baton.address.Ip;
import dev.baton.dataplane.FlowTuple;
import dev.baton.dataplane.Translation;
import dev.baton.directory.Node;
import dev.baton.front.FirstBytes;
import dev.baton.http.HostCache;
import dev.baton.pieces.HandOver;
import dev.baton.reason.Reason;
import dev.baton.routing.Decision;
import dev.baton.routing.NodeState;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
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
    /** Every node that serves it has as many flows as it may. */
    WAIT,
    /** A SYN is out to a candidate. */
    SETUP,
    /** Live; the replay is unfinished. */
    REPLAY,
    /** It is being sent a page. */
    ANSWER,
    /** Its answer is being put together of pieces. */
    PIECES
  }

  /** Who is told when a connection's time is over. */
  interface Deadlines {
    /** The connection's deadline has passed. */
    void passed(Connection c, long now);
  }

  private static final int GENERATION_SHIFT = 20;
  private static final byte[] NOTHING = {};
  private static final int INDEX_MASK = (1 << GENERATION_SHIFT) - 1;

  final int index;
  final FlowTuple tuple = new FlowTuple();
  final Translation translation = new Translation();
  final Replay replay = new Replay();
  final FirstBytes parser;
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

  /** Bytes at its beginning that are not the client's: a front proxy's header. */
  int stripped;

  /** Who is at the other end, as far as is known: the client leg's ends, or what a header says. */
  final Ip source = new Ip();

  int sourcePort;
  final Ip destination = new Ip();
  int destinationPort;

  /** It comes from a front proxy, whose header has not been read yet. */
  boolean awaitsHeader;

  /** It counts as one of its client's. */
  boolean counted;

  /** It is one too many of its client's, which is told so once it shows what it speaks. */
  boolean surplus;

  /** Its first byte has come, and the time for its head runs. */
  boolean begun;

  /** When it was accepted. */
  long accepted;

  // Set-up.
  final List<Node> candidates = new ArrayList<>();

  /** What they were chosen for; null: they are anybody's. */
  Decision.@Nullable Choice choice;

  /** Where it waits for a flow to end; null: it does not. */
  @Nullable NodeState queue;

  /** Its place there. */
  long ticket;

  int candidate;

  /** The server is told to close it after its answer. */
  boolean closes;

  /** The server is told to send bytes as they are: its copy is a part of a file. */
  boolean asItIs;

  /** What its head's Host is to say to the server; null: what the client said. */
  @Nullable String newHost;

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

  /**
   * What the replay sends first: what is read, with a header of ours in front and a front proxy's
   * left out, and its head perhaps rewritten. What was read later follows from {@link #drained}.
   */
  MemorySegment front = MemorySegment.NULL;

  int frontLength;

  /** Both entries are there: the client's segments go to the target. */
  boolean live;

  boolean targetScaled;
  int targetScale;
  int targetTimestamp;
  long replayEnds;
  @Nullable Arena drainedArena;
  MemorySegment drained = MemorySegment.NULL;

  /** What comes for it; null: no answer is being put together. */
  @Nullable HandOver pieces;

  // Answer.
  byte[] answer = NOTHING;
  int answerSent;
  int answerDrained;
  long answerEnds;

  Connection(Deadlines deadlines, int index, int headLimit, HostCache hosts) {
    this.deadlines = deadlines;
    this.index = index;
    parser = new FirstBytes(headLimit, hosts);
  }

  /** Names this connection, not the next one that uses the same object. */
  int slot() {
    return generation << GENERATION_SHIFT | index;
  }

  static int index(int slot) {
    return slot & INDEX_MASK;
  }

  /** The stream from the client's own first byte on, as far as the buffer has room. */
  MemorySegment head() {
    MemorySegment all = Objects.requireNonNull(buffer);
    return stripped == 0 ? all : all.asSlice(stripped);
  }

  /** Ready for another connection. */
  void reset() {
    generation++;
    stage = Stage.FREE;
    fd = -1;
    watched = false;
    read = 0;
    stripped = 0;
    awaitsHeader = false;
    counted = false;
    surplus = false;
    begun = false;
    buffer = null;
    candidates.clear();
    choice = null;
    queue = null;
    candidate = 0;
    closes = false;
    asItIs = false;
    newHost = null;
    pieces = null;
    failure = Reason.NONE;
    ports = null;
    roomWaits = 0;
    wantsRoom = false;
    live = false;
    front = MemorySegment.NULL;
    drained = MemorySegment.NULL;
    if (drainedArena != null) {
      drainedArena.close();
      drainedArena = null;
    }
    answer = NOTHING;
    answerSent = 0;
    answerDrained = 0;
    parser.reset();
  }

  @Override
  void deadline(long now) {
    deadlines.passed(this, now);
  }
}

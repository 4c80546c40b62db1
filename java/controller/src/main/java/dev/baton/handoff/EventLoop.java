package dev.baton.handoff;

import dev.baton.bindings.flow.Baton;
import dev.baton.bindings.libc.LibC;
import dev.baton.bpf.RingBuffer;
import dev.baton.config.Listen;
import dev.baton.dataplane.FlowTuple;
import dev.baton.dataplane.TargetEvent;
import dev.baton.directory.Snapshot;
import dev.baton.http.HostCache;
import dev.baton.net.Addresses;
import dev.baton.net.Listener;
import dev.baton.net.Segment;
import dev.baton.net.SystemCalls;
import dev.baton.reason.Reason;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One thread that takes connections from accept to release. It has its own listeners
 * (SO_REUSEPORT), ports, ring and memory; other threads reach it through {@link #post} alone.
 */
final class EventLoop implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(EventLoop.class);

  private static final long LISTENER = 1L << 62;
  private static final long RING = LISTENER + 1;
  private static final long MAILBOX = LISTENER + 2;
  private static final long FIRST_LISTENER = LISTENER + 16;
  private static final int MAX_SLEEP_MILLIS = 100;
  private static final int ACCEPTS_AT_ONCE = 64;

  private final Setup setup;
  private final int index;
  private final CompletableFuture<Void> started = new CompletableFuture<>();
  private final ConcurrentLinkedQueue<Runnable> mail = new ConcurrentLinkedQueue<>();
  private final List<Door> doors = new ArrayList<>();
  private final List<Connection> connections = new ArrayList<>();
  private final ArrayDeque<Connection> free = new ArrayDeque<>();
  private final TargetEvent event = new TargetEvent();
  private final FlowTuple eventTuple = new FlowTuple();
  private final HostCache hosts = new HostCache();
  private final int maxConnections;

  private volatile int mailbox = -1;
  private volatile long takenPorts;
  private volatile long lingeringPorts;
  private volatile int inSetup;

  // Made in run(), on the loop's own thread.
  private @Nullable LoopTools tools;
  private @Nullable Ports ports;
  private @Nullable Handoff handoff;
  private @Nullable Replayer replayer;
  private @Nullable Answer answer;
  private @Nullable HeadReader reader;
  private long stopAt = Long.MAX_VALUE;
  private boolean running = true;

  /** A listening socket and where it stands. */
  private record Door(Listener listener, Listen listen) {}

  /** A flow of an earlier controller. */
  record Adopted(FlowTuple tuple, boolean closed, boolean reset) {}

  /** What all loops of a controller share. */
  record Setup(
      dev.baton.config.BatonConfig config,
      dev.baton.dataplane.DataPath path,
      Counters counters,
      Supplier<Snapshot> directory,
      int instance,
      List<Adopted> adopted) {}

  EventLoop(Setup setup, int index) {
    this.setup = setup;
    this.index = index;
    int loops = setup.config().eventLoops();
    maxConnections = Math.max(1, setup.config().limits().maxConnections() / loops);
  }

  /** Completes when the loop accepts connections, or fails with the reason why it does not. */
  CompletableFuture<Void> started() {
    return started;
  }

  /** Runs something on the loop's thread. */
  void post(Runnable letter) {
    mail.add(letter);
    int fd = mailbox;
    if (fd >= 0) {
      SystemCalls.wake(fd);
    }
  }

  /** Accepts no more; ends when nothing is being handed over, at the latest after {@code nanos}. */
  void stop(long nanos) {
    post(() -> {
      closeDoors();
      stopAt = tools().calls.monotonic() + nanos;
    });
  }

  /** Ports that living flows and set-ups hold. */
  long takenPorts() {
    return takenPorts;
  }

  /** Ports whose flows are over. */
  long lingeringPorts() {
    return lingeringPorts;
  }

  /** Connections between accept and release. */
  int inSetup() {
    return inSetup;
  }

  @Override
  public void run() {
    try (Arena arena = Arena.ofConfined();
        LoopTools made =
            new LoopTools(setup.config(), setup.path(), setup.counters(), setup.instance(), index);
        RingBuffer ring = ring(index)) {
      tools = made;
      try {
        begin(made, arena, ring);
        started.complete(null);
        loop(made, ring);
      } finally {
        // An open listener would still be given its share of the connections, and let them wait.
        closeDoors();
      }
    } catch (RuntimeException | Error e) {
      if (!started.completeExceptionally(e)) {
        LOG.error("event=loop-died loop={}", index, e);
      }
    } finally {
      running = false;
    }
  }

  private RingBuffer ring(int of) {
    RingBuffer.Handler handler = this::onEvent;
    return new RingBuffer(setup.path().ring(of), handler);
  }

  private void begin(LoopTools made, Arena arena, RingBuffer ring) {
    int loops = setup.config().eventLoops();
    ports = new Ports(made, index, loops);
    replayer = new Replayer(made, this, ports);
    answer = new Answer(made, this, arena);
    handoff = new Handoff(made, this, ports, answer, replayer);
    reader = new HeadReader(made, this, handoff, answer, setup.directory());
    mailbox = made.calls.eventFd();
    made.poll.add(mailbox, LibC.EPOLLIN(), MAILBOX);
    made.poll.add(ring.epollFd(), LibC.EPOLLIN(), RING);
    long now = made.calls.monotonic();
    for (Adopted flow : setup.adopted()) {
      ports.adopt(flow.tuple(), flow.closed(), flow.reset(), now);
    }
    for (Listen listen : setup.config().listen()) {
      open(made, listen);
    }
  }

  private void open(LoopTools made, Listen listen) {
    int outside = setup.path().publicLink().mtu();
    int mtu = Math.min(outside, setup.path().clusterLink().mtu());
    Listener listener =
        new Listener(made.calls, listen.address(), listen.port(), mtu < outside ? mtu : 0);
    made.poll.add(listener.fd(), LibC.EPOLLIN(), FIRST_LISTENER + doors.size());
    doors.add(new Door(listener, listen));
  }

  private void closeDoors() {
    doors.forEach(door -> door.listener().close());
    doors.clear();
  }

  private LoopTools tools() {
    return Objects.requireNonNull(tools);
  }

  private void loop(LoopTools made, RingBuffer ring) {
    long housekeeping = 0;
    while (running) {
      int ready = made.poll.await(made.timers.sleepMillis(MAX_SLEEP_MILLIS));
      for (int i = 0; i < ready; i++) {
        dispatch(made.poll.data(i), ring);
      }
      if (ready == 0) {
        ring.consume(); // events that did not wake us
      }
      long now = made.calls.monotonic();
      made.timers.advance(now);
      if (now - housekeeping > MAX_SLEEP_MILLIS * 1_000_000L) {
        housekeeping = now;
        ring.consume();
        keepHouse(now);
      }
      if (stopAt != Long.MAX_VALUE && (now >= stopAt || !handingOver())) {
        running = false;
      }
    }
    closeDoors();
    endUnfinished(made.calls.monotonic());
    made.calls.close(mailbox);
  }

  /** There may be no next controller to find the orphans: their clients must not wait for it. */
  private void endUnfinished(long now) {
    for (Connection c : connections) {
      if (c.stage == Connection.Stage.SETUP) {
        Objects.requireNonNull(handoff).shutDown(c, now);
      } else if (c.stage == Connection.Stage.REPLAY) {
        Objects.requireNonNull(replayer).abort(c, Reason.SHUTTING_DOWN);
      }
    }
  }

  private boolean handingOver() {
    for (Connection c : connections) {
      if (c.stage == Connection.Stage.SETUP
          || c.stage == Connection.Stage.REPLAY
          || c.stage == Connection.Stage.ANSWER) {
        return true;
      }
    }
    return false;
  }

  private void keepHouse(long now) {
    Ports mine = Objects.requireNonNull(ports);
    mine.expire(now);
    takenPorts = mine.taken();
    lingeringPorts = mine.lingering();
    inSetup = connections.size() - free.size();
  }

  private void dispatch(long data, RingBuffer ring) {
    if (data == RING) {
      ring.consume();
    } else if (data == MAILBOX) {
      tools().calls.drainEventFd(mailbox);
      for (Runnable letter = mail.poll(); letter != null; letter = mail.poll()) {
        letter.run();
      }
    } else if (data >= FIRST_LISTENER) {
      int door = (int) (data - FIRST_LISTENER);
      if (door < doors.size()) {
        accept(doors.get(door));
      }
    } else {
      Connection c = connections.get(Connection.index((int) data));
      if (c.slot() == (int) data) {
        readable(c);
      }
    }
  }

  /** One connection's misfortune ends that connection; the loop has thousands of others. */
  private void failed(Connection c, RuntimeException e) {
    LOG.error(
        "event=connection-failed stage={} client={}", c.stage, Addresses.toText(c.tuple.client), e);
    switch (c.stage) {
      case SETUP -> Objects.requireNonNull(handoff).abandon(c);
      case REPLAY -> Objects.requireNonNull(replayer).abort(c, Reason.SNAPSHOT_FAILED);
      case HEAD, ANSWER -> close(c);
      case FREE -> {
        // It was closed before it failed.
      }
    }
  }

  private void accept(Door door) {
    LoopTools t = tools();
    for (int i = 0; i < ACCEPTS_AT_ONCE; i++) {
      int fd = t.calls.accept(door.listener().fd());
      if (fd == -LibC.EAGAIN() || fd == -LibC.EINTR()) {
        return;
      }
      if (fd < 0) {
        if (fd != -LibC.ECONNABORTED()) {
          t.counters.systemCallFailed();
          return;
        }
        continue;
      }
      t.counters.accepted();
      Connection c = takeConnection();
      if (c == null) {
        t.counters.refused(Reason.TOO_MANY_CONNECTIONS);
        t.calls.close(fd);
        continue;
      }
      begin(c, fd, door);
    }
  }

  private void begin(Connection c, int fd, Door door) {
    LoopTools t = tools();
    long now = t.calls.monotonic();
    c.fd = fd;
    c.stage = Connection.Stage.HEAD;
    c.tuple.client = t.calls.peerAddress();
    c.tuple.clientPort = t.calls.peerPort();
    c.tuple.listener =
        door.listen().address().isAnyLocalAddress()
            ? t.calls.localAddress(fd)
            : Addresses.toInt(door.listen().address());
    c.tuple.listenerPort = door.listen().port();
    t.timers.set(c, now + setup.config().timeouts().head().toNanos());
    try {
      Objects.requireNonNull(reader).read(c, now);
    } catch (RuntimeException e) {
      failed(c, e);
    }
  }

  private @Nullable Connection takeConnection() {
    Connection c = free.pollLast();
    if (c == null && connections.size() < maxConnections) {
      c = new Connection(this, connections.size(), setup.config().limits().headLimit(), hosts);
      connections.add(c);
    }
    return c;
  }

  private void readable(Connection c) {
    long now = tools().calls.monotonic();
    try {
      switch (c.stage) {
        case HEAD -> Objects.requireNonNull(reader).read(c, now);
        case ANSWER -> Objects.requireNonNull(answer).drain(c);
        case SETUP, REPLAY, FREE -> {
          // More of the body: the old socket keeps it for the drain. Edge-triggered, so it is said
          // once.
        }
      }
    } catch (RuntimeException e) {
      failed(c, e);
    }
  }

  /** Tells of what comes next on a connection's socket; once is enough. */
  void watch(Connection c) {
    if (!c.watched) {
      c.watched = true;
      tools()
          .poll
          .add(
              c.fd,
              LibC.EPOLLIN() | LibC.EPOLLRDHUP() | LibC.EPOLLET(),
              Integer.toUnsignedLong(c.slot()));
    }
  }

  /** Closes the socket, as its mode wants it, and frees the connection for another. */
  void close(Connection c) {
    LoopTools t = tools();
    t.timers.cancel(c);
    t.calls.close(c.fd);
    if (c.buffer != null) {
      t.buffers.giveBack(c.buffer);
    }
    c.reset();
    free.addLast(c);
  }

  /** A connection's time is over, for its stage. */
  void deadline(Connection c, long now) {
    try {
      switch (c.stage) {
        case HEAD -> headTooSlow(c, now);
        case SETUP -> Objects.requireNonNull(handoff).deadline(c, now);
        case REPLAY -> Objects.requireNonNull(replayer).deadline(c, now);
        case ANSWER -> close(c);
        case FREE -> throw new AssertionError("a free connection has no deadline");
      }
    } catch (RuntimeException e) {
      failed(c, e);
    }
  }

  private void headTooSlow(Connection c, long now) {
    if (c.read == 0) {
      // Nobody asked anything: nothing is to be answered (RFC 9110 15.5.9 allows either).
      tools().counters.refused(Reason.HEAD_TOO_SLOW);
      close(c);
      return;
    }
    Objects.requireNonNull(answer)
        .send(c, 408, Reason.HEAD_TOO_SLOW, "the request head did not arrive in time", now);
  }

  private void onEvent(MemorySegment data) {
    event.over(data);
    event.into(eventTuple);
    long now = tools().calls.monotonic();
    Connection c = event.instance() == setup.instance() ? find(event.slot()) : null;
    int type = event.type();
    if (type == Baton.BATON_EVENT_CLOSED()) {
      boolean reset = (event.flags() & Segment.RST) != 0;
      if (c != null && c.stage == Connection.Stage.REPLAY) {
        Objects.requireNonNull(replayer).onClosed(c, event.fromTarget());
      }
      Objects.requireNonNull(ports).closed(eventTuple, reset, now);
    } else if (c != null) {
      try {
        onEvent(c, type, now);
      } catch (RuntimeException e) {
        failed(c, e);
      }
    }
  }

  /** The connection that a flow's slot names, if it is still about the same ports. */
  private @Nullable Connection find(int slot) {
    int at = Connection.index(slot);
    if (at >= connections.size()) {
      return null;
    }
    Connection c = connections.get(at);
    return c.slot() == slot
            && c.tuple.ownPort == eventTuple.ownPort
            && c.tuple.own == eventTuple.own
            && c.tuple.target == eventTuple.target
            && c.tuple.targetPort == eventTuple.targetPort
        ? c
        : null;
  }

  private void onEvent(Connection c, int type, long now) {
    Handoff setupSteps = Objects.requireNonNull(handoff);
    Replayer replaySteps = Objects.requireNonNull(replayer);
    if (c.stage == Connection.Stage.SETUP) {
      if (type != Baton.BATON_EVENT_CHALLENGE()
          && event.acknowledgment() != c.initialSequence + 1) {
        return; // it waited in the ring while its attempt was given up for another
      }
      if (type == Baton.BATON_EVENT_SYNACK()) {
        setupSteps.onSynAck(c, event, now);
      } else if (type == Baton.BATON_EVENT_RST()) {
        setupSteps.onReset(c, now);
      } else if (type == Baton.BATON_EVENT_CHALLENGE()) {
        setupSteps.onChallenge(c, event, now);
      }
    } else if (c.stage == Connection.Stage.REPLAY) {
      if (type == Baton.BATON_EVENT_ACK()) {
        replaySteps.onAck(c, event, now);
      } else if (type == Baton.BATON_EVENT_SYNACK_AGAIN() || type == Baton.BATON_EVENT_SYNACK()) {
        replaySteps.onSynAckAgain(c, now);
      }
    }
  }

  /**
   * Judges a flow that the sweeper found: over without our having heard of it, or idle for too
   * long. On the loop's thread; other loops' flows are left to them.
   *
   * @param idle nothing has passed for longer than is allowed
   */
  void judge(FlowTuple t, boolean closed, boolean reset, boolean idle) {
    Ports mine = Objects.requireNonNull(ports);
    if (!mine.owns(t)) {
      return;
    }
    if (closed) {
      mine.closed(t, reset, tools().calls.monotonic());
    } else if (idle && !inReplay(t)) {
      tools().flows.removeStale(t);
      mine.release(t);
    }
  }

  private boolean inReplay(FlowTuple t) {
    for (Connection c : connections) {
      if (c.stage != Connection.Stage.FREE
          && c.tuple.own == t.own
          && c.tuple.ownPort == t.ownPort
          && c.tuple.target == t.target
          && c.tuple.targetPort == t.targetPort) {
        return true;
      }
    }
    return false;
  }
}

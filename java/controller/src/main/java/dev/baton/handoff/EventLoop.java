package dev.baton.handoff;

import dev.baton.bindings.libc.LibC;
import dev.baton.bpf.RingBuffer;
import dev.baton.config.BatonConfig;
import dev.baton.config.Listen;
import dev.baton.config.Timeouts;
import dev.baton.dataplane.DataPath;
import dev.baton.dataplane.FlowTuple;
import dev.baton.directory.Snapshot;
import dev.baton.net.Listener;
import dev.baton.net.ListenerStore;
import dev.baton.net.SystemCalls;
import dev.baton.pieces.Pieces;
import dev.baton.reason.Reason;
import dev.baton.routing.Fleet;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
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

  /** Another loop's flow may have ended, and nobody tells. */
  private static final int WAITING_MILLIS = 4;

  private final Setup setup;
  private final int index;
  private final CompletableFuture<Void> started = new CompletableFuture<>();
  private final ConcurrentLinkedQueue<Runnable> mail = new ConcurrentLinkedQueue<>();
  private final List<Door> doors = new ArrayList<>();
  private final List<Door> resting = new ArrayList<>();
  private final RoomWanted roomWanted = new RoomWanted();
  private volatile int mailbox = -1;
  private volatile long takenPorts;
  private volatile long lingeringPorts;
  private volatile int inSetup;
  private volatile long lastTurn;
  private volatile long basedOn;

  // Made in run(), on the loop's own thread.
  private @Nullable LoopTools tools;
  private @Nullable Ports ports;
  private @Nullable Connections connections;
  private @Nullable Steps steps;
  private long stopAt = Long.MAX_VALUE;
  private int segmentLimit;
  private boolean running = true;

  /** No more connections are accepted until some have gone. */
  private boolean full;

  /** A listening socket and where it stands. */
  private record Door(Listener listener, Listen listen) {}

  /** A flow of an earlier controller, and when it was last used, CLOCK_MONOTONIC nanoseconds. */
  record Adopted(FlowTuple tuple, boolean closed, boolean reset, long lastUse) {}

  /** What all loops of a controller share. */
  record Setup(
      BatonConfig config,
      DataPath path,
      ListenerStore listeners,
      Counters counters,
      Supplier<Snapshot> directory,
      Fleet fleet,
      int instance,
      List<Adopted> adopted,
      Runnable died,
      Consumer<EventLoop> flowsFull,
      ClientCounts clients,
      Pieces pieces) {}

  EventLoop(Setup setup, int index) {
    this.setup = setup;
    this.index = index;
  }

  /** Completes when the loop accepts connections, or fails with the reason why it does not. */
  CompletableFuture<Void> started() {
    return started;
  }

  /** Runs something on the loop's thread. */
  void post(Runnable letter) {
    mail.add(letter);
    synchronized (mail) {
      if (mailbox >= 0) {
        SystemCalls.wake(mailbox);
      }
    }
  }

  /** Accepts no more; ends when nothing is being handed over, at the latest after {@code nanos}. */
  void stop(long nanos) {
    post(() -> {
      closeDoors();
      stopAt = tools().calls.monotonic() + nanos;
    });
  }

  /**
   * Once every loop has its own listeners: accepts from those of loops that there are no longer,
   * and lets go of those at addresses that are no longer configured.
   */
  void takeLeftListeners() {
    post(() -> {
      LoopTools t = tools();
      for (Listen listen : setup.config().listen()) {
        setup
            .listeners()
            .left(t.calls, listen.address(), listen.port(), segmentLimit, listen.backlog())
            .forEach(listener -> add(t, listener, listen));
      }
      setup.listeners().dropRest(t.calls);
    });
  }

  /** Gives back ports whose flows another schema's maps held. */
  void release(List<FlowTuple> gone) {
    gone.forEach(Objects.requireNonNull(ports)::release);
  }

  /** When the loop last turned, CLOCK_MONOTONIC nanoseconds; it does so several times a second. */
  long lastTurn() {
    return lastTurn;
  }

  /**
   * The change of the directory that every decision from now on knows of: {@link
   * Snapshot#sequence}.
   */
  long basedOn() {
    return basedOn;
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
            new LoopTools(
                setup.config(),
                setup.path(),
                setup.counters(),
                setup.instance(),
                index,
                roomWanted,
                setup.clients(),
                () -> setup.flowsFull().accept(this),
                this::post,
                setup.pieces());
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
        setup.died().run();
      }
    } finally {
      running = false;
    }
  }

  private RingBuffer ring(int of) {
    RingBuffer.Handler handler = data -> steps().event(data);
    return new RingBuffer(setup.path().ring(of), handler);
  }

  private void begin(LoopTools made, Arena arena, RingBuffer ring) {
    int loops = setup.config().eventLoops();
    int max = Math.max(1, setup.config().limits().maxConnections() / loops);
    ports = new Ports(made.flows, setup.fleet().flows(), setup.config(), index, loops);
    connections = new Connections(made, max, (c, now) -> steps().deadline(c, now));
    steps =
        new Steps(
            made, connections, ports, setup.instance(), arena, setup.directory(), setup.fleet());
    mailbox = made.calls.eventFd();
    made.poll.add(mailbox, LibC.EPOLLIN(), MAILBOX);
    made.poll.add(ring.epollFd(), LibC.EPOLLIN(), RING);
    lastTurn = made.calls.monotonic();
    for (Adopted flow : setup.adopted()) {
      ports.adopt(flow.tuple(), flow.closed(), flow.reset(), flow.lastUse());
    }
    segmentLimit = segmentLimit();
    for (Listen listen : setup.config().listen()) {
      open(made, listen);
    }
  }

  private void open(LoopTools made, Listen listen) {
    ListenerStore store = setup.listeners();
    add(
        made,
        store.listener(
            made.calls,
            index,
            listen.address(),
            listen.port(),
            leavesIpv4(listen),
            segmentLimit,
            listen.backlog()),
        listen);
  }

  private void add(LoopTools made, Listener listener, Listen listen) {
    made.poll.add(listener.fd(), LibC.EPOLLIN(), FIRST_LISTENER + doors.size());
    doors.add(new Door(listener, listen));
  }

  /** Whether {@code 0.0.0.0} takes the IPv4 connections to {@code ::}'s port. */
  private boolean leavesIpv4(Listen listen) {
    return setup.config().listen().stream()
        .anyMatch(o -> o.port() == listen.port() && o.address().isV4() && o.isAny());
  }

  /** The MTU that clients must be told of: the cluster link's, if it is the smaller one; else 0. */
  private int segmentLimit() {
    int outside = setup.path().publicLink().mtu();
    int inside = setup.path().clusterLink().mtu();
    return inside < outside ? inside : 0;
  }

  private void limitSegments() {
    int limit = segmentLimit();
    if (limit != segmentLimit) {
      segmentLimit = limit;
      doors.forEach(door -> door.listener().limitSegments(limit));
    }
  }

  private void closeDoors() {
    for (Door door : doors) {
      if (!resting.contains(door)) {
        // By closing it would stay watched if the service manager has a copy: each client that
        // waits in its queue would keep us busy.
        tools().poll.remove(door.listener().fd());
      }
      door.listener().close();
    }
    doors.clear();
    resting.clear();
  }

  private LoopTools tools() {
    return Objects.requireNonNull(tools);
  }

  private Connections connections() {
    return Objects.requireNonNull(connections);
  }

  private Steps steps() {
    return Objects.requireNonNull(steps);
  }

  private void loop(LoopTools made, RingBuffer ring) {
    long housekeeping = 0;
    while (running) {
      int ready =
          made.poll.await(
              made.timers.sleepMillis(steps().someWait() ? WAITING_MILLIS : MAX_SLEEP_MILLIS));
      basedOn = setup.directory().get().sequence();
      for (int i = 0; i < ready; i++) {
        dispatch(made.poll.data(i), ring);
      }
      if (ready == 0 || made.eventsWanted) {
        made.eventsWanted = false;
        ring.consume(); // events that did not wake us
      }
      long now = made.calls.monotonic();
      made.timers.advance(now);
      steps().callWaiting(now);
      if (full) {
        wakeDoors();
      }
      if (now - housekeeping > MAX_SLEEP_MILLIS * 1_000_000L) {
        housekeeping = now;
        ring.consume();
        keepHouse(now);
      }
      if (stopAt != Long.MAX_VALUE && (now >= stopAt || !connections().unfinished())) {
        running = false;
      }
    }
    closeDoors();
    steps().endUnfinished(made.calls.monotonic());
    synchronized (mail) {
      // Nobody may wake a descriptor that has become another's.
      made.calls.close(mailbox);
      mailbox = -1;
    }
  }

  private void keepHouse(long now) {
    lastTurn = now;
    Ports mine = Objects.requireNonNull(ports);
    mine.expire(now);
    if (setup.path().oldSchemas().isEmpty()) {
      mine.reconcile();
    }
    wakeDoors();
    limitSegments();
    takenPorts = mine.taken();
    lingeringPorts = mine.lingering();
    inSetup = connections().inUse();
  }

  private void dispatch(long data, RingBuffer ring) {
    if (data == RING) {
      ring.consume();
    } else if (data == MAILBOX) {
      tools().calls.drainEventFd(mailbox);
      ring.consume(); // letters are about pairs that are over: all that is known of them
      for (Runnable letter = mail.poll(); letter != null; letter = mail.poll()) {
        letter.run();
      }
    } else if (data >= FIRST_LISTENER) {
      int door = (int) (data - FIRST_LISTENER);
      if (door < doors.size()) {
        accept(doors.get(door));
      }
    } else {
      Connection c = connections().find((int) data);
      if (c != null) {
        steps().readable(c, tools().calls.monotonic());
      }
    }
  }

  private void accept(Door door) {
    LoopTools t = tools();
    for (int i = 0; i < ACCEPTS_AT_ONCE; i++) {
      if (connections().isFull()) {
        closeForNow(door);
        return;
      }
      int fd = t.calls.accept(door.listener().fd());
      if (fd == -LibC.EAGAIN() || fd == -LibC.EINTR()) {
        return;
      }
      if (fd < 0) {
        if (fd != -LibC.ECONNABORTED()) {
          t.counters.systemCallFailed();
          rest(door);
          return;
        }
        continue;
      }
      t.counters.accepted();
      begin(Objects.requireNonNull(connections().take()), fd, door);
    }
  }

  /** As many as there may be are being set up: strangers wait where the kernel keeps them. */
  private void closeForNow(Door door) {
    if (!full) {
      full = true;
      tools().counters.refused(Reason.TOO_MANY_CONNECTIONS);
      doors.forEach(this::rest);
    }
    rest(door);
  }

  /** No descriptors or no memory: the backlog waits a little, instead of keeping us busy. */
  private void rest(Door door) {
    if (!resting.contains(door)) {
      resting.add(door);
      tools().poll.remove(door.listener().fd());
    }
  }

  private void wakeDoors() {
    if (full && !connections().hasRoom()) {
      return;
    }
    full = false;
    for (Door door : resting) {
      tools().poll.add(door.listener().fd(), LibC.EPOLLIN(), FIRST_LISTENER + doors.indexOf(door));
    }
    resting.clear();
  }

  private void begin(Connection c, int fd, Door door) {
    LoopTools t = tools();
    long now = t.calls.monotonic();
    c.fd = fd;
    c.stage = Connection.Stage.HEAD;
    c.family = door.listener().family();
    t.calls.peerAddress(c.tuple.client);
    c.tuple.clientPort = t.calls.peerPort();
    if (door.listen().isAny()) {
      t.calls.localAddress(fd, c.tuple.listener);
    } else {
      c.tuple.listener.set(door.listen().address());
    }
    c.tuple.listenerPort = door.listen().port();
    c.parser.expect(door.listen().protocol(), door.listen().needName());
    c.source.set(c.tuple.client);
    c.sourcePort = c.tuple.clientPort;
    c.destination.set(c.tuple.listener);
    c.destinationPort = c.tuple.listenerPort;
    c.accepted = now;
    Timeouts timeouts = setup.config().timeouts();
    long first = Math.min(timeouts.firstByte().toNanos(), timeouts.head().toNanos());
    t.timers.set(c, now + first);
    steps().accepted(c, door.listen().isFrontProxy(c.tuple.client), now);
  }

  /** Another loop finds the flow map full: the pairs that have lingered longest here go. */
  void giveRoom(EventLoop asking) {
    post(() -> {
      Ports mine = Objects.requireNonNull(ports);
      asking.roomWanted.fulfil(() -> mine.lingering() > 0, mine::evictOldest);
    });
  }

  /** On the loop's thread: see {@link Steps#judge}. */
  void judge(List<Sweeper.Finding> findings) {
    findings.forEach(steps()::judge);
  }
}

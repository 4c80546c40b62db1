package dev.baton.handoff;

import dev.baton.bindings.libc.LibC;
import dev.baton.bpf.RingBuffer;
import dev.baton.config.BatonConfig;
import dev.baton.config.Listen;
import dev.baton.dataplane.DataPath;
import dev.baton.dataplane.FlowTuple;
import dev.baton.directory.Snapshot;
import dev.baton.net.Addresses;
import dev.baton.net.Listener;
import dev.baton.net.SystemCalls;
import dev.baton.reason.Reason;
import java.lang.foreign.Arena;
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
  private final List<Door> resting = new ArrayList<>();
  private volatile int mailbox = -1;
  private volatile long takenPorts;
  private volatile long lingeringPorts;
  private volatile int inSetup;

  // Made in run(), on the loop's own thread.
  private @Nullable LoopTools tools;
  private @Nullable Ports ports;
  private @Nullable Connections connections;
  private @Nullable Steps steps;
  private long stopAt = Long.MAX_VALUE;
  private boolean running = true;

  /** A listening socket and where it stands. */
  private record Door(Listener listener, Listen listen) {}

  /** A flow of an earlier controller. */
  record Adopted(FlowTuple tuple, boolean closed, boolean reset) {}

  /** What all loops of a controller share. */
  record Setup(
      BatonConfig config,
      DataPath path,
      Counters counters,
      Supplier<Snapshot> directory,
      int instance,
      List<Adopted> adopted,
      Runnable died) {}

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
    ports = new Ports(made, index, loops);
    connections = new Connections(made, max, (c, now) -> steps().deadline(c, now));
    steps = new Steps(made, connections, ports, setup.instance(), arena, setup.directory());
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
      if (stopAt != Long.MAX_VALUE && (now >= stopAt || !connections().unfinished())) {
        running = false;
      }
    }
    closeDoors();
    steps().endUnfinished(made.calls.monotonic());
    made.calls.close(mailbox);
  }

  private void keepHouse(long now) {
    Ports mine = Objects.requireNonNull(ports);
    mine.expire(now);
    wakeDoors();
    takenPorts = mine.taken();
    lingeringPorts = mine.lingering();
    inSetup = connections().inUse();
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
      Connection c = connections().find((int) data);
      if (c != null) {
        steps().readable(c, tools().calls.monotonic());
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
          rest(door);
          return;
        }
        continue;
      }
      t.counters.accepted();
      Connection c = connections().take();
      if (c == null) {
        t.counters.refused(Reason.TOO_MANY_CONNECTIONS);
        t.calls.close(fd);
        continue;
      }
      begin(c, fd, door);
    }
  }

  /** No descriptors or no memory: the backlog waits a little, instead of keeping us busy. */
  private void rest(Door door) {
    if (!resting.contains(door)) {
      resting.add(door);
      tools().poll.remove(door.listener().fd());
    }
  }

  private void wakeDoors() {
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
    c.tuple.client = t.calls.peerAddress();
    c.tuple.clientPort = t.calls.peerPort();
    c.tuple.listener =
        door.listen().address().isAnyLocalAddress()
            ? t.calls.localAddress(fd)
            : Addresses.toInt(door.listen().address());
    c.tuple.listenerPort = door.listen().port();
    t.timers.set(c, now + setup.config().timeouts().head().toNanos());
    steps().readable(c, now);
  }

  /** On the loop's thread: see {@link Steps#judge}. */
  void judge(List<Sweeper.Finding> findings) {
    findings.forEach(steps()::judge);
  }
}

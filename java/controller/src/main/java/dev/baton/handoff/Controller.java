package dev.baton.handoff;

import dev.baton.address.Ip;
import dev.baton.config.BatonConfig;
import dev.baton.dataplane.DataPath;
import dev.baton.dataplane.Detach;
import dev.baton.dataplane.Firewall;
import dev.baton.dataplane.Link;
import dev.baton.dataplane.LocalAddresses;
import dev.baton.dataplane.OldSchema;
import dev.baton.dataplane.PortReservation;
import dev.baton.directory.Snapshot;
import dev.baton.net.ListenerStore;
import dev.baton.net.ServiceManager;
import dev.baton.net.SystemCalls;
import dev.baton.pieces.Pieces;
import dev.baton.routing.Fleet;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The running controller: data path, event loops and housekeeping. Closing it stops accepting,
 * finishes replays within the configured time and leaves the living flows to the kernel.
 */
public final class Controller implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Controller.class);
  private static final int SWEEP_SECONDS = 10;
  private static final int WATCH_SECONDS = 1;
  private static final Duration JOIN = Duration.ofSeconds(1);

  private final BatonConfig config;
  private final DataPath path;
  private final ServiceManager manager;
  private final Counters counters = new Counters();
  private final Fleet fleet;
  private final Pieces pieces;
  private final int instance = new SecureRandom().nextInt();
  private final List<EventLoop> loops = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();
  private final ScheduledExecutorService housekeeper = timed("housekeeper");

  /** Apart: a walk through millions of flows must not look like a loop that hangs. */
  private final ScheduledExecutorService watchdog = timed("watchdog");

  private boolean closed;

  private Controller(BatonConfig config, DataPath path, Fleet fleet, ServiceManager manager) {
    this.fleet = fleet;
    this.config = config;
    pieces =
        new Pieces(
            config.clusterAddresses(),
            config.limits().maxAssembled(),
            config.timeouts().syn(),
            config.timeouts().piece());
    this.path = path;
    this.manager = manager;
  }

  /**
   * Starts to accept connections; what was half made is undone where it failed.
   *
   * @param directory the newest snapshot, each time it is asked
   * @param fleet how the nodes are
   * @param manager told of the life of this process; keeps its listeners
   * @param died told when an event loop ends although it should not; whoever runs the controller
   *     had better start another
   */
  public static Controller start(
      BatonConfig config,
      Supplier<Snapshot> directory,
      Fleet fleet,
      ServiceManager manager,
      Runnable died) {
    ListenerStore listeners = ListenerStore.of(System.getenv(), manager);
    requireLinksAndAddresses(config);
    OldSchema.refuseNewer(config);
    boolean first = !DataPath.isAnythingPinned(config);
    boolean firstOfSchema = !DataPath.isPinned(config);
    try {
      PortReservation.add(config);
      if (config.notrack()) {
        Firewall.install(config);
      }
      return started(config, directory, fleet, manager, listeners, died);
    } catch (RuntimeException e) {
      if (first) {
        undo(() -> Detach.run(config), e);
      } else if (firstOfSchema) {
        undo(() -> Detach.thisSchema(config), e); // an earlier one's flows live on
      }
      throw e;
    }
  }

  /** Both interfaces are there, and the addresses that SYNs leave under are this host's. */
  private static void requireLinksAndAddresses(BatonConfig config) {
    Link.find(config.interfaces().publicName());
    Link.find(config.interfaces().clusterName());
    LocalAddresses local = new LocalAddresses();
    for (Ip own : config.clusterAddresses()) {
      if (!local.contains(own)) {
        throw new IllegalStateException(
            "cluster-address: " + own + " is not an address of this host");
      }
    }
  }

  private static Controller started(
      BatonConfig config,
      Supplier<Snapshot> directory,
      Fleet fleet,
      ServiceManager manager,
      ListenerStore listeners,
      Runnable died) {
    Controller controller = new Controller(config, DataPath.start(config), fleet, manager);
    try {
      controller.begin(directory, listeners, died);
      return controller;
    } catch (RuntimeException e) {
      controller.close();
      throw e;
    }
  }

  /** No controller was here before, so nothing half-attached is to stay. */
  private static void undo(Runnable detach, RuntimeException cause) {
    try {
      detach.run();
    } catch (RuntimeException e) {
      cause.addSuppressed(e);
    }
  }

  private void begin(Supplier<Snapshot> directory, ListenerStore listeners, Runnable died) {
    List<EventLoop.Adopted> adopted = new Adoption(path, counters).run();
    if (!adopted.isEmpty()) {
      LOG.info("event=adopted flows={}", adopted.size());
    }
    var setup =
        new EventLoop.Setup(
            config,
            path,
            listeners,
            counters,
            directory,
            fleet,
            instance,
            adopted,
            died,
            this::flowsFull,
            new ClientCounts(),
            pieces);
    for (int i = 0; i < config.eventLoops(); i++) {
      loops.add(new EventLoop(setup, i));
    }
    for (EventLoop loop : loops) {
      threads.add(Thread.ofPlatform().name("loop-" + threads.size()).start(loop));
    }
    for (EventLoop loop : loops) {
      try {
        loop.started().join();
      } catch (CompletionException e) {
        throw e.getCause() instanceof RuntimeException cause ? cause : e;
      }
    }
    adopted.clear(); // each loop has its own by now
    loops.getFirst().takeLeftListeners();
    Sweeper sweeper = new Sweeper(config, path, loops);
    every(housekeeper, Duration.ofSeconds(SWEEP_SECONDS), sweeper::sweep);
    every(housekeeper, Duration.ofSeconds(WATCH_SECONDS), this::watchAttachment);
    every(housekeeper, Duration.ofSeconds(WATCH_SECONDS), path.localAddresses()::refresh);
    every(housekeeper, Duration.ofSeconds(WATCH_SECONDS), path.lists()::refresh);
    manager
        .watchdog()
        .ifPresent(interval -> every(watchdog, interval, () -> tellIfAlive(interval)));
  }

  private static ScheduledExecutorService timed(String name) {
    return Executors.newSingleThreadScheduledExecutor(
        Thread.ofPlatform().daemon().name(name).factory());
  }

  /** One loop wants room in the flow map: the others have lingering pairs, too. */
  private void flowsFull(EventLoop asking) {
    for (EventLoop loop : loops) {
      if (loop != asking) {
        loop.giveRoom(asking);
      }
    }
  }

  @SuppressWarnings("FutureReturnValueIgnored") // guarded() reports what fails
  private static void every(ScheduledExecutorService on, Duration interval, Runnable task) {
    long nanos = interval.toNanos();
    on.scheduleWithFixedDelay(() -> guarded(task), nanos, nanos, TimeUnit.NANOSECONDS);
  }

  private void watchAttachment() {
    path.watch().forEach(change -> LOG.warn("event=attachment change=\"{}\"", change));
  }

  /** A loop that hangs is as bad as one that died: the service manager then starts another. */
  private void tellIfAlive(Duration interval) {
    try (SystemCalls calls = new SystemCalls()) {
      long now = calls.monotonic();
      if (loops.stream().allMatch(loop -> now - loop.lastTurn() < interval.toNanos())) {
        manager.alive();
      }
    }
  }

  /** A task that throws would not be run again. */
  private static void guarded(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException | Error e) {
      LOG.warn("event=housekeeping-failed", e);
    }
  }

  /** What the loops count. */
  public Counters counters() {
    return counters;
  }

  /** Answers that are put together of pieces. */
  public Pieces pieces() {
    return pieces;
  }

  /** The kernel's side. */
  public DataPath path() {
    return path;
  }

  /** Living flows and those being set up, by the ports they hold. */
  public long livePorts() {
    return loops.stream().mapToLong(EventLoop::takenPorts).sum();
  }

  /** Flows that are over and whose entries linger. */
  public long lingeringPorts() {
    return loops.stream().mapToLong(EventLoop::lingeringPorts).sum();
  }

  /** The change of the directory that no loop decides without any more. */
  public long basedOn() {
    return loops.stream().mapToLong(EventLoop::basedOn).min().orElse(0);
  }

  /** Connections between accept and release. */
  public int inSetup() {
    return loops.stream().mapToInt(EventLoop::inSetup).sum();
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    housekeeper.shutdownNow();
    watchdog.shutdownNow();
    Duration limit = config.timeouts().shutdown();
    loops.forEach(loop -> loop.stop(limit.toNanos()));
    long deadline = System.nanoTime() + limit.plus(JOIN).toNanos();
    boolean ended = true;
    try {
      for (Thread thread : threads) {
        ended &= thread.join(Duration.ofNanos(Math.max(1, deadline - System.nanoTime())));
      }
      for (ScheduledExecutorService each : List.of(housekeeper, watchdog)) {
        ended &= each.awaitTermination(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      ended = false;
    }
    if (ended) {
      path.close(); // who still runs must not find its maps gone; the process ends anyway
    } else {
      LOG.warn("event=loops-still-running");
    }
  }
}

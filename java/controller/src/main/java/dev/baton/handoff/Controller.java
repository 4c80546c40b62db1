package dev.baton.handoff;

import dev.baton.config.BatonConfig;
import dev.baton.dataplane.DataPath;
import dev.baton.dataplane.Detach;
import dev.baton.dataplane.Firewall;
import dev.baton.dataplane.Link;
import dev.baton.dataplane.LocalAddresses;
import dev.baton.dataplane.PortReservation;
import dev.baton.directory.Snapshot;
import dev.baton.net.Addresses;
import java.net.Inet4Address;
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
  private final Counters counters = new Counters();
  private final int instance = new SecureRandom().nextInt();
  private final List<EventLoop> loops = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();
  private final ScheduledExecutorService housekeeper =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("housekeeper").factory());
  private boolean closed;

  private Controller(BatonConfig config, DataPath path) {
    this.config = config;
    this.path = path;
  }

  /**
   * Starts to accept connections; what was half made is undone where it failed.
   *
   * @param directory the newest snapshot, each time it is asked
   * @param died told when an event loop ends although it should not; whoever runs the controller
   *     had better start another
   */
  public static Controller start(BatonConfig config, Supplier<Snapshot> directory, Runnable died) {
    requireLinksAndAddresses(config);
    boolean first = !DataPath.isPinned(config);
    try {
      PortReservation.add(config.sourcePorts());
      if (config.notrack()) {
        Firewall.install(config);
      }
      return started(config, directory, died);
    } catch (RuntimeException e) {
      if (first) {
        undo(config, e);
      }
      throw e;
    }
  }

  /** Both interfaces are there, and the addresses that SYNs leave under are this host's. */
  private static void requireLinksAndAddresses(BatonConfig config) {
    Link.find(config.interfaces().publicName());
    Link.find(config.interfaces().clusterName());
    LocalAddresses local = new LocalAddresses();
    for (Inet4Address own : config.clusterAddresses()) {
      if (!local.contains(Addresses.toInt(own))) {
        throw new IllegalStateException(
            "cluster-address: " + own.getHostAddress() + " is not an address of this host");
      }
    }
  }

  private static Controller started(
      BatonConfig config, Supplier<Snapshot> directory, Runnable died) {
    Controller controller = new Controller(config, DataPath.start(config));
    try {
      controller.begin(directory, died);
      return controller;
    } catch (RuntimeException e) {
      controller.close();
      throw e;
    }
  }

  /** No controller was here before, so nothing half-attached is to stay. */
  private static void undo(BatonConfig config, RuntimeException cause) {
    try {
      Detach.run(config);
    } catch (RuntimeException e) {
      cause.addSuppressed(e);
    }
  }

  private void begin(Supplier<Snapshot> directory, Runnable died) {
    List<EventLoop.Adopted> adopted = new Adoption(path, counters, instance).run();
    if (!adopted.isEmpty()) {
      LOG.info("event=adopted flows={}", adopted.size());
    }
    var setup = new EventLoop.Setup(config, path, counters, directory, instance, adopted, died);
    for (int i = 0; i < config.eventLoops(); i++) {
      EventLoop loop = new EventLoop(setup, i);
      loops.add(loop);
      threads.add(Thread.ofPlatform().name("loop-" + i).start(loop));
    }
    for (EventLoop loop : loops) {
      try {
        loop.started().join();
      } catch (CompletionException e) {
        throw e.getCause() instanceof RuntimeException cause ? cause : e;
      }
    }
    Sweeper sweeper = new Sweeper(config, path, loops);
    every(SWEEP_SECONDS, sweeper::sweep);
    every(WATCH_SECONDS, this::watchAttachment);
    every(WATCH_SECONDS, path.localAddresses()::refresh);
  }

  @SuppressWarnings("FutureReturnValueIgnored") // guarded() reports what fails
  private void every(int seconds, Runnable task) {
    housekeeper.scheduleWithFixedDelay(() -> guarded(task), seconds, seconds, TimeUnit.SECONDS);
  }

  private void watchAttachment() {
    if (path.renew()) {
      LOG.warn("event=reattached reason=\"a filter of ours was gone\"");
    }
  }

  /** A task that throws would not be run again. */
  private static void guarded(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException e) {
      LOG.warn("event=housekeeping-failed", e);
    }
  }

  /** What the loops count. */
  public Counters counters() {
    return counters;
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
    Duration limit = config.timeouts().shutdown();
    loops.forEach(loop -> loop.stop(limit.toNanos()));
    long deadline = System.nanoTime() + limit.plus(JOIN).toNanos();
    boolean ended = true;
    for (Thread thread : threads) {
      try {
        ended &= thread.join(Duration.ofNanos(Math.max(1, deadline - System.nanoTime())));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        ended = false;
      }
    }
    if (ended) {
      path.close(); // a loop that still runs must not find its maps gone; the process ends anyway
    } else {
      LOG.warn("event=loops-still-running");
    }
  }
}

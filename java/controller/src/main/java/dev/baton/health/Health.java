package dev.baton.health;

import dev.baton.directory.DirectoryException;
import dev.baton.directory.HealthCheck;
import dev.baton.directory.HealthStore;
import dev.baton.directory.HealthStore.Known;
import dev.baton.directory.Node;
import dev.baton.directory.Snapshot;
import dev.baton.routing.Fleet;
import dev.baton.routing.NodeState;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the fleet's states up to date: one thread decides when a node is looked at and what comes
 * of it; the looks themselves, one at a time for each node, are on virtual threads. What is known
 * outlives the controller, so that a restart neither brings dead nodes back nor checks all at once.
 */
public final class Health implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Health.class);
  private static final long TICK_MILLIS = 50;
  private static final long KEEP_AGAIN_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Supplier<Snapshot> directory;
  private final Fleet fleet;
  private final HealthStore store;
  private final Random random = new Random();
  private final Map<String, Patient> patients = new HashMap<>();
  private final ConcurrentHashMap<String, Known> known = new ConcurrentHashMap<>();
  private final Map<String, Known> unkept = new LinkedHashMap<>();
  private long keepNext = System.nanoTime();
  private boolean keeps = true;
  private final ConcurrentLinkedQueue<Runnable> results = new ConcurrentLinkedQueue<>();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread thread = Thread.ofPlatform().daemon().name("health").unstarted(this::run);

  private Health(Supplier<Snapshot> directory, Fleet fleet, HealthStore store) {
    this.directory = directory;
    this.fleet = fleet;
    this.store = store;
  }

  /**
   * Puts the nodes into the state they were last known in.
   *
   * @param uri of the directory
   * @throws DirectoryException if what is known cannot be read
   */
  public static Health open(String uri, Supplier<Snapshot> directory, Fleet fleet) {
    HealthStore store = HealthStore.open(uri);
    try {
      Health health = new Health(directory, fleet, store);
      health.known.putAll(store.read());
      health.follow(directory.get(), System.nanoTime());
      return health;
    } catch (RuntimeException e) {
      store.close();
      throw e;
    }
  }

  /**
   * Watches the nodes from now on: to be called when the data plane is attached, since a network
   * card may lose what comes while an XDP program is put on it, and checks would fail for that.
   */
  public void start() {
    thread.start();
  }

  /** What is known of a node; null: it has been well ever since it was first seen. */
  public @Nullable Known known(String node) {
    return known.get(node);
  }

  private void run() {
    try {
      while (!closed.await(TICK_MILLIS, TimeUnit.MILLISECONDS)) {
        try {
          tick();
        } catch (RuntimeException e) {
          LOG.warn("event=health-failed", e);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // nobody interrupts it but a JVM that ends
    }
  }

  private void tick() {
    for (Runnable result = results.poll(); result != null; result = results.poll()) {
      result.run();
    }
    Snapshot snapshot = directory.get();
    long now = System.nanoTime();
    follow(snapshot, now);
    for (Node node : snapshot.nodes()) {
      Patient patient = patients.get(node.name());
      NodeState state = fleet.state(snapshot, node);
      if (patient == null || node.state() == Node.State.DOWN) {
        continue; // whoever took it down will say when it is up
      }
      int failures = state.failures();
      if (failures > 0) {
        String cause = failures + " handoffs failed, the last by " + state.failure();
        settle(node, patient.failed(node.check(), failures), cause);
      }
      if (patient.isDue(node.check(), now)) {
        Thread.ofVirtual().name("check-" + node.name()).start(() -> check(node, patient));
      }
    }
    if (now - keepNext >= 0) {
      keep(now);
    }
  }

  /** What has changed is written down, as soon as that can be done. */
  private void keep(long now) {
    if (unkept.isEmpty()) {
      return;
    }
    try {
      store.write(unkept);
      unkept.clear();
      keeps = true;
    } catch (DirectoryException e) {
      if (keeps) {
        LOG.warn("event=health-not-kept cause=\"{}\"", e.getMessage());
      }
      keeps = false;
      keepNext = now + KEEP_AGAIN_NANOS;
    }
  }

  /** Nodes come and go with the directory. */
  private void follow(Snapshot snapshot, long now) {
    for (Node node : snapshot.nodes()) {
      if (!patients.containsKey(node.name())) {
        Known last = known.get(node.name());
        boolean up = last == null || last.up();
        patients.put(node.name(), new Patient(node, up, random.nextDouble(), now));
        fleet.state(snapshot, node).set(up, now, false);
      }
    }
    if (patients.size() > snapshot.nodes().size()) {
      patients.keySet().removeIf(name -> snapshot.node(name) == null);
      known.keySet().removeIf(name -> snapshot.node(name) == null);
    }
  }

  private void check(Node node, Patient patient) {
    String wrong = Check.run(node);
    results.add(() -> {
      double jitter = 2 * random.nextDouble() - 1;
      HealthCheck check = node.check();
      long now = System.nanoTime();
      settle(node, patient.checked(check, wrong.isEmpty(), jitter, now), wrong);
    });
  }

  private void settle(Node node, @Nullable Boolean change, String why) {
    if (change == null) {
      return;
    }
    boolean up = change;
    String cause = up ? node.check().rise() + " good checks" : why;
    LOG.warn("event=node-{} node={} cause=\"{}\"", up ? "up" : "down", node.name(), cause);
    NodeState state = fleet.find(node.name());
    if (state != null) {
      state.set(up, System.nanoTime(), true);
    }
    Known now = new Known(up, Instant.now(), cause);
    known.put(node.name(), now);
    unkept.put(node.name(), now);
  }

  @Override
  public void close() {
    closed.countDown();
    try {
      thread.join(TimeUnit.SECONDS.toMillis(5));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (!thread.isAlive()) {
      keep(System.nanoTime());
    }
    store.close();
  }
}

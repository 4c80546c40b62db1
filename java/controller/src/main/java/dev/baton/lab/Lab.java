package dev.baton.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A small network in namespaces: a client, a DMZ node and targets.
 *
 * <pre>
 *   client               DMZ node               switch        targets
 *   c0 10.0.1.2/24 ───── d0 10.0.1.1/24
 *      fd00:0:0:1::2/64     fd00:0:0:1::1/64
 *                        d1 10.0.2.1/24 ─────── br0 ────┬──── t0 10.0.2.11/24
 *                           fd00:0:0:2::1/64            │        fd00:0:0:2::11/64
 *                                                       └──── t0 10.0.2.12/24 …
 * </pre>
 *
 * The switch is a namespace of its own, so the DMZ node has one cluster interface, as in a real
 * rack, and no bridge code runs in it. A direct lab has one target on the other end of {@code d1}
 * and no switch: one hop less, for measurements. There are no routes between client and targets,
 * and forwarding is off; {@link #forward()} makes a plain router of the DMZ node for comparison.
 * IPv6 addresses are ready at once, without duplicate detection. A {@link LabPlan} has more: other
 * MTUs, several cluster addresses, offloads, and on either side two routers with a narrow link
 * between them:
 *
 * <pre>
 *   client             client-far               client-near          DMZ node
 *   c0 10.0.3.2 ────── r0 .3.254, r1 10.0.5.1 ─ r0 .5.2, r1 .1.254 ─ d0 10.0.1.1
 *                                          narrow
 *   DMZ node           target-near              target-far           switch, targets
 *   d1 10.0.2.1 ────── r0 .2.254, r1 10.0.6.1 ─ r0 .6.2, r1 .4.254 ─ t0 10.0.4.11 …
 * </pre>
 *
 * <p>Everything is removed by {@link #close()}, in reverse order, also after a failure half-way and
 * when the JVM is told to end. What a killed JVM left behind is removed by the next lab.
 */
public final class Lab implements AutoCloseable {
  /** The client's address, in a lab without routers. */
  public static final String CLIENT = "10.0.1.2";

  /** The DMZ node's public address, on {@code d0}. */
  public static final String PUBLIC = "10.0.1.1";

  /** The DMZ node's address towards the targets, on {@code d1}. */
  public static final String CLUSTER = "10.0.2.1";

  /** The client's IPv6 address. */
  public static final String CLIENT6 = "fd00:0:0:1::2";

  /** The DMZ node's public IPv6 address, on {@code d0}. */
  public static final String PUBLIC6 = "fd00:0:0:1::1";

  /** The DMZ node's IPv6 address towards the targets, on {@code d1}. */
  public static final String CLUSTER6 = "fd00:0:0:2::1";

  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final AtomicInteger NUMBER = new AtomicInteger();

  private final LabPlan plan;
  private final String prefix;
  private final Path folder;
  private final List<String> namespaces = new ArrayList<>();
  private final List<Target> targets = new ArrayList<>();
  private final Deque<AutoCloseable> owned = new ArrayDeque<>();
  private final Deque<Path> mounts = new ArrayDeque<>();
  private final Thread atExit = new Thread(this::remove, "lab-exit");
  private boolean closed;

  private Lab(LabPlan plan) throws IOException {
    this.plan = plan;
    prefix = Leftovers.prefix(ProcessHandle.current().pid()) + NUMBER.incrementAndGet();
    folder = Files.createTempDirectory(prefix + "-");
  }

  /**
   * Builds a lab with a switch between the DMZ node and its targets.
   *
   * @param targets how many, 1 to 100
   * @throws LabException if something is missing (see {@link Probe})
   */
  public static Lab open(int targets) {
    return open(LabPlan.of(targets));
  }

  /**
   * Builds a lab whose only target is on the other end of the DMZ node's cluster interface.
   *
   * @throws LabException if something is missing (see {@link Probe})
   */
  public static Lab openDirect() {
    return open(LabPlan.of(1).withoutSwitch());
  }

  /**
   * Builds a lab by a plan.
   *
   * @param plan what it is to look like
   * @throws LabException if something is missing (see {@link Probe})
   */
  public static Lab open(LabPlan plan) {
    Leftovers.remove();
    Lab lab;
    try {
      lab = new Lab(plan);
    } catch (IOException e) {
      throw new UncheckedIOException("no temporary folder", e);
    }
    try {
      Runtime.getRuntime().addShutdownHook(lab.atExit);
      lab.wire();
      return lab;
    } catch (RuntimeException | IOException e) {
      lab.close();
      throw e instanceof RuntimeException known ? known : new LabException("cannot build a lab", e);
    }
  }

  private void wire() throws IOException {
    Files.createDirectories(folder.resolve("logs"));
    Files.createDirectories(folder.resolve("www"));
    mount("tmpfs", folder.resolve("www"));
    targets.addAll(new Wiring(this, plan).lay());
    dmz().sysctl("net.ipv4.ip_forward", "0");
  }

  void addNamespace(String role) {
    checkOpen();
    String name = prefix + "-" + role;
    Commands.run(LIMIT, List.of("ip", "netns", "add", name)).orThrow();
    synchronized (owned) {
      namespaces.add(name);
    }
  }

  Namespace namespace(String role) {
    return new Namespace(prefix + "-" + role, folder.resolve("logs"));
  }

  /** What this lab was to look like. */
  public LabPlan plan() {
    return plan;
  }

  /**
   * The client's address.
   *
   * @param family which
   */
  public String clientAddress(Family family) {
    return family.address(Wiring.clientNetwork(plan), 2);
  }

  /**
   * One of the routers on a narrow way ({@link LabPlan#narrowClient}). Its {@code r0} is towards
   * the client, its {@code r1} towards the targets.
   *
   * @param role {@code client-far}, {@code client-near}, {@code target-near} or {@code target-far}
   */
  public Namespace router(String role) {
    return namespace(role);
  }

  /** Where the client is. */
  public Namespace client() {
    return namespace("client");
  }

  /** Where the DMZ node is. */
  public Namespace dmz() {
    return namespace("dmz");
  }

  /** The target nodes. */
  public List<Target> targets() {
    return Collections.unmodifiableList(targets);
  }

  /**
   * One target node.
   *
   * @param number from 1 on
   */
  public Target target(int number) {
    return targets.get(number - 1);
  }

  /**
   * The lab's own folder; it goes with the lab. Logs of background programs are in {@code logs}
   * below it.
   */
  public Path folder() {
    return folder;
  }

  /** A name that no other lab on this machine has at this time. */
  public String name() {
    return prefix;
  }

  /** Whether it is closed or being closed, by Ctrl-C for instance. Failures are then no news. */
  public boolean isClosed() {
    synchronized (owned) {
      return closed;
    }
  }

  /**
   * Makes this lab close something before itself; the last one given is the first one closed.
   *
   * @return the same
   * @throws LabException if the lab is closed already; the resource is closed then, too
   */
  public <T extends AutoCloseable> T own(T resource) {
    synchronized (owned) {
      if (!closed) {
        owned.push(resource);
        return resource;
      }
    }
    close(resource);
    throw new LabException("the lab is closed");
  }

  /**
   * Mounts a file system of the lab's own.
   *
   * @param type {@code tmpfs} or {@code bpf}
   * @param where an existing folder below {@link #folder()}
   */
  public void mount(String type, Path where) {
    checkOpen();
    Commands.run(LIMIT, List.of("mount", "-t", type, prefix, where.toString())).orThrow();
    synchronized (owned) {
      mounts.push(where);
    }
  }

  /**
   * Lets the DMZ node's kernel route between client and targets, as any router would, until the
   * result is closed.
   *
   * @return switches it off again
   */
  public Forwarding forward() {
    var forwarding = new Forwarding(this);
    forwarding.open();
    return forwarding;
  }

  private void checkOpen() {
    if (isClosed()) {
      throw new LabException("the lab is closed");
    }
  }

  @Override
  public void close() {
    remove();
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException e) {
      // The JVM is ending; the hook found everything removed or is just doing it.
    }
  }

  private void remove() {
    synchronized (owned) {
      closed = true;
      while (!owned.isEmpty()) {
        close(owned.pop());
      }
      for (String name : namespaces.reversed()) {
        Leftovers.removeNamespace(name);
      }
      namespaces.clear();
      // Last, for processes of the namespaces stood in there.
      while (!mounts.isEmpty()) {
        Leftovers.unmount(mounts.pop());
      }
      Leftovers.removeFolder(folder);
    }
  }

  private static void close(AutoCloseable resource) {
    try {
      resource.close();
    } catch (Exception e) {
      System.err.println("while removing the lab: " + e);
    }
  }
}

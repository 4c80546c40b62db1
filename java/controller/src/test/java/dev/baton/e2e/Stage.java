package dev.baton.e2e;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.baton.bindings.flow.Baton;
import dev.baton.bpf.BpfMap;
import dev.baton.dataplane.FlowView;
import dev.baton.lab.Controller;
import dev.baton.lab.Lab;
import dev.baton.lab.Target;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Scene} with a scripted server on the first target, and a client that plays the other
 * part: through Baton, or straight for comparison.
 */
final class Stage implements AutoCloseable {
  static final String SITE = "script.example.com";

  /** The same on either target. */
  static final String PAIR = "pair.example.com";

  static final int PORT = 8080;

  /** Settings under which what is over goes soon; an idle flow lives for 3 s. */
  static final String SHORT =
      "linger: 1s\nlinger-reset: 1s\nhalf-open-timeout: 3s\nidle-timeout: 3s\n";

  private static final int SECONDS = 90;
  private static final int ADMIN = 9180;

  final Scene scene;
  final Sockets clients;
  final Sockets servers;
  private final Sockets admin;
  final Sockets spares;
  private final List<ServerSocketChannel> listeners;
  private final Map<String, Performance> open = new ConcurrentHashMap<>();
  private final AtomicLong number = new AtomicLong();

  private record Performance(
      Script.Part part, Script.Play play, CompletableFuture<Peer.Seen> seen) {}

  private Stage(Scene scene) throws IOException {
    this.scene = scene;
    clients = new Sockets(scene.lab.client());
    servers = new Sockets(scene.lab.target(1).namespace());
    spares = new Sockets(scene.lab.target(2).namespace());
    admin = new Sockets(scene.lab.dmz());
    listeners = List.of(listen(servers, scene.lab.target(1)), listen(spares, scene.lab.target(2)));
    scene.controller.apply(cluster(scene.lab));
    scene.controller.start();
  }

  private ServerSocketChannel listen(Sockets sockets, Target target) throws IOException {
    ServerSocketChannel listener = sockets.listener(StandardProtocolFamily.INET);
    listener.setOption(StandardSocketOptions.SO_REUSEADDR, true);
    listener.bind(new InetSocketAddress(InetAddress.ofLiteral(target.address()), PORT), 4096);
    Thread.ofPlatform().daemon().name("script-server").start(() -> serve(listener));
    return listener;
  }

  /** Everything running; {@code change} is made to the standard settings. */
  static Stage open(UnaryOperator<String> change) {
    return open(change, scene -> {});
  }

  /** The same; {@code before} is done before the controller starts. */
  static Stage open(UnaryOperator<String> change, Consumer<Scene> before) {
    Scene scene = Scene.stopped(change);
    try {
      before.accept(scene);
      return new Stage(scene);
    } catch (IOException e) {
      scene.close();
      throw new UncheckedIOException(e);
    } catch (RuntimeException e) {
      scene.close();
      throw e;
    }
  }

  /** The standard cluster, and the scripted server under a site of its own. */
  static String cluster(Lab lab) {
    Target target = lab.target(1);
    return Controller.standardCluster(lab)
        .replace(
            "sites:\n",
            "  - { name: script, address: %s, port: %d }\n  - { name: spare, address: %s, port: %d }\nsites:\n  - { host: %s, nodes: [script] }\n  - { host: %s, nodes: [script, spare] }\n"
                .formatted(target.address(), PORT, lab.target(2).address(), PORT, SITE, PAIR));
  }

  private void serve(ServerSocketChannel listener) {
    while (true) {
      try {
        SocketChannel channel = listener.accept();
        Thread.ofVirtual().start(() -> play(channel));
      } catch (AsynchronousCloseException e) {
        return;
      } catch (IOException e) {
        if (!listener.isOpen()) {
          return;
        }
      }
    }
  }

  private void play(SocketChannel channel) {
    try (Peer peer = new Peer(channel, Peer.Side.SERVER)) {
      String path = peer.receiveHead().split(" ", 3)[1];
      Performance performance = open.remove(path);
      if (performance != null) {
        perform(performance, peer);
      }
    } catch (IOException e) {
      // It ended before it said what it is about; the client's part tells.
    }
  }

  private static void perform(Performance performance, Peer peer) {
    try {
      performance.part.play(peer, performance.play);
      performance.seen.complete(peer.seen());
    } catch (Exception e) {
      performance.seen.completeExceptionally(e);
    }
  }

  /** Plays a script through Baton. */
  Script.Outcome play(Script script) throws Exception {
    return play(script, viaBaton(), null);
  }

  /** The public address. */
  static SocketAddress viaBaton() {
    return new InetSocketAddress(InetAddress.ofLiteral(Lab.PUBLIC), 80);
  }

  /** Plays a script without Baton; needs {@link Lab#forward()}. */
  Script.Outcome playDirect(Script script) throws Exception {
    return play(
        script,
        new InetSocketAddress(InetAddress.ofLiteral(scene.lab.target(1).address()), PORT),
        null);
  }

  /** Plays many scripts, so many at a time; each must end as it is expected to. */
  void playMany(int count, int atOnce, IntFunction<Scripts.Case> which)
      throws InterruptedException {
    var failures = new ConcurrentLinkedQueue<Throwable>();
    var next = new AtomicInteger();
    var threads = new ArrayList<Thread>();
    for (int i = 0; i < atOnce; i++) {
      threads.add(
          Thread.ofPlatform()
              .daemon()
              .start(() -> {
                try {
                  for (int n = next.getAndIncrement(); n < count; n = next.getAndIncrement()) {
                    Scripts.Case each = which.apply(n);
                    assertThat(play(each.script())).as(each.toString()).isEqualTo(each.expected());
                  }
                } catch (Throwable t) {
                  failures.add(t);
                }
              }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    if (!failures.isEmpty()) {
      throw new AssertionError(failures.size() + " of the clients failed", failures.peek());
    }
  }

  /** Plays a script from a given address and port, or from any. */
  Script.Outcome play(Script script, SocketAddress to, @Nullable SocketAddress from)
      throws Exception {
    Script.Play play = new Script.Play("/" + script.name() + "/" + number.incrementAndGet());
    var seen = new CompletableFuture<Peer.Seen>();
    open.put(play.path, new Performance(script.server(), play, seen));
    try (Peer client = connect(to, from)) {
      script.client().play(client, play);
      client.leave();
      return new Script.Outcome(client.seen(), seen.get(SECONDS, TimeUnit.SECONDS));
    } catch (ExecutionException e) {
      throw new AssertionError(script.name() + ": the server's part failed", e.getCause());
    } catch (TimeoutException e) {
      throw new AssertionError(script.name() + ": the server's part never ended", e);
    } catch (IOException e) {
      throw new AssertionError(
          script.name() + ": the client's part failed; the server's: " + seen, e);
    } finally {
      open.remove(play.path);
    }
  }

  /** Lets the server play a part for a client that is not played here. */
  Script.Play expect(String name, Script.Part server) {
    Script.Play play = new Script.Play("/" + name + "/" + number.incrementAndGet());
    open.put(play.path, new Performance(server, play, new CompletableFuture<>()));
    return play;
  }

  /** A client's connection. */
  Peer connect(SocketAddress to, @Nullable SocketAddress from) throws IOException {
    SocketChannel channel = clients.socket(StandardProtocolFamily.INET);
    try {
      if (from != null) {
        channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
        channel.bind(from);
      }
      channel.connect(to);
      return new Peer(channel, Peer.Side.CLIENT);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  /** What {@code baton status --json} shows, without a JVM for it. */
  Map<String, Object> status() {
    try (SocketChannel channel = admin.socket(StandardProtocolFamily.INET)) {
      channel.connect(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), ADMIN));
      channel
          .socket()
          .getOutputStream()
          .write("GET /status.json HTTP/1.0\r\n\r\n".getBytes(US_ASCII));
      String answer = new String(Channels.newInputStream(channel).readAllBytes(), US_ASCII);
      return JSON.std.mapFrom(answer.substring(answer.indexOf("\r\n\r\n") + 4));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long number(Map<String, Object> status, String part, String name) {
    Object value = ((Map<?, ?>) Objects.requireNonNull(status.get(part))).get(name);
    return value == null ? 0 : ((Number) value).longValue();
  }

  /** A counter of {@code reasons}, {@code data_plane} or {@code connections}. */
  long count(String part, String name) {
    return number(status(), part, name);
  }

  /** How often the controller gave a reason. */
  long reason(String name) {
    return count("reasons", name);
  }

  /** Elements of one of the pinned maps. */
  long elements(String map) {
    long[] count = {0};
    try (BpfMap pinned = pinned(map)) {
      pinned.forEach((key, value) -> count[0]++);
    }
    return count[0];
  }

  /** Entries of flows that are over. */
  long closedEntries() {
    long[] count = {0};
    try (BpfMap flows = pinned(Baton.BATON_MAP_FLOWS().getString(0))) {
      flows.forEach((key, value) -> count[0] += FlowView.of(key, value).closed() ? 1 : 0);
    }
    return count[0];
  }

  /** The one handoff whose SYN is out; null: there is none. */
  @Nullable FlowView pending() {
    FlowView[] found = new FlowView[1];
    try (BpfMap flows = pinned(Baton.BATON_MAP_FLOWS().getString(0))) {
      flows.forEach((key, value) -> {
        FlowView view = FlowView.of(key, value);
        found[0] = view.pending() ? view : found[0];
      });
    }
    return found[0];
  }

  private BpfMap pinned(String map) {
    Path pins =
        scene.lab.folder().resolve("bpf").resolve("baton").resolve("v" + Baton.BATON_SCHEMA());
    return BpfMap.tryOpenPinned(pins.resolve(map)).orElseThrow();
  }

  /** What connections hold on the DMZ node, the controller's own things not counted. */
  record Held(
      long entries, long replays, long ports, long lingering, long beforeRelease, long sockets) {
    static final Held NOTHING = new Held(0, 0, 0, 0, 0, 0);
  }

  /** What connections hold at this moment. */
  Held held() {
    Map<String, Object> status = status();
    String sockets =
        scene
            .lab
            .dmz()
            .sh("ss -Htan exclude listening exclude time-wait '( sport = :80 )' | wc -l");
    return new Held(
        elements(Baton.BATON_MAP_FLOWS().getString(0)),
        elements(Baton.BATON_MAP_REPLAYS().getString(0)),
        number(status, "connections", "flows_live"),
        number(status, "connections", "flows_lingering"),
        number(status, "connections", "before_release"),
        Long.parseLong(sockets.strip()));
  }

  /** Waits until connections hold nothing any more. */
  void awaitNothingHeld(Duration limit) {
    Held[] last = {Held.NOTHING};
    try {
      Scene.await(
          "nothing held",
          limit,
          () -> {
            last[0] = held();
            return last[0].equals(Held.NOTHING);
          });
    } catch (RuntimeException e) {
      throw new AssertionError("still held: " + last[0], e);
    }
  }

  @Override
  public void close() {
    try {
      for (ServerSocketChannel listener : listeners) {
        listener.close();
      }
      clients.close();
      servers.close();
      spares.close();
      admin.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      scene.close();
    }
  }
}

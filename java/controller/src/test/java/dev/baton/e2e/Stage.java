package dev.baton.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.lab.Controller;
import dev.baton.lab.Curl;
import dev.baton.lab.Family;
import dev.baton.lab.Lab;
import dev.baton.lab.Target;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Scene} with a scripted server on each target, and a client that plays the other part:
 * through Baton, or straight for comparison. One stage serves both address families; see {@link
 * #over}.
 */
final class Stage extends Observed implements AutoCloseable {
  static final String SITE = "script.example.com";

  /** The same on either target. */
  static final String PAIR = "pair.example.com";

  static final int PORT = 8080;

  /** Settings under which what is over goes soon; an idle flow lives for 3 s. */
  static final String SHORT =
      "linger: 1s\nlinger-reset: 1s\nhalf-open-timeout: 3s\nidle-timeout: 3s\n";

  private static final int SECONDS = 90;

  /** What its clients and servers speak. */
  final Family family;

  /** Asks as a client of this family. */
  final Curl curl;

  final Sockets clients;

  /** On the first target. */
  final Sockets servers;

  private final ScriptServers scripts;

  private Stage(Scene scene, Sockets clients, ScriptServers scripts, Sockets dmz, Family family) {
    super(scene, dmz);
    this.family = family;
    this.clients = clients;
    this.scripts = scripts;
    servers = scripts.first();
    curl = new Curl(scene.lab, Scene.LIMIT, family);
  }

  /** Everything running; {@code change} is made to the standard settings. */
  static Stage open(UnaryOperator<String> change) {
    return open(change, scene -> {});
  }

  /** The same; {@code before} is done before the controller starts. */
  static Stage open(UnaryOperator<String> change, Consumer<Scene> before) {
    return open("tc", change, before);
  }

  /** The same with a data plane; IPv4 is spoken, see {@link #over}. */
  static Stage open(String dataPlane, UnaryOperator<String> change, Consumer<Scene> before) {
    Scene scene = Scene.stopped(dataPlane, change);
    try {
      before.accept(scene);
      Stage stage =
          new Stage(
              scene,
              new Sockets(scene.lab.client()),
              new ScriptServers(scene.lab, PORT),
              new Sockets(scene.lab.dmz()),
              Family.IPV4);
      scene.controller.apply(cluster(scene.lab));
      scene.controller.start();
      return stage;
    } catch (IOException e) {
      scene.close();
      throw new UncheckedIOException(e);
    } catch (RuntimeException e) {
      scene.close();
      throw e;
    }
  }

  /** The same stage, with clients and servers that speak this family. */
  Stage over(Family other) {
    return other == family ? this : new Stage(scene, clients, scripts, dmz, other);
  }

  /** The standard cluster, and the scripted server under a site of its own. */
  static String cluster(Lab lab) {
    return Controller.standardCluster(lab)
        .replace(
            "sites:\n",
            node("script", lab.target(1))
                + node("spare", lab.target(2))
                + "sites:\n  - { host: %s, nodes: [script] }\n  - { host: %s, nodes: [script, spare] }\n"
                    .formatted(SITE, PAIR));
  }

  private static String node(String name, Target target) {
    return "  - { name: %s, address: [\"%s\", \"%s\"], port: %d }\n"
        .formatted(name, target.address(), target.address6(), PORT);
  }

  /** An address to connect to or to bind to. */
  static InetSocketAddress address(String literal, int port) {
    return new InetSocketAddress(InetAddress.ofLiteral(literal), port);
  }

  static StandardProtocolFamily protocol(Family family) {
    return family == Family.IPV4 ? StandardProtocolFamily.INET : StandardProtocolFamily.INET6;
  }

  /** Plays a script through Baton. */
  Script.Outcome play(Script script) throws Exception {
    return play(script, viaBaton(), null);
  }

  /** The public address. */
  SocketAddress viaBaton() {
    return address(family.publicAddress(), 80);
  }

  /** The scripted server on the first target. */
  SocketAddress server() {
    return address(scene.lab.target(1).address(family), PORT);
  }

  /** Plays a script without Baton; needs {@link Lab#forward()}. */
  Script.Outcome playDirect(Script script) throws Exception {
    return play(script, server(), null);
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
    Script.Play play = scripts.newPlay(script.name());
    CompletableFuture<Peer.Seen> seen = scripts.expect(play, script.server());
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
      scripts.forget(play);
    }
  }

  /** Lets the server play a part for a client that is not played here. */
  Script.Play expect(String name, Script.Part server) {
    Script.Play play = scripts.newPlay(name);
    var _ = scripts.expect(play, server);
    return play;
  }

  /** A client's connection to Baton. */
  Peer connect() throws IOException {
    return connect(viaBaton(), null);
  }

  private Peer connect(SocketAddress to, @Nullable SocketAddress from) throws IOException {
    SocketChannel channel = clients.socket(protocol(family));
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

  @Override
  public void close() {
    try {
      scripts.close();
      clients.close();
      dmz.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      scene.close();
    }
  }
}

package dev.baton.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.lab.Family;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Ports of the target leg and room in the flow map run short: what lingers makes room at once, a
 * living flow never does.
 */
@Tag("namespace")
@ExtendWith(SceneExtension.class)
class ExhaustionTest {
  private static final Duration LINGERING = Duration.ofSeconds(40);
  private static final String LONG = "linger: 10m\nlinger-reset: 10m\n";

  /** Living connections, each with its server's part waiting for its next word. */
  private static final class Living implements AutoCloseable {
    private final Deque<Stage> stages;
    private final Deque<Peer> clients = new ArrayDeque<>();
    private final Set<Integer> ports = new HashSet<>();
    private final Set<InetAddress> addresses = new HashSet<>();

    /** On these stages by turns. */
    Living(Stage... stages) {
      this.stages = new ArrayDeque<>(List.of(stages));
    }

    /** One more: the status of the page it got instead, or 200. */
    int open() throws IOException {
      Stage stage = stages.remove();
      stages.add(stage);
      Script.Play play =
          stage.expect(
              "living",
              (peer, p) -> {
                var remote = (InetSocketAddress) peer.channel().getRemoteAddress();
                synchronized (ports) {
                  ports.add(remote.getPort());
                  addresses.add(remote.getAddress());
                }
                peer.say("HTTP/1.1 200 OK\r\n\r\n");
                peer.patience(Duration.ofMinutes(5));
                while (true) {
                  peer.receive(1);
                  peer.send(1);
                }
              });
      Peer client = stage.connect();
      client.say(play.head());
      int status = Integer.parseInt(client.receiveHead().substring(9, 12));
      if (status == 200) {
        clients.add(client);
      } else {
        client.close();
      }
      return status;
    }

    /** Each still works. */
    void speak() throws IOException {
      for (Peer client : clients) {
        client.send(1);
        client.receive(1);
      }
    }

    /** The oldest ends. */
    void end() throws IOException {
      Peer client = clients.remove();
      client.halfClose();
      client.receiveToEnd();
      client.close();
    }

    @Override
    public void close() throws IOException {
      while (!clients.isEmpty()) {
        end();
      }
    }
  }

  @Test
  void portsRunOutAndComeBack() throws Exception {
    try (Stage stage =
            Stage.open(settings ->
                settings.replace("10000-32767", "10000-10009") + LONG + "event-loops: 1\n");
        Living living = new Living(stage)) {
      for (int i = 0; i < 10; i++) {
        assertThat(living.open()).isEqualTo(200);
      }
      assertThat(living.open()).isEqualTo(503);
      assertThat(stage.reason("ports_exhausted")).isEqualTo(1);
      living.speak();
      for (int i = 0; i < 30; i++) {
        living.end();
        stage.awaitClosedEntries(2, Scene.LIMIT);
        assertThat(living.open()).as("in the place of what lingers").isEqualTo(200);
      }
      assertThat(living.open()).isEqualTo(503);
      living.speak();
    }
  }

  @Test
  void eachClusterAddressHasPortsOfItsOwn() throws Exception {
    try (Stage stage =
            Stage.open(
                settings ->
                    settings
                            .replace("10000-32767", "10000-10009")
                            .replace("\"10.0.2.1\"", "\"10.0.2.1\", \"10.0.2.2\"")
                        + LONG
                        + "event-loops: 1\n",
                scene -> scene.lab.dmz().sh("ip address add 10.0.2.2/24 dev d1"));
        Living living = new Living(stage)) {
      for (int i = 0; i < 20; i++) {
        assertThat(living.open()).as("connection %d", i).isEqualTo(200);
      }
      assertThat(living.open()).isEqualTo(503);
      assertThat(living.addresses).hasSize(2);
      living.speak();
    }
  }

  @Test
  void theLeastRecentlyUsedPortIsNext() throws Exception {
    try (Stage stage =
            Stage.open(settings ->
                settings.replace("10000-32767", "10000-10049") + Stage.SHORT + "event-loops: 1\n");
        Living living = new Living(stage)) {
      for (int i = 0; i < 50; i++) {
        assertThat(living.open()).isEqualTo(200);
        living.end();
        if (i % 10 == 0) {
          stage.awaitNothingHeld(LINGERING);
        }
      }
      assertThat(living.ports).as("none twice before all were used").hasSize(50);
    }
  }

  @Test
  void theKernelDoesNotGiveThemToOthers() throws Exception {
    List<SocketChannel> others = new ArrayList<>();
    try (Stage stage = Stage.open(settings -> settings.replace("10000-32767", "10000-10099"));
        Sockets dmz = new Sockets(stage.scene.lab.dmz())) {
      dmz.sysctl("net.ipv4.ip_local_port_range", "10000 10199");
      var target =
          new InetSocketAddress(
              InetAddress.ofLiteral(stage.scene.lab.target(1).address()), Stage.PORT);
      for (int i = 0; i < 90; i++) {
        SocketChannel channel = dmz.socket(StandardProtocolFamily.INET);
        others.add(channel);
        channel.connect(target);
        assertThat(((InetSocketAddress) channel.getLocalAddress()).getPort()).isGreaterThan(10_099);
      }
      try (Living living = new Living(stage)) {
        assertThat(living.open()).isEqualTo(200);
      }
    } finally {
      for (SocketChannel channel : others) {
        channel.close();
      }
    }
  }

  @Test
  void aFullFlowMapIs503AndALivingFlowStays() throws Exception {
    try (Stage stage =
            Stage.open(settings -> settings + LONG + "max-flows: 1024\nevent-loops: 4\n");
        Living living = new Living(stage, stage.over(Family.IPV6))) {
      int refused = 0;
      for (int i = 0; i < 530; i++) {
        int status = living.open();
        assertThat(status).isIn(200, 503);
        refused += status == 503 ? 1 : 0;
      }
      assertThat(living.clients).hasSize(512);
      assertThat(refused).isEqualTo(530 - 512);
      assertThat(stage.reason("flows_exhausted")).isGreaterThanOrEqualTo(refused);
      living.speak();
      for (int i = 0; i < 20; i++) {
        living.end();
        stage.awaitClosedEntries(2, Scene.LIMIT);
        assertThat(living.open()).as("in the place of what lingers").isEqualTo(200);
      }
      living.speak();
    }
  }

  @Test
  void whatLingersMakesRoomInAFullFlowMap() throws Exception {
    try (Stage stage = Stage.open(settings -> settings + LONG + "max-flows: 1024\n")) {
      Scripts.Case each = Scripts.QUICK.getFirst();
      for (int i = 0; i < 3000; i++) {
        assertThat(stage.play(each.script())).as("connection %d", i).isEqualTo(each.expected());
      }
      assertThat(stage.elements("baton_flows")).isLessThanOrEqualTo(1024);
      assertThat(stage.reason("replay_timed_out")).isZero();
    }
  }
}

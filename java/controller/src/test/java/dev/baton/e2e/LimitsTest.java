package dev.baton.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.lab.Child;
import dev.baton.lab.Content;
import dev.baton.lab.Family;
import dev.baton.lab.Lab;
import dev.baton.lab.Result;
import dev.baton.reason.Reason;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Slow and greedy clients: they wait or are refused, and others hardly notice. */
@Tag("namespace")
@ExtendWith(SceneExtension.class)
class LimitsTest {
  private static final boolean FULL = Boolean.getBoolean("baton.full");
  private static final int SLOW = FULL ? 10_000 : 1000;
  private static final int ROUNDS = 7;
  private static final int HONEST = FULL ? 2500 : 300;
  private static final int MEASUREMENTS = 3;
  private static final double RAISED_AT_MOST = 1.5;

  /** Below that the machine itself is not steady. */
  private static final long STEADY_NANOS = 10_000;

  /** For each slow client, with its socket's share of the controller: bytes. */
  private static final long MEMORY_EACH = 6 * 1024;

  private static final long MEMORY_ANYWAY = 64L << 20;

  @TempDir Path folder;

  @Test
  void honestClientsHardlyNoticeThousandsOfSlowOnes() throws Exception {
    try (Stage stage = Stage.open(settings -> settings)) {
      List<InetAddress> addresses = SlowClients.addresses(stage.scene.lab, 20);
      var honest = new HonestClients(stage);
      honest.run(1000); // warm
      long before = memory(stage);
      // What else the machine does can spoil one measurement; slow clients that hinder spoil all.
      Hindrance hindrance;
      int measurements = 0;
      do {
        hindrance = measure(stage, addresses, honest);
        System.out.printf(
            "%d slow clients: %s; memory %d -> %d kB%n",
            SLOW, hindrance, before >> 10, hindrance.memory() >> 10);
      } while (!hindrance.small() && ++measurements < MEASUREMENTS);
      assertThat(hindrance).matches(Hindrance::small, "raised by less than half");
      assertThat(hindrance.memory() - before).isLessThan(SLOW * MEMORY_EACH + MEMORY_ANYWAY);
    }
  }

  /**
   * The times of honest set-ups without and with slow clients, and the most memory meanwhile.
   *
   * @param without the times of each round without, nanoseconds
   * @param with the times of each round with them, nanoseconds
   * @param memory of the controller, bytes
   */
  private record Hindrance(List<List<Long>> without, List<List<Long>> with, long memory) {
    boolean small() {
      return hardlyRaised(0.5) && hardlyRaised(0.99);
    }

    private boolean hardlyRaised(double share) {
      return typical(with, share) < RAISED_AT_MOST * typical(without, share) + STEADY_NANOS;
    }

    @Override
    public String toString() {
      return "median %d -> %d us, p99 %d -> %d us"
          .formatted(
              typical(without, 0.5) / 1000,
              typical(with, 0.5) / 1000,
              typical(without, 0.99) / 1000,
              typical(with, 0.99) / 1000);
    }
  }

  private static Hindrance measure(Stage stage, List<InetAddress> addresses, HonestClients honest)
      throws Exception {
    List<List<Long>> without = new ArrayList<>();
    List<List<Long>> with = new ArrayList<>();
    long most = 0;
    for (int round = 0; round < ROUNDS; round++) {
      try (var slow = new SlowClients(stage, addresses, SLOW)) {
        Scene.await(
            "all of them to be in set-up",
            Scene.LIMIT,
            () -> stage.count("connections", "before_release") >= SLOW);
        with.add(honest.run(HONEST));
        assertThat(slow.sent()).as("bytes dripped").isPositive();
        most = Math.max(most, memory(stage));
      }
      Scene.await(
          "them to be gone", Scene.LIMIT, () -> stage.count("connections", "before_release") == 0);
      without.add(honest.run(HONEST));
    }
    return new Hindrance(without, with, most);
  }

  /** The median round's, so that one round in which the machine was busy does not decide. */
  private static long typical(List<List<Long>> rounds, double share) {
    return HonestClients.share(
        rounds.stream().map(times -> HonestClients.share(times, share)).toList(), 0.5);
  }

  /** Resident memory of the controller, bytes. */
  private static long memory(Stage stage) throws IOException {
    String status = Files.readString(Path.of("/proc/" + stage.scene.controller.pid() + "/status"));
    String line =
        status.lines().filter(each -> each.startsWith("VmRSS:")).findFirst().orElseThrow();
    return Long.parseLong(line.replaceAll("[^0-9]", "")) << 10;
  }

  @Test
  void whenAllPlacesAreTakenStrangersWaitAndFlowsGoOn() throws Exception {
    int places = 16;
    try (Stage stage =
        Stage.open(settings ->
            settings + "event-loops: 1\nhead-timeout: 30s\nmax-connections: " + places + "\n")) {
      Path copy = folder.resolve("copy");
      String[] command = stage.scene.curl.command(Scene.SITE, "/large", copy, "--limit-rate", "8M");
      try (Child living = stage.scene.lab.client().start("living", command)) {
        Scene.await("the download", Scene.LIMIT, () -> Scene.size(copy) > 0);
        try (var slow = new SlowClients(stage, SlowClients.addresses(stage.scene.lab, 4), 200)) {
          Scene.await(
              "all places to be taken",
              Scene.LIMIT,
              () -> stage.count("connections", "before_release") == places);
          Scene.await("waiting", Scene.LIMIT, () -> reason(stage, Reason.TOO_MANY_CONNECTIONS) > 0);
          assertThat(stage.count("connections", "before_release")).isEqualTo(places);
          assertThat(slow.refused()).isZero();
          assertThat(living.awaitEnd(Scene.LIMIT)).isZero();
        }
        assertThat(Content.sha256(copy))
            .isEqualTo(Content.sha256(stage.scene.lab.target(1).files().resolve("large")));
      }
      // Who waited has gone; the next one is served.
      assertThat(stage.scene.curl.get(Scene.SITE, "/1k", Scene.NOWHERE).status()).isEqualTo(200);
    }
  }

  private static long reason(Stage stage, Reason reason) {
    return stage.reason(reason.name().toLowerCase(Locale.ROOT));
  }

  @Test
  void oneClientHasItsShare() throws Exception {
    int share = 4;
    try (Stage stage =
        Stage.open(settings -> settings + "max-connections-per-client: " + share + "\n")) {
      for (Family family : Family.SERVED) {
        long before = reason(stage, Reason.TOO_MANY_FROM_CLIENT);
        List<Peer> peers = new ArrayList<>();
        try {
          for (int i = 0; i < share; i++) {
            peers.add(peer(stage, family, family.address(1, 2)));
            peers.getLast().say("GET / HTTP/1.1\r\n");
          }
          Scene.await(
              "its share",
              Scene.LIMIT,
              () -> stage.count("connections", "before_release") == share);
          Peer more = peer(stage, family, family.address(1, 2));
          peers.add(more);
          assertThat(more.receiveHead()).startsWith("HTTP/1.1 503 ");
          assertThat(reason(stage, Reason.TOO_MANY_FROM_CLIENT) - before).isEqualTo(1);

          String other = family == Family.IPV4 ? "10.0.1.77" : "fd00:0:0:1:7::7";
          stage
              .scene
              .lab
              .client()
              .sh(
                  "ip address add %s dev c0%s"
                      .formatted(
                          other + (family == Family.IPV4 ? "/24" : "/64"),
                          family == Family.IPV6 ? " nodad" : ""));
          try (Peer stranger = peer(stage, family, other)) {
            stranger.say("GET / HTTP/1.1\r\nHost: nobody.example.net\r\n\r\n");
            // The /64 is one client, however many addresses it has.
            assertThat(stranger.receiveHead())
                .startsWith(family == Family.IPV4 ? "HTTP/1.1 404 " : "HTTP/1.1 503 ");
          }
          peers.removeFirst().close();
          more.close();
          Scene.await(
              "room", Scene.LIMIT, () -> stage.count("connections", "before_release") == share - 1);
          try (Peer next = peer(stage, family, family.address(1, 2))) {
            next.say("GET / HTTP/1.1\r\nHost: nobody.example.net\r\n\r\n");
            assertThat(next.receiveHead()).startsWith("HTTP/1.1 404 ");
          }
        } finally {
          for (Peer peer : peers) {
            peer.close();
          }
        }
        Scene.await("nobody", Scene.LIMIT, () -> stage.count("connections", "before_release") == 0);
      }
    }
  }

  /** One too many is told so in what it speaks; who says nothing sees the end and no bytes. */
  @Test
  void oneTooManyIsToldSoInItsProtocol() throws Exception {
    int share = 2;
    try (Stage stage =
        Stage.open(settings ->
            settings.replace(
                    "interfaces:",
                    "  - { address: %s, port: 8443, protocol: auto }%ninterfaces:"
                        .formatted(Lab.PUBLIC))
                + "head-timeout: 60s\nmax-connections-per-client: "
                + share
                + "\n")) {
      List<Peer> peers = new ArrayList<>();
      try {
        for (int i = 0; i < share; i++) {
          peers.add(peer(stage, Family.IPV4, Family.IPV4.address(1, 2)));
          peers.getLast().say("GET / HTTP/1.1\r\n");
        }
        Scene.await(
            "its share", Scene.LIMIT, () -> stage.count("connections", "before_release") == share);

        Result tls = curl(stage, "https://www.example.com:8443/");
        assertThat(tls.exit()).as(tls.toString()).isEqualTo(35);
        assertThat(tls.err()).contains("internal error");
        assertTold("503 1.1", curl(stage, "http://www.example.com:8443/"));
        for (String origin : List.of("http://www.example.com:8443/", "http://www.example.com/")) {
          assertTold("503 2", curl(stage, "--http2-prior-knowledge", origin));
        }

        try (SocketChannel silent = stage.clients.socket(StandardProtocolFamily.INET)) {
          silent.connect(new InetSocketAddress(InetAddress.ofLiteral(Lab.PUBLIC), 8443));
          Peer peer = new Peer(silent, Peer.Side.CLIENT);
          peer.receiveToEnd();
          assertThat(peer.seen()).isEqualTo(new Peer.Seen(0, Peer.End.FIN));
        }
        assertThat(reason(stage, Reason.TOO_MANY_FROM_CLIENT)).isEqualTo(5);
        assertThat(reason(stage, Reason.NO_FIRST_BYTE)).isZero();
        assertThat(reason(stage, Reason.CLIENT_GONE)).isZero();
      } finally {
        for (Peer peer : peers) {
          peer.close();
        }
      }
    }
  }

  private static void assertTold(String answer, Result curl) {
    assertThat(curl.out()).as(curl.toString()).isEqualTo(answer);
  }

  private static Result curl(Stage stage, String... options) {
    List<String> line =
        new ArrayList<>(
            List.of("curl", "-q", "-sS", "-k", "--noproxy", "*", "-m", "30", "-o", "/dev/null"));
    line.addAll(List.of("-w", "%{http_code} %{http_version}"));
    for (int port : new int[] {80, 8443}) {
      line.addAll(List.of("--resolve", "www.example.com:%d:%s".formatted(port, Lab.PUBLIC)));
    }
    line.addAll(List.of(options));
    return stage.scene.lab.client().run(Scene.LIMIT, line.toArray(String[]::new));
  }

  private static Peer peer(Stage stage, Family family, String from) throws IOException {
    SocketChannel channel =
        stage.clients.socket(
            family == Family.IPV4 ? StandardProtocolFamily.INET : StandardProtocolFamily.INET6);
    channel.bind(new InetSocketAddress(InetAddress.ofLiteral(from), 0));
    channel.connect(new InetSocketAddress(InetAddress.ofLiteral(family.publicAddress()), 80));
    return new Peer(channel, Peer.Side.CLIENT);
  }

  @Test
  void whoSaysNothingIsLeftEarlyAndABacklogIsAsConfigured() throws Exception {
    try (Stage stage =
        Stage.open(settings ->
            settings.replace("protocol: http }", "protocol: http, backlog: 77 }")
                + "first-byte-timeout: 500ms\nhead-timeout: 3s\n")) {
      assertThat(
              stage
                  .scene
                  .lab
                  .dmz()
                  .sh("ss -Hltn '( sport = :80 )'")
                  .lines()
                  .map(line -> line.split("\\s+", -1)[2]))
          .isNotEmpty()
          .containsOnly("77");
      long started = System.nanoTime();
      try (Peer silent = stage.connect();
          Peer slow = stage.connect()) {
        slow.say("GET ");
        silent.receiveToEnd();
        assertThat(silent.seen()).isEqualTo(new Peer.Seen(0, Peer.End.FIN));
        assertThat(Duration.ofNanos(System.nanoTime() - started)).isLessThan(Duration.ofSeconds(2));
        assertThat(reason(stage, Reason.NO_FIRST_BYTE)).isEqualTo(1);
        assertThat(slow.receiveHead()).startsWith("HTTP/1.1 408 ");
        assertThat(reason(stage, Reason.HEAD_TOO_SLOW)).isEqualTo(1);
        assertThat(Duration.ofNanos(System.nanoTime() - started))
            .isBetween(Duration.ofMillis(2900), Duration.ofSeconds(5));
      }
    }
  }
}

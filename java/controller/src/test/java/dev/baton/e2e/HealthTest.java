package dev.baton.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.lab.Controller;
import dev.baton.lab.Lab;
import dev.baton.lab.Nginx;
import dev.baton.lab.Target;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A node that vanishes under load is left out as soon as it is known, and comes back. */
@Tag("namespace")
class HealthTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int PER_SECOND = 50;
  private static final long QUICK = TimeUnit.MILLISECONDS.toNanos(900);

  private static final String CLUSTER =
      """
      check: { kind: http, path: /name, status: 200, interval: 300ms, timeout: 300ms, rise: 2, fall: 2 }
      nodes:
        - { name: qure-2, address: 10.0.2.2 }
        - { name: qure-3, address: 10.0.2.3 }
      sites:
        - { host: www.example.com, nodes: [qure-2, qure-3] }
      """;

  @Test
  void requestsFailOnlyUntilANodesDeathIsKnown() throws Exception {
    try (Lab lab = Lab.open(2)) {
      Controller controller = begin(lab);
      List<Visitors.Visit> visits;
      long killed;
      long known;
      long back;
      Target mortal = lab.target(2);
      try (Visitors visitors = new Visitors(lab, "www.example.com", "/name", PER_SECOND)) {
        awaitMore(visitors, PER_SECOND);
        killed = System.nanoTime();
        mortal.namespace().sh("ip link set t0 down");
        Scene.await("it to be known", LIMIT, () -> !isWell(controller, mortal));
        known = System.nanoTime();
        awaitMore(visitors, 2 * PER_SECOND);

        controller.stop();
        controller.start();
        assertThat(isWell(controller, mortal)).as("known from before the restart").isFalse();
        long restarted = System.nanoTime();
        awaitMore(visitors, PER_SECOND);

        long raised = System.nanoTime();
        mortal.namespace().sh("ip link set t0 up");
        Scene.await("it to be up", LIMIT, () -> isWell(controller, mortal));
        back = System.nanoTime();
        awaitMore(visitors, 2 * PER_SECOND);
        visits = visitors.visits();
        assertThat(nodes(visits, restarted, raised)).containsExactly("qure-2");
      }
      assertThat(nodes(visits, 0, killed)).containsExactlyInAnyOrder("qure-2", "qure-3");
      assertThat(nodes(visits, known, restartBegun(visits, known))).containsExactly("qure-2");
      assertThat(nodes(visits, back, Long.MAX_VALUE)).containsExactlyInAnyOrder("qure-2", "qure-3");
      assertThat(visits)
          .filteredOn(visit -> visit.ended() < killed || visit.begun() > back)
          .allMatch(Visitors.Visit::served, "is served");
      assertThat(visits)
          .filteredOn(
              visit -> visit.begun() > known && visit.begun() < known + LIMIT.toNanos() / 60)
          .allMatch(
              visit -> visit.served() && visit.ended() - visit.begun() < QUICK,
              "is served at once");
    }
  }

  /** Only what came soon: the restart in between refuses connections for a moment. */
  private static long restartBegun(List<Visitors.Visit> visits, long known) {
    return visits.stream()
        .filter(visit -> visit.begun() > known && !visit.served())
        .mapToLong(Visitors.Visit::begun)
        .min()
        .orElse(Long.MAX_VALUE);
  }

  private static Set<String> nodes(List<Visitors.Visit> visits, long from, long to) {
    return visits.stream()
        .filter(visit -> visit.begun() > from && visit.begun() < to && visit.served())
        .map(Visitors.Visit::body)
        .collect(Collectors.toSet());
  }

  @Test
  void handoffsThatFailSpeakAgainstANodeWithoutACheck() throws Exception {
    try (Lab lab = Lab.open(2)) {
      String unchecked = CLUSTER.replace("kind: http", "kind: none");
      Controller controller = begin(lab, unchecked);
      Target mortal = lab.target(2);
      try (Visitors visitors = new Visitors(lab, "www.example.com", "/name", PER_SECOND)) {
        awaitMore(visitors, PER_SECOND);
        assertThat(isWell(controller, mortal)).isTrue();
        mortal.namespace().sh("ip link set t0 down");
        Scene.await("it to be known", LIMIT, () -> !isWell(controller, mortal));
        assertThat(controller.command("status", "--json").orThrow())
            .contains("handoffs failed, the last by TARGET_");
        mortal.namespace().sh("ip link set t0 up");
        Scene.await("it to be up", LIMIT, () -> isWell(controller, mortal));
      }
    }
  }

  /** Six nodes that are servers of the same two hosts, each looked at in another way. */
  @Test
  void everyKindOfCheckSaysWhatIsWrong() throws Exception {
    try (Lab lab = Lab.open(2)) {
      Target one = lab.target(1);
      Target two = lab.target(2);
      Certificate own = Certificate.make(lab, lab.folder(), "www.example.com");
      Nginx.start(lab, one, 80);
      Nginx.start(lab, two, 80);
      Nginx.startTls(lab, one, 443, own.file(), own.key());
      Files.writeString(one.files().resolve("name"), "one");
      Controller controller = Controller.create(lab, Controller.standardFile(lab));
      controller.apply(
          """
          check: { kind: tcp, interval: 200ms, timeout: 5s, rise: 2, fall: 2 }
          nodes:
            - { name: tcp-good, address: %1$s }
            - { name: tcp-bad, address: %1$s, port: 81 }
            - { name: http-good, address: %1$s, check: { kind: http, path: /name, interval: 200ms, timeout: 5s } }
            - { name: http-bad, address: %1$s, check: { kind: http, path: /none, interval: 200ms, timeout: 5s } }
            - { name: http-none, address: %1$s, check: { kind: http, path: /none, status: 404, interval: 200ms, timeout: 5s } }
            - { name: tls-good, address: %1$s, check: { kind: tls, host: www.example.com, interval: 200ms, timeout: 5s } }
            - { name: tls-bad, address: %2$s, tls-port: 80, check: { kind: tls, interval: 200ms, timeout: 5s } }
          sites: []
          """
              .formatted(one.address(), two.address()));
      controller.start();
      Told told = new Told(controller);
      Map<String, String> bad =
          Map.of("tcp-bad", "Connection refused", "http-bad", "status 404", "tls-bad", "");
      for (Map.Entry<String, String> each : bad.entrySet()) {
        Scene.await(each.getKey() + " to be down", LIMIT, () -> !isWell(told, each.getKey()));
        assertThat(told.node(each.getKey()).get("cause"))
            .asString()
            .contains(each.getValue())
            .hasSizeGreaterThan(one.address().length());
      }
      for (String good : new String[] {"tcp-good", "http-good", "http-none", "tls-good"}) {
        assertThat(told.node(good)).as(good).containsEntry("well", true).doesNotContainKey("cause");
      }
      Nginx.start(lab, one, 81);
      Scene.await("it to be up", LIMIT, () -> isWell(told, "tcp-bad"));
      assertThat(controller.output())
          .filteredOn(line -> line.contains("event=node-"))
          .as("each change is logged once")
          .hasSize(bad.size() + 1);
    }
  }

  private static boolean isWell(Told told, String node) {
    return Boolean.TRUE.equals(told.node(node).get("well"));
  }

  private static Controller begin(Lab lab) throws IOException {
    return begin(lab, CLUSTER);
  }

  private static Controller begin(Lab lab, String cluster) throws IOException {
    for (Target target : lab.targets()) {
      Nginx.start(lab, target, 80);
      Files.writeString(target.files().resolve("name"), target.name());
    }
    Controller controller = Controller.create(lab, Controller.standardFile(lab));
    String addressed = cluster;
    for (Target target : lab.targets()) {
      addressed =
          addressed.replaceAll(
              "(name: %s, address: )[0-9.]+".formatted(target.name()), "$1" + target.address());
    }
    controller.apply(addressed);
    controller.start();
    return controller;
  }

  private static boolean isWell(Controller controller, Target target) {
    return isWell(new Told(controller), target.name());
  }

  private static void awaitMore(Visitors visitors, int more) {
    int before = visitors.count();
    Scene.await("more visits", LIMIT, () -> visitors.count() >= before + more);
  }
}

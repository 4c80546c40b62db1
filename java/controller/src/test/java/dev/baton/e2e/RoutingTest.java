package dev.baton.e2e;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.baton.lab.Child;
import dev.baton.lab.Content;
import dev.baton.lab.Controller;
import dev.baton.lab.Curl;
import dev.baton.lab.InNamespace;
import dev.baton.lab.Lab;
import dev.baton.lab.Nginx;
import dev.baton.lab.Target;
import dev.baton.reason.Reason;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;

/** Which of two nodes a connection gets, and what it gets when there is none. */
@Tag("namespace")
@ExtendWith(SceneExtension.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RoutingTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final String SITE = "www.example.com";
  private static final int MANY = 40;
  private static final int QUIET_MILLIS = 300;

  private Lab lab;
  private Controller controller;
  private Told told;
  private Curl curl;
  private String standard;
  private String applied = "";
  private Path headFile;

  @BeforeAll
  void open() throws IOException {
    lab = Lab.open(2);
    for (Target target : lab.targets()) {
      Content.write(target.files().resolve("large"), Scene.LARGE, 1);
      Files.writeString(target.files().resolve("small"), "here");
      Nginx.start(lab, target, 80);
    }
    controller = Controller.create(lab, Controller.standardFile(lab));
    told = new Told(controller);
    controller.apply(Controller.standardCluster(lab));
    standard =
        Controller.standardCluster(lab)
            .replace("port: 80 }", "port: 80, state: up }")
            .replaceFirst("(?s)sites:.*", "sites:\n  - { host: %s, nodes: [%s, %s] }\n")
            .formatted(SITE, lab.target(1).name(), lab.target(2).name());
    headFile = lab.folder().resolve("head");
    curl = new Curl(lab, LIMIT);
    controller.start();
  }

  @AfterAll
  void close() {
    lab.close();
  }

  /** Every test begins with two equal nodes. */
  @BeforeEach
  void apply() {
    become(standard);
  }

  /** With more words for the nodes, in the order of the targets. */
  private void apply(String... words) {
    String cluster = standard;
    for (int i = 0; i < words.length; i++) {
      String name = "name: " + lab.target(i + 1).name() + ",";
      cluster = cluster.replace(name, name + " " + words[i] + ",");
    }
    cluster = cluster.replaceAll("(state: draining,.*), state: up", "$1");
    become(cluster);
  }

  /** Applies and waits until every event loop goes by it. */
  private void become(String cluster) {
    long before = told.directory("sequence");
    controller.apply(cluster);
    if (!cluster.equals(applied)) {
      applied = cluster;
      Scene.await("the directory", LIMIT, () -> told.directory("sequence_in_use") > before);
    }
  }

  /** The whole answer's head. */
  private String head(int status, String host, String path, String... options) {
    List<String> all = new ArrayList<>(List.of("-D", headFile.toString()));
    all.addAll(List.of(options));
    Curl.Reply reply = curl.get(host, path, Scene.NOWHERE, all.toArray(String[]::new));
    String head = read(headFile);
    assertThat(reply.status()).as("%s %s", reply, head).isEqualTo(status);
    return head;
  }

  private static String read(Path file) {
    try {
      return Files.readString(file, ISO_8859_1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String node(int number) {
    return "X-Node: " + lab.target(number).name();
  }

  private Child download(int number) {
    String[] line = curl.command(SITE, "/large", Scene.NOWHERE, "--limit-rate", "200k", "-v");
    return lab.client().start("slow-" + number, line);
  }

  @Test
  void nodesGetFlowsByWeight() {
    apply("weight: 3", "weight: 1");
    awaitSameCounts(0);
    List<Child> downloads = new ArrayList<>();
    try {
      Map<String, Integer> got = new HashMap<>();
      for (int i = 0; i < 16; i++) {
        Child each = download(i);
        downloads.add(each);
        String said = each.awaitLine(line -> line.startsWith("< X-Node: "), LIMIT);
        got.merge(said.substring(2), 1, Integer::sum);
      }
      assertThat(got).containsOnly(Map.entry(node(1), 12), Map.entry(node(2), 4));
      awaitSameCounts(16);
    } finally {
      downloads.forEach(Child::kill);
    }
    awaitSameCounts(0);
  }

  /** What the status says of each node. */
  private List<Long> said(String what) {
    return lab.targets().stream()
        .map(target -> (Number) Objects.requireNonNull(told.node(target.name()).get(what)))
        .map(Number::longValue)
        .toList();
  }

  /** What the kernel has towards each node: pairs that live. */
  private List<Long> inKernel() {
    String text = controller.command("flows", "--json").orThrow();
    try {
      List<String> living =
          JSON.std.listFrom(text).stream()
              .map(Told::map)
              .filter(entry -> "to-client".equals(entry.get("direction")))
              .filter(entry -> !Set.of("closed", "reset").contains(entry.get("state")))
              .map(entry -> String.valueOf(entry.get("target")))
              .toList();
      return lab.targets().stream()
          .map(target -> living.stream().filter((target.address() + ":80")::equals).count())
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void awaitSameCounts(int sum) {
    Awaitility.await()
        .atMost(LIMIT)
        .pollInterval(Duration.ofMillis(QUIET_MILLIS))
        .untilAsserted(() -> {
          List<Long> said = said("flows");
          assertThat(inKernel()).as("in the kernel").isEqualTo(said);
          assertThat(said.stream().mapToLong(each -> each).sum()).isEqualTo(sum);
        });
  }

  /** Connections of all kinds of ends, and some that live on across a restart. */
  @Test
  void theCountsAreTheKernels() throws Exception {
    List<Socket> alive = new ArrayList<>();
    try {
      InNamespace.call(lab.client(), () -> churn(alive));
      awaitSameCounts(alive.size());
      assertThat(controller.stop()).isTrue();
      controller.start();
      awaitSameCounts(alive.size());
      for (int i = 0; i < alive.size() / 2; i++) {
        leave(alive.get(i));
      }
      awaitSameCounts(alive.size() / 2);
    } finally {
      for (Socket each : alive) {
        leave(each);
      }
    }
    awaitSameCounts(0);
  }

  /** A third is reset by the client, a third closed, and a third stays. */
  private static int churn(List<Socket> alive) throws IOException {
    for (int i = 0; i < 3 * MANY; i++) {
      Socket socket = ask();
      assertThat(socket.getInputStream().readNBytes(12)).asString().isEqualTo("HTTP/1.1 200");
      if (i % 3 == 0) {
        alive.add(socket);
        continue;
      }
      if (i % 3 == 1) {
        socket.setSoLinger(true, 0);
      } else {
        socket.shutdownOutput();
        assertThat(socket.getInputStream().readAllBytes()).asString().endsWith("here");
      }
      socket.close();
    }
    return alive.size();
  }

  /** From the client's namespace; its request is sent. */
  private static Socket ask() throws IOException {
    return ask(SITE);
  }

  private static Socket ask(String host) throws IOException {
    Socket socket = new Socket();
    socket.connect(new InetSocketAddress(Lab.PUBLIC, 80), (int) LIMIT.toMillis());
    socket.setSoTimeout((int) LIMIT.toMillis());
    socket
        .getOutputStream()
        .write(("GET /small HTTP/1.1\r\nHost: " + host + "\r\n\r\n").getBytes(ISO_8859_1));
    return socket;
  }

  private Socket client() {
    return InNamespace.call(lab.client(), RoutingTest::ask);
  }

  private static String status(Socket socket) throws IOException {
    return new String(socket.getInputStream().readNBytes(12), ISO_8859_1);
  }

  private void awaitWaiting(int count) {
    Scene.await(count + " to wait", LIMIT, () -> said("waiting").getFirst() == count);
  }

  @Test
  void whoComesToAFullNodeWaits() throws IOException {
    awaitSameCounts(0);
    apply("max-flows: 1, queue: 2, queue-time: 1m", "state: draining");
    try (Socket first = client()) {
      assertThat(status(first)).isEqualTo("HTTP/1.1 200");
      try (Socket second = client()) {
        awaitWaiting(1);
        try (Socket third = client()) {
          awaitWaiting(2);
          assertThat(head(503, SITE, "/small")).contains("\r\nRetry-After: ");
          assertThat(told.count(Reason.NODES_FULL)).isPositive();
          for (Socket each : List.of(second, third)) {
            assertWaits(each);
          }
          leave(first);
          assertThat(status(second)).isEqualTo("HTTP/1.1 200");
          awaitWaiting(1);
          assertWaits(third);
          leave(third); // and frees its place
        }
        awaitWaiting(0);
        try (Socket fourth = client()) {
          awaitWaiting(1);
          leave(second);
          assertThat(status(fourth)).isEqualTo("HTTP/1.1 200");
          leave(fourth);
        }
      }
    }
    awaitSameCounts(0);
  }

  /** By a RST where the target expects it: a FIN and a RST at once leave the flow half-open. */
  private static void leave(Socket socket) throws IOException {
    if (!socket.isClosed()) {
      socket.setSoLinger(true, 0);
      socket.close();
    }
  }

  private static void assertWaits(Socket socket) throws IOException {
    socket.setSoTimeout(QUIET_MILLIS);
    try {
      throw new AssertionError("did not wait: " + socket.getInputStream().read());
    } catch (SocketTimeoutException e) {
      socket.setSoTimeout((int) LIMIT.toMillis());
    }
  }

  /** A queue of one: who is in it is not in its own way. */
  @Test
  void whoWaitsForTooLongIsRefused() throws IOException {
    awaitSameCounts(0);
    assertThat(said("waiting")).containsExactly(0L, 0L);
    apply("max-flows: 1, queue: 1, queue-time: 1s", "state: draining");
    try (Socket first = client()) {
      assertThat(status(first)).isEqualTo("HTTP/1.1 200");
      long begun = System.nanoTime();
      assertThat(head(503, SITE, "/small")).contains("\r\nRetry-After: ");
      assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThan(Duration.ofSeconds(1));
      assertThat(said("waiting")).containsExactly(0L, 0L);
      leave(first);
    }
  }

  @Test
  void theBackupIsForWhenTheOthersAreDrained() {
    apply("role: backup", "weight: 1");
    for (int i = 0; i < 6; i++) {
      assertThat(head(200, SITE, "/small")).contains(node(2));
    }
    apply("role: backup", "state: draining");
    assertThat(head(200, SITE, "/small")).contains(node(1));
    apply("role: backup", "weight: 1");
    assertThat(head(200, SITE, "/small")).contains(node(2));
  }

  @Test
  void thePublicNodeIsToldOfWhenNoOtherIsLeft() {
    apply("role: public", "weight: 1");
    assertThat(head(200, SITE, "/small")).contains(node(2));
    apply("role: public", "state: draining");
    String there = "http://" + SITE + "." + lab.target(1).name() + ".cloud";
    assertThat(head(307, SITE, "/a?b=%20c", "-i"))
        .contains("\r\nLocation: " + there + "/a?b=%20c\r\n");
    assertThat(told.count(Reason.REDIRECTED_TO_PUBLIC)).isEqualTo(1);
    assertThat(head(302, SITE, "/", "--http1.0")).contains("\r\nLocation: " + there + "/\r\n");
    assertThat(head(421, SITE + "." + lab.target(1).name() + ".cloud", "/"))
        .doesNotContain("Location");
    assertThat(told.count(Reason.NODE_IS_ELSEWHERE)).isEqualTo(1);
  }

  @Test
  void aSiteThatNoNodeHasWholeIsNotServed() {
    become(
        standard
            + standard
                .replaceFirst("(?s).*sites:\n", "")
                .replace("www", "new")
                .replace("] }", "], copies: deployed }"));
    assertThat(head(503, "new.example.com", "/small")).contains("\r\nRetry-After: ");
    assertThat(told.count(Reason.NO_COMPLETE_COPY)).isEqualTo(1);
  }

  /** The server of each is told the site's own name. */
  @Test
  void aNodeIsAskedByItsName() throws IOException {
    for (Target target : lab.targets()) {
      Files.createDirectories(target.files().resolve("folder"));
    }
    for (int i = 1; i <= 2; i++) {
      String host = SITE + "." + lab.target(i).name() + ".cloud";
      for (int times = 0; times < 3; times++) {
        assertThat(head(200, host, "/small")).contains(node(i));
      }
      // nginx redirects to the host that it was asked for.
      assertThat(head(301, host, "/folder"))
          .contains(node(i), "\r\nLocation: http://" + SITE + "/folder/\r\n");
    }
    head(404, SITE + ".none.cloud", "/small");
  }

  @Test
  void aDrainedNodeIsWaitedForAndComesBack() throws IOException {
    String name = lab.target(1).name();
    try (Socket stays = ownClient(1)) {
      Child drain =
          lab.dmz()
              .start(
                  "drain",
                  controller.commandLine("node drain", name, "--wait").toArray(new String[0]));
      drain.awaitLine(line -> line.equals("1 flows are left"), LIMIT);
      for (int i = 0; i < 4; i++) {
        assertThat(head(200, SITE, "/small")).contains(node(2));
      }
      assertThat(controller.command("lookup", "http://" + SITE + "/").orThrow())
          .contains(
              "controller: running", "it is draining", "hand over to " + lab.target(2).name());
      assertThat(drain.isAlive()).as("it waits").isTrue();
      leave(stays);
      assertThat(drain.awaitEnd(LIMIT)).isZero();
      assertThat(drain.lines()).endsWith(name + " is draining; flows left: 0");
    }
    assertThat(controller.command("node up", name).orThrow()).contains(name + " is up");
    try (Socket stays = ownClient(1);
        Socket other = ownClient(2)) {
      assertThat(controller.command("node drain", name, "--wait", "--deadline", "1s").orThrow())
          .contains("1 flows were reset", "flows left: 0");
      assertThatThrownBy(() -> stays.getInputStream().read()).hasMessageContaining("reset");
      leave(other);
    }
    assertThat(controller.command("node show", name).orThrow()).contains("draining");
  }

  /** A connection that a node has got, by its own name, and that stays open. */
  private Socket ownClient(int number) throws IOException {
    String host = SITE + "." + lab.target(number).name() + ".cloud";
    Socket socket = InNamespace.call(lab.client(), () -> ask(host));
    assertThat(status(socket)).isEqualTo("HTTP/1.1 200");
    byte[] rest = new byte[1 << 16];
    int length = socket.getInputStream().read(rest);
    assertThat(new String(rest, 0, length, ISO_8859_1)).endsWith("here");
    return socket;
  }
}

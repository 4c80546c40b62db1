package dev.baton.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.lab.Child;
import dev.baton.lab.Content;
import dev.baton.lab.Controller;
import dev.baton.lab.Curl;
import dev.baton.lab.Family;
import dev.baton.lab.Lab;
import dev.baton.lab.LabPlan;
import dev.baton.lab.LabPlan.Offload;
import dev.baton.lab.Namespace;
import dev.baton.lab.Nginx;
import dev.baton.lab.Target;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Links of unlike MTU on the DMZ node and beyond it. An MSS tells a sender only of the links that
 * were known when the connection began; of all others an ICMP error must, made by the DMZ node or
 * translated by it. Nothing here would end if one that is needed did not arrive: Linux sends the
 * same segment again and again.
 */
@Tag("namespace")
@ExtendWith(SceneExtension.class)
class MtuTest {
  private static final int ETHERNET = 1500;
  private static final int LESS = 1400;
  private static final int NARROW = 1300;
  private static final int JUMBO = 9000;
  private static final int SIZE = 5_000_000;
  private static final int PART = 600_000;
  private static final Duration LIMIT = Duration.ofSeconds(60);

  /** A lab with the controller running, and the file that goes either way. */
  private record Wire(Lab lab, Controller controller, String hash) implements AutoCloseable {
    static Wire open(LabPlan plan) {
      Lab lab = plan.withoutSwitch().open();
      try {
        Target target = lab.target(1);
        Nginx.start(lab, target, 80);
        Path file = target.files().resolve("file");
        Content.write(file, SIZE, 17);
        Controller controller = Controller.create(lab, Controller.standardFile(lab));
        controller.apply(Controller.standardCluster(lab));
        controller.start();
        return new Wire(lab, controller, Content.sha256(file));
      } catch (RuntimeException e) {
        lab.close();
        throw e;
      }
    }

    Target target() {
      return lab.target(1);
    }

    /** A counter of the data plane. */
    long count(String reason) {
      String status = controller.command("status", "--json").orThrow();
      Matcher matcher = Pattern.compile("\"%s\"\\s*:\\s*(\\d+)".formatted(reason)).matcher(status);
      assertThat(matcher.find()).as("%s in %s", reason, status).isTrue();
      return Long.parseLong(matcher.group(1));
    }

    Path downloaded(Family family) {
      return lab.folder().resolve("www").resolve("copy-" + family);
    }

    Path uploaded(Family family) {
      return target().files().resolve("up").resolve(family.toString());
    }

    String[] download(Family family) {
      return download(family, downloaded(family));
    }

    private String[] download(Family family, Path into) {
      return curl(family).command(Scene.SITE, "/file", into);
    }

    String[] upload(Family family) {
      return upload(family, source().toString());
    }

    private String[] upload(Family family, String from) {
      return curl(family).command(Scene.SITE, "/up/" + family, Scene.NOWHERE, "-T", from);
    }

    private Path source() {
      return target().files().resolve("file");
    }

    /** A download that pauses in the middle until {@link #goOn}. */
    Child pausingDownload(Family family) {
      // curl's own line goes to the standard output.
      String script = "\"$@\" 3>&1 >/dev/null | { %s; } > " + downloaded(family);
      return pausing(script, download(family, Path.of("/dev/fd/3")));
    }

    /** An upload that pauses in the middle until {@link #goOn}. */
    Child pausingUpload(Family family) {
      return pausing("{ %s; } < " + source() + " | \"$@\"", upload(family, "-"));
    }

    private Child pausing(String script, String... curl) {
      // The sender gets no further than this and what the receive buffer and the pipe hold.
      String pause =
          "head -c %d; until [ -e %s ]; do sleep 0.02; done; cat".formatted(PART, gate());
      List<String> line = new ArrayList<>(List.of("sh", "-c", script.formatted(pause), "sh"));
      line.addAll(List.of(curl));
      lab.client().sysctl("net.ipv4.tcp_rmem", "4096 65536 262144");
      return lab.client().start("transfer", line.toArray(String[]::new));
    }

    void goOn() throws IOException {
      Files.createFile(gate());
    }

    private Path gate() {
      return lab.folder().resolve("go-on");
    }

    private Curl curl(Family family) {
      return new Curl(lab, LIMIT, family);
    }

    void run(String... command) {
      lab.client().run(LIMIT, command).orThrow();
    }

    void assertWhole(Path copy) {
      assertThat(Content.sha256(copy)).as("%s", copy).isEqualTo(hash);
    }

    @Override
    public void close() {
      lab.close();
    }
  }

  static Stream<Arguments> unlikeLinks() {
    return Stream.of(Offload.DEFAULT, Offload.NONE)
        .flatMap(offload ->
            Stream.of(
                Arguments.of(LESS, ETHERNET, offload),
                Arguments.of(ETHERNET, LESS, offload),
                Arguments.of(ETHERNET, JUMBO, offload),
                Arguments.of(JUMBO, ETHERNET, offload)));
  }

  @ParameterizedTest(name = "client {0}, cluster {1}, offload {2}")
  @MethodSource("unlikeLinks")
  void theMssTellsBothEndsOfBothLinks(int client, int cluster, Offload offload) {
    LabPlan plan = LabPlan.of(1).withMtu(client, cluster).withOffload(offload);
    try (Wire wire = Wire.open(plan)) {
      for (Family family : Family.SERVED) {
        wire.run(wire.download(family));
        wire.assertWhole(wire.downloaded(family));
        wire.run(wire.upload(family));
        wire.assertWhole(wire.uploaded(family));
      }
      assertThat(wire.count("translated")).isPositive();
      assertThat(wire.count("too_big_answered")).isZero();
      assertThat(wire.count("drop_too_big")).isZero();
    }
  }

  static Stream<Arguments> familiesAndOffloads() {
    return Family.SERVED.stream()
        .flatMap(family ->
            Stream.of(Offload.DEFAULT, Offload.NONE).map(offload -> Arguments.of(family, offload)));
  }

  @ParameterizedTest
  @MethodSource("familiesAndOffloads")
  void theClusterLinkBecomesNarrowerInMidUpload(Family family, Offload offload) throws Exception {
    narrowInMidTransfer(
        offload,
        "d1",
        wire -> wire.pausingUpload(family),
        wire -> {
          wire.assertWhole(wire.uploaded(family));
          assertAnswered(wire);
          assertNoneDamaged(wire.lab.client(), family);
        });
  }

  @ParameterizedTest
  @MethodSource("familiesAndOffloads")
  void theClientLinkBecomesNarrowerInMidDownload(Family family, Offload offload) throws Exception {
    narrowInMidTransfer(
        offload,
        "d0",
        wire -> wire.pausingDownload(family),
        wire -> {
          wire.assertWhole(wire.downloaded(family));
          assertAnswered(wire);
          assertNoneDamaged(wire.target().namespace(), family);
        });
  }

  private static void narrowInMidTransfer(
      Offload offload, String device, Function<Wire, Child> transfer, Consumer<Wire> check)
      throws Exception {
    try (Wire wire = Wire.open(LabPlan.of(1).withOffload(offload))) {
      long before = sent(wire, device);
      Child child = transfer.apply(wire);
      Scene.await("the transfer to be under way", LIMIT, () -> sent(wire, device) - before > PART);
      wire.lab.dmz().sh("ip link set %s mtu %d".formatted(device, LESS));
      wire.goOn();
      Scene.await("the transfer to end", LIMIT, () -> !child.isAlive());
      check.accept(wire);
    }
  }

  private static long sent(Wire wire, String device) {
    // Sixteen numbers behind each name: the ninth counts bytes sent.
    String[] line = wire.lab.dmz().sh("grep %s: /proc/net/dev".formatted(device)).split(":", -1);
    return Long.parseLong(line[1].strip().split(" +", -1)[8]);
  }

  @ParameterizedTest
  @MethodSource("familiesAndOffloads")
  void aTargetTakesLessThanItsLinkCarries(Family family, Offload offload) {
    try (Wire wire = Wire.open(LabPlan.of(1).withOffload(offload))) {
      // The listener's MSS knows of the DMZ node's links alone; the target's comes too late for it.
      wire.target().namespace().sh("ip link set t0 mtu " + LESS);
      wire.run(wire.upload(family));
      wire.assertWhole(wire.uploaded(family));
      assertAnswered(wire);
      assertNoneDamaged(wire.lab.client(), family);
    }
  }

  private static void assertAnswered(Wire wire) {
    assertThat(wire.count("too_big_answered")).isPositive();
    assertThat(wire.count("drop_too_big")).isZero();
  }

  @ParameterizedTest
  @MethodSource("familiesAndOffloads")
  void aRouterTellsTheTargetOfANarrowLinkToTheClient(Family family, Offload offload) {
    LabPlan plan = LabPlan.of(1).withNarrowClient(NARROW).withOffload(offload);
    try (Wire wire = Wire.open(plan)) {
      wire.run(wire.download(family));
      wire.assertWhole(wire.downloaded(family));
      assertThat(wire.count("icmp_translated")).isPositive();
      assertNoneDamaged(wire.target().namespace(), family);
      wire.run(wire.upload(family));
      wire.assertWhole(wire.uploaded(family));
    }
  }

  @ParameterizedTest
  @MethodSource("familiesAndOffloads")
  void aRouterTellsTheClientOfANarrowLinkToTheTarget(Family family, Offload offload) {
    LabPlan plan = LabPlan.of(1).withNarrowTarget(NARROW).withOffload(offload);
    try (Wire wire = Wire.open(plan)) {
      wire.run(wire.upload(family));
      wire.assertWhole(wire.uploaded(family));
      assertThat(wire.count("icmp_translated")).isPositive();
      assertNoneDamaged(wire.lab.client(), family);
      wire.run(wire.download(family));
      wire.assertWhole(wire.downloaded(family));
    }
  }

  /** The end has got ICMP errors, and none with a wrong checksum. */
  private static void assertNoneDamaged(Namespace host, Family family) {
    boolean v4 = family == Family.IPV4;
    if (v4) {
      NetworkCounters counters = NetworkCounters.read(host);
      assertThat(counters.get("IcmpInDestUnreachs")).isPositive();
      assertThat(counters.get("IcmpInCsumErrors")).isZero();
    } else {
      String counters = host.sh("cat /proc/net/snmp6");
      assertThat(counters).containsPattern("Icmp6InPktTooBigs\\s+[1-9]");
      assertThat(counters).containsPattern("Icmp6InCsumErrors\\s+0\\b");
    }
  }
}

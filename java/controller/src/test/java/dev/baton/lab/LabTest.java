package dev.baton.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The lab itself: what the other namespace tests stand on. */
@Tag("namespace")
class LabTest {
  private static final Duration LIMIT = Duration.ofSeconds(10);

  @BeforeEach
  void needs() {
    List<String> missing = Probe.missing("nginx", "curl", "ping", "ethtool");
    assumeTrue(missing.isEmpty(), () -> "missing: " + missing);
  }

  @Test
  void targetsAreReachedFromTheDmzNodeButNotFromTheClient() throws Exception {
    try (Lab lab = Lab.open(2)) {
      for (Target target : lab.targets()) {
        Content.write(target.files().resolve("file"), 100_000, target.address().hashCode());
        Nginx.start(lab, target, 80);
      }
      for (Target target : lab.targets()) {
        Path copy = lab.folder().resolve("copy");
        lab.dmz().run(LIMIT, "curl", "-sS", "-o", copy.toString(), target.url("/file")).orThrow();
        assertThat(copy).hasSize(100_000).hasSameBinaryContentAs(target.files().resolve("file"));
      }
      assertThat(lab.client().run(LIMIT, "curl", "-sS", lab.target(1).url("/file")).exit())
          .isEqualTo(7);
    }
  }

  @Test
  void narrowLinksAreFoundByWhoSendsTooMuch() {
    LabPlan plan = LabPlan.of(1).withMtu(9000, 9000).withNarrowClient(1400).withNarrowTarget(1300);
    try (Lab lab = plan.withClusterAddresses(3).open()) {
      for (Family family : Family.values()) {
        String client = lab.clientAddress(family);
        assertThat(biggest(lab.dmz(), family, client)).isEqualTo(1400);
        assertThat(biggest(lab.dmz(), family, lab.target(1).address(family))).isEqualTo(1300);
        assertThat(biggest(lab.client(), family, family.publicAddress())).isEqualTo(1400);
        assertThat(lab.dmz().sh("ip -o address show dev d1"))
            .contains(family.address(2, 1) + "/", family.address(2, 2) + "/")
            .contains(family.address(2, 3) + "/");
      }
    }
  }

  /** The biggest IP packet of three that reaches an address unfragmented, in bytes. */
  private static int biggest(Namespace from, Family family, String address) {
    int headers = family == Family.IPV4 ? 28 : 48;
    int biggest = 0;
    for (int size : new int[] {1300, 1400, 9000}) {
      Result ping =
          from.run(
              LIMIT,
              "ping",
              "-M",
              "do",
              "-c",
              "1",
              "-W",
              "1",
              "-s",
              Integer.toString(size - headers),
              address);
      biggest = ping.exit() == 0 ? size : biggest;
    }
    return biggest;
  }

  @Test
  void withoutOffloadEachPacketIsASegmentWithItsChecksum() {
    try (Lab lab = LabPlan.of(1).withOffload(LabPlan.Offload.NONE).open()) {
      String features = lab.client().sh("ethtool -k c0; ip -d link show dev c0");
      assertThat(features)
          .contains("tx-checksumming: off", "generic-receive-offload: off", "gso_max_segs 1 ");
    }
  }

  @Test
  void forwardingReachesTargetsInBothFamiliesUntilItIsClosed() {
    try (Lab lab = Lab.openDirect()) {
      Target target = lab.target(1);
      Nginx.start(lab, target, 80);
      Content.write(target.files().resolve("file"), 1000, 1);
      try (Forwarding forwarding = lab.forward()) {
        assertThat(forwarding).isNotNull();
        for (Family family : Family.values()) {
          String url = target.url(family, "/file");
          lab.client().run(LIMIT, "curl", "-gsSf", "-o", "/dev/null", url).orThrow();
        }
      }
      assertThat(lab.client().run(LIMIT, "curl", "-sS", target.url("/file")).exit()).isEqualTo(7);
      assertThat(lab.dmz().sh("cat /proc/sys/net/ipv4/ip_forward").strip()).isEqualTo("0");
    }
  }

  @Test
  void nothingIsLeftAfterClose() throws Exception {
    Lab lab = Lab.open(1);
    String name = lab.name();
    Child left = lab.client().start("left", "sleep", "1000");
    Path folder = lab.folder();
    lab.mount("bpf", Files.createDirectories(folder.resolve("bpf")));
    lab.close();
    lab.close();
    assertThat(left.isAlive()).isFalse();
    assertThat(folder).doesNotExist();
    assertThat(Path.of("/run/netns")).isDirectoryNotContaining("glob:**/" + name + "-*");
    assertThat(Files.readString(Path.of("/proc/self/mounts"))).doesNotContain(name + "-");
    assertThatThrownBy(lab::forward).isInstanceOf(LabException.class);
  }

  @Test
  void aDeadRunsLeftoversGoWithTheNextLab() throws Exception {
    // A process that has ended, and one that lives under a number given anew.
    Process dead = new ProcessBuilder("true").start();
    dead.waitFor();
    String ofDead = "bt%d-abc-1-client".formatted(dead.pid());
    String ofReused = "bt%d-abc-1-client".formatted(ProcessHandle.current().pid());
    Commands.run(LIMIT, List.of("ip", "netns", "add", ofDead)).orThrow();
    Commands.run(LIMIT, List.of("ip", "netns", "add", ofReused)).orThrow();
    try (Lab living = Lab.open(1);
        Lab next = Lab.openDirect()) {
      assertThat(Path.of("/run/netns", ofDead)).doesNotExist();
      assertThat(Path.of("/run/netns", ofReused)).doesNotExist();
      assertThat(Path.of("/run/netns", living.client().name())).exists();
      assertThat(next.name()).isNotEqualTo(living.name());
    }
  }

  @Test
  void aSilentChildIsReportedWithItsOutput() {
    try (Lab lab = Lab.open(1);
        Child child =
            lab.client().start("child", "sh", "-c", "echo one; echo two >&2; exec sleep 1000")) {
      assertThat(child.awaitLine("two"::equals, LIMIT)).isEqualTo("two");
      assertThatThrownBy(() -> child.awaitLine("three"::equals, Duration.ofMillis(50)))
          .isInstanceOf(LabException.class)
          .hasMessageContainingAll("child", "50 ms", "one\ntwo");
      assertThat(child.stop(LIMIT)).isTrue();
      assertThat(child.awaitEnd(LIMIT)).isEqualTo(128 + 15);
    }
  }
}

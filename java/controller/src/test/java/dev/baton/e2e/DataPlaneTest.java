package dev.baton.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.baton.lab.Child;
import dev.baton.lab.Content;
import dev.baton.lab.Controller;
import dev.baton.lab.Curl;
import dev.baton.lab.Family;
import dev.baton.lab.Lab;
import dev.baton.lab.Namespace;
import dev.baton.lab.Nginx;
import dev.baton.lab.Target;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Which program forwards: asked of the kernel, and of each program's own counter, so that a silent
 * fallback cannot pass for XDP. And whether it follows a next hop that changes in mid-flow.
 */
@Tag("namespace")
@ExtendWith(SceneExtension.class)
class DataPlaneTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int SIZE = 40_000_000;

  /** So slow that what is changed is changed in mid-flow; curl's and the kernel's buffers count. */
  private static final String[] SLOWLY = {"--limit-rate", "4M"};

  @TempDir Path folder;

  private record Running(Lab lab, Controller controller, Curl curl, Target target) {
    long counter(String name) throws IOException {
      Map<String, Object> status =
          JSON.std.mapFrom(controller.command("status", "--json").orThrow());
      Object counters = Objects.requireNonNull(status.get("data_plane"));
      return ((Number) Objects.requireNonNull(((Map<?, ?>) counters).get(name))).longValue();
    }

    String attached() throws IOException {
      return String.valueOf(
          JSON.std.mapFrom(controller.command("status", "--json").orThrow()).get("attached"));
    }
  }

  private static Running run(Combination combination, Lab lab) {
    Target target = lab.target(1);
    Nginx.start(lab, target, 80);
    Content.write(target.files().resolve("file"), SIZE, 3);
    // Small buffers, or the file would be at the client before anything has changed.
    lab.client().sysctl("net.ipv4.tcp_rmem", "4096 65536 262144");
    target.namespace().sysctl("net.ipv4.tcp_wmem", "4096 65536 262144");
    Controller controller = combination.start(lab);
    return new Running(lab, controller, new Curl(lab, LIMIT, combination.family()), target);
  }

  @ParameterizedTest
  @MethodSource("dev.baton.e2e.Combination#everyProgram")
  void theConfiguredProgramForwards(Combination combination) throws Exception {
    try (Lab lab = combination.wire()) {
      Running running = run(combination, lab);
      Path copy = folder.resolve("copy");
      assertThat(running.curl.get(Scene.SITE, "/file", copy).exit()).isZero();
      assertThat(Files.size(copy)).isEqualTo(SIZE);
      assertThat(running.attached()).isEqualTo(combination.dataPlane());
      String links = lab.dmz().sh("ip -details link show d0; ip -details link show d1");
      String mode = combination.dataPlane().equals("xdp") ? " xdp qdisc" : " xdpgeneric qdisc";
      assertThat(links.split(mode, -1)).hasSize(combination.dataPlane().equals("tc") ? 1 : 3);
      long segments = SIZE / 1460;
      long byXdp = running.counter("xdp_translated");
      long byTc = running.counter("translated");
      if (combination.dataPlane().equals("tc")) {
        assertThat(byXdp).isZero();
        assertThat(running.counter("xdp_to_tc")).isZero();
        assertThat(byTc).isGreaterThan(segments);
      } else {
        assertThat(byXdp).as("nearly all, tc %d", byTc).isGreaterThan(segments * 9 / 10);
        assertThat(byTc).as("the first and the last, by XDP %d", byXdp).isPositive();
        assertThat(running.counter("xdp_to_tc")).isPositive();
      }
    }
  }

  /** The target gets another MAC, and says so as hosts do (RFC 5227 3, RFC 4861 7.2.6). */
  @ParameterizedTest
  @MethodSource("dev.baton.e2e.Combination#all")
  void aTargetsNewMacIsFollowedInMidDownload(Combination combination) throws Exception {
    try (Lab lab = combination.wire()) {
      Running running = run(combination, lab);
      Namespace target = running.target.namespace();
      target.sysctl("net.ipv4.conf.t0.arp_notify", "1");
      target.sysctl("net.ipv6.conf.t0.ndisc_notify", "1");
      String change = "ip link set t0 down; ip link set t0 address 02:ba:70:00:00:01; ";
      // Taking a link down takes its IPv6 addresses and routes, too.
      String back =
          "ip link set t0 up; ip -6 address replace %s/64 dev t0 nodad; ip -6 route flush cache"
              .formatted(running.target.address(Family.IPV6));
      downloadAcross(
          running,
          () -> {
            target.sh(change + back);
            target.sh("ping -c 1 -W 2 %s".formatted(clusterAddress(combination)));
          });
    }
  }

  private static String clusterAddress(Combination combination) {
    return combination.family().clusterAddress();
  }

  /** The way to the target leads through another node from then on, and back again. */
  @Test
  void aRouteThatChangesIsFollowedInMidDownload() throws Exception {
    for (String plane : new String[] {"tc", "xdp-generic"}) {
      try (Lab lab = Lab.open(2)) {
        Running running = run(new Combination(Family.IPV4, plane), lab);
        Namespace other = lab.target(2).namespace();
        other.sysctl("net.ipv4.ip_forward", "1");
        other.sysctl("net.ipv4.conf.all.send_redirects", "0");
        other.sysctl("net.ipv4.conf.t0.send_redirects", "0");
        downloadAcross(
            running,
            () -> {
              lab.dmz()
                  .sh(
                      "ip route replace %s/32 via %s dev d1"
                          .formatted(running.target.address(), lab.target(2).address()));
              Scene.await("packets on the new way", LIMIT, () -> forwarded(other) > 50);
              lab.dmz().sh("ip route del %s/32".formatted(running.target.address()));
            });
      }
    }
  }

  private static long forwarded(Namespace node) {
    return Long.parseLong(
        node.sh("nstat -asz IpForwDatagrams | awk '/IpForw/ { print $2 }'").strip());
  }

  private void downloadAcross(Running running, Runnable change) throws Exception {
    Path copy = folder.resolve("across-" + System.nanoTime());
    String[] line = running.curl.command(Scene.SITE, "/file", copy, SLOWLY);
    try (Child download = running.lab.client().start("download", line)) {
      Scene.await("the first data", LIMIT, () -> Scene.size(copy) > SIZE / 20);
      change.run();
      assertThat(Scene.size(copy)).as("still under way").isLessThan(SIZE * 9 / 10);
      assertThat(download.awaitEnd(LIMIT)).isZero();
    }
    assertThat(Content.sha256(copy))
        .isEqualTo(Content.sha256(running.target.files().resolve("file")));
  }
}

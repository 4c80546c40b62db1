package dev.baton.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.lab.Commands;
import dev.baton.lab.Forwarding;
import dev.baton.lab.Lab;
import dev.baton.lab.LabPlan;
import dev.baton.lab.Namespace;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * {@link Transfers} through networks that the kernel's own netem makes: between two routers on each
 * leg, both ways, so that it meets all packets, whatever forwards them. The property {@code
 * baton.netem} names the networks, separated by commas, if not all are wanted.
 */
@Tag("namespace")
@Tag("netem")
@EnabledIf(
    value = "dev.baton.e2e.NetemTest#isThere",
    disabledReason = "this kernel has no sch_netem")
class NetemTest {
  private static final int SIZE = 1_000_000;
  private static final int MTU = 1500;
  private static final Pattern DROPPED =
      Pattern.compile("netem .*\\(dropped (\\d+)", Pattern.DOTALL);

  /** Towards each other: the client's leg, and the target's. */
  private static final List<Link> LINKS =
      List.of(
          new Link("client-far", "r1"),
          new Link("client-near", "r0"),
          new Link("target-near", "r1"),
          new Link("target-far", "r0"));

  /** A router's end of a link between two. */
  private record Link(String router, String device) {}

  /** What is done to each link, each way. A smaller MTU is for good: paths remember it. */
  private enum Network {
    DELAY("delay 20ms limit 10000", MTU),
    JITTER("delay 10ms 3ms 25% limit 10000", MTU),
    LOSS("delay 2ms loss 1%", MTU),
    BURSTS("delay 2ms loss gemodel 0.5% 20%", MTU),
    DUPLICATION("delay 2ms duplicate 2%", MTU),
    REORDERING("delay 4ms reorder 5% 50%", MTU),
    RATE("rate 100mbit delay 5ms limit 200", MTU),
    SMALL("delay 1ms", 1400),
    ALL("delay 10ms 2ms loss 0.5% duplicate 1%", 1300);

    private final String netem;
    private final int mtu;

    Network(String netem, int mtu) {
      this.netem = netem;
      this.mtu = mtu;
    }
  }

  static boolean isThere() {
    return Commands.run(
                Duration.ofSeconds(20),
                List.of("unshare", "--net", "tc", "qdisc", "add", "dev", "lo", "root", "netem"))
            .exit()
        == 0;
  }

  static Stream<Combination> combinations() {
    return Combination.all();
  }

  @ParameterizedTest
  @MethodSource("combinations")
  void everyTransferArrivesWholeThroughEveryNetwork(Combination combination) throws Exception {
    LabPlan plan =
        LabPlan.of(1)
            .withoutSwitch()
            .withNarrowClient(MTU)
            .withNarrowTarget(MTU)
            .withOffload(combination.isXdp() ? LabPlan.Offload.XDP : LabPlan.Offload.NONE);
    try (Lab lab = plan.open()) {
      Transfers transfers = new Transfers(combination, lab, SIZE);
      try (Forwarding _ = lab.forward()) {
        for (Network network : networks()) {
          set(lab, network);
          String what = combination + " " + network;
          Transfers.runAll(what + " downloads", transfers::download);
          Transfers.runAll(what + " uploads", transfers::upload);
          if (network.netem.contains("loss")) {
            assertLost(lab, what);
          }
        }
      }
    }
  }

  private static List<Network> networks() {
    String names = System.getProperty("baton.netem", "");
    return names.isEmpty()
        ? List.of(Network.values())
        : Stream.of(names.split(",", -1)).map(Network::valueOf).toList();
  }

  private static void set(Lab lab, Network network) {
    for (Link link : LINKS) {
      Namespace router = lab.router(link.router());
      router.sh("ip link set %s mtu %d".formatted(link.device(), network.mtu));
      router.sh("tc qdisc del dev %s root 2>/dev/null || true".formatted(link.device()));
      router.sh("tc qdisc add dev %s root netem %s".formatted(link.device(), network.netem));
    }
  }

  /** On each link, each way. */
  private static void assertLost(Lab lab, String what) {
    for (Link link : LINKS) {
      String said = lab.router(link.router()).sh("tc -s qdisc show dev " + link.device());
      Matcher dropped = DROPPED.matcher(said);
      assertThat(dropped.find()).as(said).isTrue();
      assertThat(Long.parseLong(dropped.group(1))).as("%s: %s", what, said).isPositive();
    }
  }
}

package dev.baton.handoff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.bpf.BpfException;
import dev.baton.bpf.BpfMap;
import dev.baton.bpf.MapType;
import dev.baton.config.BatonConfig;
import dev.baton.dataplane.FlowTable;
import dev.baton.dataplane.FlowTuple;
import dev.baton.routing.FlowCounts;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@SuppressWarnings("NullAway.Init")
class PortsTest {
  private static final long SECOND = 1_000_000_000L;
  private static final int TARGETS = 100;

  private BpfMap flows;
  private BpfMap replays;
  private FlowTable table;
  private Ports ports;

  @BeforeEach
  void setUp() {
    try {
      flows = BpfMap.create(MapType.HASH, "test_flows", 40, 168, 1024, 0);
    } catch (BpfException e) {
      assumeTrue(false, "needs CAP_BPF and libbpf: " + e.getMessage());
    }
    replays = BpfMap.create(MapType.HASH, "test_replays", 40, 48, 1024, 0);
    table = new FlowTable(flows, replays, 1, 0);
    BatonConfig config =
        BatonConfig.parse(
            "baton.yaml",
            """
            node: qure-1
            listen: [{ address: 10.0.1.1, port: 80 }]
            interfaces: { public: d0, cluster: d1 }
            cluster-address: [10.0.2.1]
            source-ports: 10000-10007
            """);
    ports = new Ports(table, new FlowCounts(), config, 0, 2);
  }

  @AfterEach
  void tearDown() {
    if (table != null) {
      table.close();
      replays.close();
      flows.close();
    }
  }

  private static FlowTuple leg(int target) {
    FlowTuple t = new FlowTuple();
    t.own.setV4(0x0a000201);
    t.target.setV4(0x0a010000 + target);
    t.targetPort = 80;
    return t;
  }

  private int take(FlowTuple t) {
    t.ownPort = ports.take(ports.pool(t.own, t.target, t.targetPort), t);
    return t.ownPort;
  }

  /** A pool of the default range is half a megabyte, and a directory may change for years. */
  @Test
  void targetsThatAreNoLongerUsedLeaveNothingBehind() {
    for (int i = 0; i < TARGETS; i++) {
      FlowTuple t = leg(i);
      assertThat(take(t)).isEqualTo(10_000);
      ports.release(t);
    }
    FlowTuple live = leg(TARGETS);
    take(live);
    FlowTuple lingers = leg(TARGETS + 1);
    take(lingers);
    ports.closed(lingers, false, 0);
    ports.expire(0);
    assertThat(ports.pairs()).isEqualTo(TARGETS + 2);
    ports.expire(59 * SECOND);
    assertThat(ports.pairs()).as("not yet").isEqualTo(TARGETS + 2);
    FlowTuple again = leg(7);
    assertThat(take(again)).as("least recently used").isEqualTo(10_002);
    ports.release(again);
    ports.expire(60 * SECOND);
    assertThat(ports.pairs())
        .as("a live flow's, one that has lingered until now, one used a second ago")
        .isEqualTo(3);
    ports.expire(121 * SECOND);
    assertThat(ports.pairs()).isEqualTo(1);
    assertThat(ports.taken()).isEqualTo(1);
    ports.release(live);
    assertThat(ports.taken()).isZero();
  }
}

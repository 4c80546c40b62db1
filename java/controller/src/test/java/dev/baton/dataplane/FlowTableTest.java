package dev.baton.dataplane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.bindings.libbpf.LibBpf;
import dev.baton.bindings.libc.LibC;
import dev.baton.bpf.BpfException;
import dev.baton.bpf.BpfMap;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** On real maps, each value compared byte for byte. */
@SuppressWarnings("NullAway.Init")
class FlowTableTest {
  private static final int CLIENT = 0xcb007109;
  private static final int LISTENER = 0xc6336401;
  private static final int OWN = 0x0a000201;
  private static final int TARGET = 0x0a0003fe;
  private static final int INSTANCE = 0x89abcdef;
  private static final int RING = 3;
  private static final int SLOT = 77;
  private static final int PUBLIC = 11;
  private static final int CLUSTER = 12;
  private static final long NOW = 0x0102030405060708L;
  private static final int ENTRIES = 4;

  private BpfMap flows;
  private BpfMap replays;
  private FlowTable table;

  @BeforeEach
  void setUp() {
    try {
      flows = BpfMap.create(LibBpf.BPF_MAP_TYPE_HASH(), "test_flows", 40, 152, ENTRIES, 0);
    } catch (BpfException e) {
      assumeTrue(false, "needs CAP_BPF and libbpf: " + e.getMessage());
    }
    replays = BpfMap.create(LibBpf.BPF_MAP_TYPE_HASH(), "test_replays", 40, 48, ENTRIES, 0);
    table = new FlowTable(flows, replays, INSTANCE, RING);
  }

  @AfterEach
  void tearDown() {
    if (table != null) {
      table.close();
      table.close();
      replays.close();
      flows.close();
    }
  }

  private static FlowTuple tuple() {
    FlowTuple t = new FlowTuple();
    t.client = CLIENT;
    t.clientPort = 0xd431;
    t.listener = LISTENER;
    t.listenerPort = 80;
    t.own = OWN;
    t.ownPort = 10_001;
    t.target = TARGET;
    t.targetPort = 8080;
    t.publicInterface = PUBLIC;
    t.clusterInterface = CLUSTER;
    return t;
  }

  private static Translation translation() {
    Translation x = new Translation();
    x.sequenceAdd = 0x01020304;
    x.acknowledgmentAdd = 0x11121314;
    x.timestamps = true;
    x.timestampAdd = 0x21222324;
    x.clockAdd = 0x31323334;
    x.clientWindowShift = 7;
    x.targetWindowShift = -5;
    x.clientNext = 0x41424344;
    x.targetNext = 0x51525354;
    return x;
  }

  private static Layout keyToClient(FlowTuple t) {
    return Layout.key(t.target, t.targetPort, t.own, t.ownPort);
  }

  private static Layout keyToTarget(FlowTuple t) {
    return Layout.key(t.client, t.clientPort, t.listener, t.listenerPort);
  }

  /** What both directions' entries share; the state in front of it is zero. */
  private static Layout entry() {
    return new Layout(152).u32(124, RING).u32(128, INSTANCE).u32(132, SLOT).u64(144, NOW);
  }

  private static Layout toClient(FlowTuple t) {
    return entry()
        .be32(56, t.listener)
        .be32(72, t.client)
        .be16(88, t.listenerPort)
        .be16(90, t.clientPort)
        .u8(93, 2)
        .u32(96, CLUSTER)
        .u32(100, PUBLIC);
  }

  /** The value under a key; empty: there is none. */
  private static byte[] in(BpfMap map, Layout key) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(map.valueSize(), 8);
      return map.lookup(key.segment(), value) ? value.toArray(ValueLayout.JAVA_BYTE) : new byte[0];
    }
  }

  private void putBoth(FlowTuple t) {
    assertThat(table.putToClient(t, translation(), SLOT, NOW)).isZero();
    assertThat(table.putToTarget(t, translation(), SLOT, NOW)).isZero();
  }

  @Test
  void pendingEntry() {
    FlowTuple t = tuple();
    assertThat(table.putPending(t, SLOT, 0xfedcba98, NOW, NOW + 9)).isZero();
    assertThat(in(flows, keyToClient(t)))
        .isEqualTo(toClient(t).u8(92, 1).u32(120, 0xfedcba98).u64(136, NOW + 9).bytes());
    assertThat(in(flows, keyToTarget(t))).as("the client's side is untouched").isEmpty();
    assertThat(in(replays, keyToClient(t))).isEmpty();
  }

  @Test
  void entryToClientHasTheNegativesAndTheReplaysMark() {
    FlowTuple t = tuple();
    table.putPending(t, SLOT, 1, NOW, NOW + 9);
    assertThat(table.putToClient(t, translation(), SLOT, NOW)).isZero();
    assertThat(in(flows, keyToClient(t)))
        .as("whole: nothing of the pending entry is left")
        .isEqualTo(
            toClient(t)
                .u8(92, 2)
                .u8(94, -5)
                .u8(95, 2 | 1)
                .u32(104, -0x11121314)
                .u32(108, -0x01020304)
                .u32(112, 0x21222324)
                .u32(120, 0x51525354)
                .bytes());
    assertThat(in(replays, keyToClient(t)))
        .isEqualTo(new Layout(48).u32(0, INSTANCE).u32(4, RING).put(8, keyToTarget(t)).bytes());
    assertThat(in(flows, keyToTarget(t))).as("not live yet").isEmpty();
  }

  @Test
  void entryToTarget() {
    FlowTuple t = tuple();
    assertThat(table.putToTarget(t, translation(), SLOT, NOW)).isZero();
    assertThat(in(flows, keyToTarget(t)))
        .isEqualTo(
            entry()
                .be32(56, OWN)
                .be32(72, TARGET)
                .be16(88, 10_001)
                .be16(90, 8080)
                .u8(92, 2)
                .u8(93, 1)
                .u8(94, 7)
                .u8(95, 1)
                .u32(96, PUBLIC)
                .u32(100, CLUSTER)
                .u32(104, 0x01020304)
                .u32(108, 0x11121314)
                .u32(112, -0x21222324)
                .u32(116, 0x31323334)
                .u32(120, 0x41424344)
                .bytes());
    assertThat(in(replays, keyToClient(t))).isEmpty();
  }

  @Test
  void withoutTimestampsTheFlagIsClear() {
    FlowTuple t = tuple();
    Translation x = translation();
    x.timestamps = false;
    table.putToClient(t, x, SLOT, NOW);
    table.putToTarget(t, x, SLOT, NOW);
    assertThat(in(flows, keyToClient(t))[95]).as("replay unfinished").isEqualTo((byte) 2);
    assertThat(in(flows, keyToTarget(t))[95]).isZero();
  }

  @Test
  void addsWrapModulo32Bits() {
    FlowTuple t = tuple();
    Translation x = translation();
    x.sequenceAdd = Integer.MIN_VALUE;
    x.acknowledgmentAdd = -1;
    table.putToClient(t, x, SLOT, NOW);
    assertThat(in(flows, keyToClient(t)))
        .containsSubsequence(new Layout(8).u32(0, 1).u32(4, Integer.MIN_VALUE).bytes());
  }

  @Test
  void stateThatEbpfWroteIsRead() {
    FlowTuple t = tuple();
    Layout state =
        entry()
            .u64(0, NOW + 5)
            .u32(24, 0xf0000001)
            .u32(28, 0xf0000002)
            .u32(44, 0xf0000003)
            .u16(48, 0xfffe)
            .u32(52, 1 | 32)
            .u8(92, 2);
    flows.update(keyToTarget(t).segment(), state.segment(), 0);
    assertThat(table.readToClient(t)).isFalse();
    assertThat(table.readToTarget(t)).isTrue();
    assertThat(table.lastSeen()).isEqualTo(NOW + 5);
    assertThat(table.sequenceEnd()).isEqualTo(0xf0000001);
    assertThat(table.acknowledged()).isEqualTo(0xf0000002);
    assertThat(table.newestTimestamp()).isEqualTo(0xf0000003);
    assertThat(table.window()).as("unsigned").isEqualTo(0xfffe);
    assertThat(table.state()).isEqualTo(33);
    assertThat(table.seen()).isTrue();
    assertThat(table.clockLearned()).isTrue();
    assertThat(table.translates()).isTrue();
    table.putPending(t, SLOT, 1, NOW, NOW);
    assertThat(table.readToClient(t)).isTrue();
    assertThat(table.seen() || table.clockLearned() || table.translates()).isFalse();
  }

  @Test
  void findByPortFillsTheClientIn() {
    table.putPending(tuple(), SLOT, 1, NOW, NOW);
    FlowTuple t = new FlowTuple();
    t.own = OWN;
    t.ownPort = 10_001;
    t.target = TARGET;
    t.targetPort = 8080;
    assertThat(table.findByPort(t)).isTrue();
    assertThat(t.client).isEqualTo(CLIENT);
    assertThat(t.clientPort).isEqualTo(0xd431);
    assertThat(t.listener).isEqualTo(LISTENER);
    assertThat(t.listenerPort).isEqualTo(80);
    t.ownPort++;
    assertThat(table.findByPort(t)).as("another port").isFalse();
  }

  @Test
  void removalsTakeWhatTheySayAndNoMore() {
    FlowTuple t = tuple();
    putBoth(t);
    table.endReplay(t);
    assertThat(in(replays, keyToClient(t))).as("the mark").isEmpty();
    assertThat(in(flows, keyToClient(t))).isNotEmpty();
    putBoth(t);
    table.removeToClient(t);
    assertThat(in(replays, keyToClient(t))).isEmpty();
    assertThat(in(flows, keyToClient(t))).isEmpty();
    assertThat(in(flows, keyToTarget(t))).as("the other direction").isNotEmpty();
    putBoth(t);
    table.remove(t);
    assertThat(in(replays, keyToClient(t))).isEmpty();
    assertThat(in(flows, keyToClient(t))).isEmpty();
    assertThat(in(flows, keyToTarget(t))).isEmpty();
    table.remove(t); // what is not there is no error
  }

  @Test
  void removeStaleTakesBothEntriesAndTheMark() {
    putBoth(tuple());
    assertThat(table.removeStale(tuple())).isTrue();
    assertThat(in(flows, keyToClient(tuple()))).isEmpty();
    assertThat(in(flows, keyToTarget(tuple()))).isEmpty();
    assertThat(in(replays, keyToClient(tuple()))).isEmpty();
    assertThat(table.removeStale(tuple())).as("there is none").isFalse();
  }

  /** The client used its port again: both flows have the same client → target key. */
  @ParameterizedTest(name = "{0}: {1}")
  @CsvSource({
    "ownPort,    from another port of ours",
    "target,     to another target",
    "targetPort, to another port of the target: each has a pool of our ports to itself",
    "own,        from another address of ours: likewise"
  })
  void removeStaleKeepsANewerFlowOfTheSameClientPort(String difference, String why) {
    FlowTuple newer = tuple();
    switch (difference) {
      case "ownPort" -> newer.ownPort++;
      case "target" -> newer.target++;
      case "targetPort" -> newer.targetPort++;
      case "own" -> newer.own++;
      default -> throw new AssertionError(difference);
    }
    putBoth(tuple());
    putBoth(newer);
    assertThat(table.removeStale(tuple())).isTrue();
    assertThat(in(flows, keyToClient(tuple()))).as("the old one's").isEmpty();
    assertThat(in(flows, keyToTarget(newer))).as("the newer one, " + why).isNotEmpty();
    assertThat(in(flows, keyToClient(newer))).as("the newer one, " + why).isNotEmpty();
    assertThat(in(replays, keyToClient(newer))).as("its mark").isNotEmpty();
  }

  @Test
  void removeStaleOfAPendingEntryLeavesTheClientsFlowAlone() {
    FlowTuple t = tuple();
    table.putToTarget(t, translation(), SLOT, NOW);
    table.putPending(t, SLOT, 1, NOW, NOW);
    assertThat(table.removeStale(tuple())).isTrue();
    assertThat(in(flows, keyToClient(t))).isEmpty();
    assertThat(in(flows, keyToTarget(t))).isNotEmpty();
  }

  @Test
  void fullMapIsReportedNotThrown() {
    FlowTuple t = tuple();
    for (int i = 0; i < ENTRIES; i++) {
      assertThat(table.putPending(t, SLOT, 1, NOW, NOW)).isZero();
      t.ownPort++;
    }
    assertThat(table.putPending(t, SLOT, 1, NOW, NOW)).isEqualTo(-LibC.E2BIG());
    assertThat(table.putToTarget(t, translation(), SLOT, NOW)).isEqualTo(-LibC.E2BIG());
    t.ownPort--;
    assertThat(table.putToClient(t, translation(), SLOT, NOW)).as("replaces one").isZero();
  }
}

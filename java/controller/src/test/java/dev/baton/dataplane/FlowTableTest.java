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
import java.util.ArrayList;
import java.util.List;
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
      flows = BpfMap.create(LibBpf.BPF_MAP_TYPE_HASH(), "test_flows", 40, 168, ENTRIES, 0);
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
    t.client.setV4(CLIENT);
    t.clientPort = 0xd431;
    t.listener.setV4(LISTENER);
    t.listenerPort = 80;
    t.own.setV4(OWN);
    t.ownPort = 10_001;
    t.target.setV4(TARGET);
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
    x.clientMtu = 0xfff0;
    x.targetMtu = 1400;
    x.clientNext = 0x41424344;
    x.targetNext = 0x51525354;
    return x;
  }

  private static Layout keyToClient(FlowTuple t) {
    return Layout.key(t.target.v4(), t.targetPort, t.own.v4(), t.ownPort);
  }

  private static Layout keyToTarget(FlowTuple t) {
    return Layout.key(t.client.v4(), t.clientPort, t.listener.v4(), t.listenerPort);
  }

  /** What both directions' entries share; the state in front of it is zero. */
  private static Layout entry() {
    return new Layout(168).u32(132, RING).u32(136, INSTANCE).u32(140, SLOT).u64(152, NOW);
  }

  private static Layout toClient(FlowTuple t) {
    return entry()
        .be32(64, t.listener.v4())
        .be32(80, t.client.v4())
        .be16(96, t.listenerPort)
        .be16(98, t.clientPort)
        .u8(101, 2)
        .u32(104, CLUSTER)
        .u32(108, PUBLIC);
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
        .isEqualTo(toClient(t).u8(100, 1).u32(128, 0xfedcba98).u64(144, NOW + 9).bytes());
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
                .u8(100, 2)
                .u8(102, -5)
                .u8(103, 2 | 1)
                .u32(112, -0x11121314)
                .u32(116, -0x01020304)
                .u32(120, 0x21222324)
                .u32(128, 0x51525354)
                .u16(160, 0xfff0)
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
                .be32(64, OWN)
                .be32(80, TARGET)
                .be16(96, 10_001)
                .be16(98, 8080)
                .u8(100, 2)
                .u8(101, 1)
                .u8(102, 7)
                .u8(103, 3)
                .u32(104, PUBLIC)
                .u32(108, CLUSTER)
                .u32(112, 0x01020304)
                .u32(116, 0x11121314)
                .u32(120, -0x21222324)
                .u32(124, 0x31323334)
                .u32(128, 0x41424344)
                .u16(160, 1400)
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
    assertThat(in(flows, keyToClient(t))[103]).as("replay unfinished").isEqualTo((byte) 2);
    assertThat(in(flows, keyToTarget(t))[103]).isEqualTo((byte) 2);
  }

  @Test
  void ipv6FillsAllWordsAndIsReadBack() {
    FlowTuple t = tuple();
    t.client.set(0xfd00_0000_0000_0001L, 0x8000_0000_0000_0002L);
    t.listener.set(0xfd00_0000_0000_0001L, 1);
    t.own.set(0xfd00_0000_0000_0002L, 1);
    t.target.set(0xfd00_0000_0000_0002L, 0xb);
    putBoth(t);
    byte[] key =
        new Layout(40)
            .be32(0, 0xfd000000)
            .be32(4, 1)
            .be32(8, 0x80000000)
            .be32(12, 2)
            .be32(16, 0xfd000000)
            .be32(20, 1)
            .be32(28, 1)
            .be16(32, t.clientPort)
            .be16(34, 80)
            .u8(36, 10)
            .bytes();
    List<byte[]> keys = new ArrayList<>();
    flows.forEach((k, v) -> keys.add(k.toArray(ValueLayout.JAVA_BYTE)));
    assertThat(keys).hasSize(2).contains(key);
    FlowTuple found = new FlowTuple();
    found.own.set(t.own);
    found.ownPort = t.ownPort;
    found.target.set(t.target);
    found.targetPort = t.targetPort;
    assertThat(table.findByPort(found)).isTrue();
    assertThat(found.client).isEqualTo(t.client);
    assertThat(found.listener).isEqualTo(t.listener);
    List<FlowTuple> views = new ArrayList<>();
    flows.forEach((k, v) -> views.add(FlowView.of(k, v).tuple()));
    assertThat(views)
        .allSatisfy(view -> {
          assertThat(view.client).isEqualTo(t.client);
          assertThat(view.target).isEqualTo(t.target);
        });
    assertThat(table.removeStale(found)).isTrue();
    assertThat(flows.forEach((k, v) -> {})).isZero();
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
            .u8(100, 2);
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
    assertThat(table.created()).isEqualTo(NOW);
    assertThat(table.seen() || table.clockLearned() || table.translates()).isFalse();
  }

  @Test
  void findByPortFillsTheClientIn() {
    table.putPending(tuple(), SLOT, 1, NOW, NOW);
    FlowTuple t = new FlowTuple();
    t.own.setV4(OWN);
    t.ownPort = 10_001;
    t.target.setV4(TARGET);
    t.targetPort = 8080;
    assertThat(table.findByPort(t)).isTrue();
    assertThat(t.client.v4()).isEqualTo(CLIENT);
    assertThat(t.clientPort).isEqualTo(0xd431);
    assertThat(t.listener.v4()).isEqualTo(LISTENER);
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
      case "target" -> newer.target.setV4(TARGET + 1);
      case "targetPort" -> newer.targetPort++;
      case "own" -> newer.own.setV4(OWN + 1);
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

  @ParameterizedTest(name = "{0}")
  @CsvSource({"both entries", "the client → target entry"})
  void soDoesWhateverRemoves(String what) {
    FlowTuple newer = tuple();
    newer.ownPort++;
    putBoth(tuple());
    putBoth(newer);
    if (what.startsWith("both")) {
      table.remove(tuple());
      assertThat(in(flows, keyToClient(tuple()))).as("the old one's").isEmpty();
    } else {
      table.removeToTarget(tuple());
    }
    assertThat(in(flows, keyToTarget(newer))).as("the newer one's").isNotEmpty();
    table.removeToTarget(newer);
    assertThat(in(flows, keyToTarget(newer))).isEmpty();
  }

  @Test
  void aReservedPlaceIsGivenBack() {
    FlowTuple t = tuple();
    table.reserveToTarget(t, SLOT, NOW);
    table.removeToTarget(t);
    assertThat(in(flows, keyToTarget(t))).isEmpty();
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
  void aReservedPlaceHasNoActionAndIsReplacedInAFullMap() {
    FlowTuple t = tuple();
    assertThat(table.reserveToTarget(t, SLOT, NOW)).isZero();
    assertThat(in(flows, keyToTarget(t))[100]).as("action").isZero();
    assertThat(in(flows, keyToTarget(t))[101]).as("direction").isEqualTo((byte) 1);
    FlowTuple other = tuple();
    for (int i = 1; i < ENTRIES; i++) {
      other.ownPort++;
      assertThat(table.putPending(other, SLOT, 1, NOW, NOW)).isZero();
    }
    other.clientPort++;
    assertThat(FlowTable.isFull(table.reserveToTarget(other, SLOT, NOW))).isTrue();
    assertThat(table.putToTarget(t, translation(), SLOT, NOW)).isZero();
    assertThat(in(flows, keyToTarget(t))[100]).as("action").isEqualTo((byte) 2);
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

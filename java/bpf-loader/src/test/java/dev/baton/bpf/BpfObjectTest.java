package dev.baton.bpf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BpfObjectTest {
  @BeforeEach
  void needs() {
    Needs.bpf();
  }

  @Test
  void refusedProgramBringsTheVerifiersLog() {
    try (BpfObject object = BpfObject.open(Needs.object("refused"), "refused")) {
      BpfException e = catchThrowableOfType(BpfException.class, object::load);
      assertThat(e.errno()).isEqualTo(Libc.EACCES);
      assertThat(e)
          .hasMessageContaining("bpf_object__load(refused, program reads_too_far)")
          .hasMessageContaining("EACCES (Permission denied)")
          .hasMessageContaining("invalid access to packet");
      assertThat(e.log()).contains("BEGIN PROG LOAD LOG");
    }
  }

  @Test
  void programLeftOutDoesNotHinderTheOthers() {
    try (BpfObject object = BpfObject.open(Needs.object("refused"), "refused")) {
      object.setAutoload("reads_too_far", false);
      object.load();
      assertThat(object.program("fine").id()).isPositive();
      assertThatThrownBy(() -> object.program("reads_too_far")).isInstanceOf(BpfException.class);
    }
  }

  @Test
  void constantsAreSetBeforeTheLoad() {
    try (BpfObject object = BpfObject.open(Needs.object("loader"), "loader");
        BpfMap inner = BpfMap.create(MapType.RINGBUF, "inner", 0, 0, 4096, 0)) {
      object.setInnerMap("rings", inner);
      object.setRodata("verdict", 2);
      object.setRodata("a_byte", 200);
      object.setRodata("big", 0x1_0000_1000L);
      object.setRodata("some_bytes", new byte[] {7, 0, 0, 0});
      assertThatThrownBy(() -> object.setRodata("a_byte", 256))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> object.setRodata("some_bytes", new byte[3]))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> object.setRodata("nothing_of_this_name", 1))
          .isInstanceOf(BpfException.class)
          .hasMessageContaining("nothing_of_this_name");
      object.load();
      TestRun run =
          object.program("tc_verdict").testRun(Needs.frame(60), new SkbContext().mark(1).toBytes());
      assertThat(run.returnValue()).isEqualTo(2);
      assertThat(SkbContext.of(run.context()).mark()).isEqualTo(1 + 0x1000 + 200 + 7);
      assertThatThrownBy(() -> object.setRodata("verdict", 0))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void maxEntriesReuseAndInnerMapsTakeEffect() {
    try (BpfMap inner = BpfMap.create(MapType.RINGBUF, "inner", 0, 0, 4096, 0);
        BpfMap counters = BpfMap.create(MapType.PERCPU_ARRAY, "counters", 4, 8, 4, 0)) {
      try (BpfObject object = BpfObject.open(Needs.object("loader"), "loader")) {
        object.setMaxEntries("values", 5);
        object.setMaxEntries("ring", 8192);
        object.setInnerMap("rings", inner);
        object.reuse("counters", counters);
        object.load();
        assertThat(object.map("values").maxEntries()).isEqualTo(5);
        assertThat(object.map("ring").maxEntries()).isEqualTo(8192);
        assertThat(object.map("counters").id()).isEqualTo(counters.id());
        assertThat(object.map("values")).isSameAs(object.map("values"));
        object.program("tc_verdict").testRun(Needs.frame(60));
        assertThat(counters.sumPerCpuLong(0)).isEqualTo(1);
      }
      assertThat(MapInfo.read(inner.fd()).id()).as("still the caller's").isEqualTo(inner.id());
      assertThat(counters.sumPerCpuLong(0)).as("so is the reused map").isEqualTo(1);
    }
  }

  @Test
  void pinnedMapIsUsedAgainByTheNextLoad(@TempDir Path temp) {
    Needs.root();
    Path dir = temp.resolve("fs");
    BpfFs.ensure(dir);
    try {
      int id;
      try (BpfObject object = pinning(dir)) {
        object.load();
        id = object.map("counters").id();
        object.program("tc_verdict").testRun(Needs.frame(60));
        object.program("tc_verdict").pin(dir.resolve("prog"));
      }
      try (BpfObject object = pinning(dir)) {
        object.load();
        assertThat(object.map("counters").id()).isEqualTo(id);
        assertThat(object.map("counters").sumPerCpuLong(0)).isEqualTo(1);
        int newId = object.program("tc_verdict").id();
        object.program("tc_verdict").replacePin(dir.resolve("prog"));
        try (BpfProgram pinned = BpfProgram.openPinned(dir.resolve("prog"))) {
          assertThat(pinned.id()).isEqualTo(newId);
          assertThat(pinned.name()).isEqualTo("tc_verdict");
          assertThat(pinned.testRun(Needs.frame(60)).returnValue()).isZero();
        }
      }
      assertThatThrownBy(() -> BpfMap.openPinned(dir.resolve("prog")))
          .isInstanceOfSatisfying(
              BpfException.class, e -> assertThat(e.errno()).isEqualTo(Libc.EINVAL));
      assertThat(BpfProgram.tryOpenPinned(dir.resolve("no_such"))).isEmpty();
    } finally {
      BpfFs.unmount(dir);
    }
  }

  private static BpfObject pinning(Path dir) {
    BpfObject object = BpfObject.open(Needs.object("loader"), "loader");
    object.setAutoload("tc_emit_inner", false);
    try (BpfMap inner = BpfMap.create(MapType.RINGBUF, "inner", 0, 0, 4096, 0);
        BpfMap rings = BpfMap.createOuter(MapType.ARRAY_OF_MAPS, "rings", inner, 4, 0)) {
      object.reuse("rings", rings);
    }
    object.setPinPath("counters", dir.resolve("counters"));
    return object;
  }

  @Test
  void globalDataIsAMap() {
    try (BpfObject object = Needs.loaded();
        Arena arena = Arena.ofConfined()) {
      object.program("tc_verdict").testRun(Needs.frame(60), new byte[0], 3);
      BpfMap bss = object.map(".bss");
      MemorySegment data = arena.allocate(bss.valueBytes(), 8);
      assertThat(bss.lookup(arena.allocateFrom(ValueLayout.JAVA_INT, 0), data)).isTrue();
      assertThat(data.get(ValueLayout.JAVA_INT, 0)).isEqualTo(3);
    }
  }

  @Test
  void whatIsNotThereIsNamed() {
    try (BpfObject object = Needs.loaded()) {
      assertThatThrownBy(() -> object.map("no_map"))
          .isInstanceOf(BpfException.class)
          .hasMessageContaining("no_map")
          .hasMessageContaining("ENOENT");
      assertThatThrownBy(() -> object.program("no_program"))
          .isInstanceOf(BpfException.class)
          .hasMessageContaining("no_program");
    }
  }

  @Test
  void closeIsIdempotentAndEndsMapsAndPrograms() {
    BpfObject object = Needs.loaded();
    BpfMap map = object.map("values");
    BpfProgram program = object.program("tc_verdict");
    map.close();
    assertThat(map.fd()).as("it is the object's").isNotNegative();
    object.close();
    object.close();
    assertThatThrownBy(map::fd).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(program::fd).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> object.map("values")).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void garbageIsNoObjectAndLibbpfSaysSoToTheListener() {
    List<String> told = new ArrayList<>();
    LibbpfLog.listener(told::add);
    try {
      assertThatThrownBy(() -> BpfObject.open(new byte[100], "garbage"))
          .isInstanceOf(BpfException.class)
          .hasMessageStartingWith("bpf_object__open_mem(garbage): ")
          .hasMessageContaining("ELF");
    } finally {
      LibbpfLog.listener(null);
    }
    assertThat(told).isNotEmpty().allSatisfy(line -> assertThat(line).startsWith("libbpf: "));
  }

  @Test
  void aListenerThatThrowsDoesNoHarm() {
    LibbpfLog.listener(line -> {
      throw new IllegalStateException("thrown from an upcall");
    });
    try {
      assertThatThrownBy(() -> BpfObject.open(new byte[100], "garbage"))
          .isInstanceOf(BpfException.class);
    } finally {
      LibbpfLog.listener(null);
    }
  }
}

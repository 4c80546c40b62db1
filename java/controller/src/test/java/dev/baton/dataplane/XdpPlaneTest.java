package dev.baton.dataplane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.bindings.flow.Baton;
import dev.baton.bindings.flow.baton_link;
import dev.baton.bpf.BpfObject;
import dev.baton.bpf.BpfProgram;
import dev.baton.bpf.Xdp;
import dev.baton.bpf.Xdp.Attached;
import dev.baton.config.DataPlane;
import dev.baton.testing.OwnNetwork;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What is attached is asked of the kernel, never of the plane. */
@Tag("root")
@ExtendWith(OwnNetwork.class)
class XdpPlaneTest {
  private final BpfObject tc = BpfObject.open(TestBed.objectFile(), "baton_tc");

  @AfterEach
  void close() {
    tc.close();
  }

  private List<Link> veths() {
    OwnNetwork.run("ip", "link", "add", "one", "type", "veth", "peer", "name", "far1");
    OwnNetwork.run("ip", "link", "add", "two", "type", "veth", "peer", "name", "far2");
    tc.setMaxEntries(Baton.BATON_MAP_FLOWS().getString(0), 64);
    tc.load();
    return List.of(Link.find("one"), Link.find("two"));
  }

  private static String attached(String link) {
    Optional<Attached> there = Xdp.query(Link.find(link).index());
    if (there.isEmpty()) {
      return "nothing";
    }
    try (BpfProgram program = BpfProgram.openById(there.get().programId())) {
      return program.name() + " " + there.get().mode();
    }
  }

  private long[] published(int direction) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment key = arena.allocate(ValueLayout.JAVA_INT);
      key.set(ValueLayout.JAVA_INT, 0, direction);
      MemorySegment value = arena.allocate(baton_link.layout());
      assertThat(tc.map(Baton.BATON_MAP_LINKS().getString(0)).lookup(key, value)).isTrue();
      return new long[] {baton_link.index(value), baton_link.mac(value)};
    }
  }

  @Test
  void nativeModeIsAttachedToBothAndComesBack() {
    veths();
    OwnNetwork.run("ip", "link", "set", "one", "address", "02:01:03:05:07:09");
    List<Link> links = List.of(Link.find("one"), Link.find("two"));
    try (XdpPlane plane = XdpPlane.start(DataPlane.XDP, tc, links)) {
      assertThat(attached("one")).isEqualTo("baton_xdp NATIVE");
      assertThat(attached("two")).isEqualTo("baton_xdp NATIVE");
      assertThat(plane.choice()).isEqualTo("xdp");
      assertThat(published(Baton.BATON_TO_CLIENT()))
          .containsExactly(Link.find("one").index(), 0x0907_0503_0102L);
      assertThat(published(Baton.BATON_TO_TARGET())[0]).isEqualTo(Link.find("two").index());
      assertThat(plane.renew(links)).isFalse();
      OwnNetwork.run("ip", "link", "set", "dev", "two", "xdp", "off");
      assertThat(attached("two")).isEqualTo("nothing");
      assertThat(plane.renew(links)).isTrue();
      assertThat(attached("two")).isEqualTo("baton_xdp NATIVE");
    }
    assertThat(attached("one")).as("outlives its controller").isEqualTo("baton_xdp NATIVE");
    XdpPlane.remove(links.getFirst());
    XdpPlane.remove(links.getFirst());
    assertThat(attached("one")).isEqualTo("nothing");
  }

  @Test
  void aNewControllerChangesTheModeOrTakesItAway() {
    List<Link> links = veths();
    XdpPlane.start(DataPlane.XDP, tc, links).close();
    XdpPlane.start(DataPlane.XDP_GENERIC, tc, links).close();
    assertThat(attached("one")).isEqualTo("baton_xdp GENERIC");
    assertThat(attached("two")).isEqualTo("baton_xdp GENERIC");
    try (XdpPlane plane = XdpPlane.start(DataPlane.TC, tc, links)) {
      assertThat(attached("one")).isEqualTo("nothing");
      assertThat(attached("two")).isEqualTo("nothing");
      assertThat(plane.choice()).isEqualTo("tc");
      assertThat(published(Baton.BATON_TO_CLIENT())).as("no hop is learned").containsExactly(0, 0);
    }
  }

  @Test
  void whereItIsDemandedAndTheDriverCannotTheStartFails() {
    List<Link> links = List.of(veths().getFirst(), Link.find("lo"));
    assertThatThrownBy(() -> XdpPlane.start(DataPlane.XDP, tc, links))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("lo does not take XDP in native mode");
    assertThat(attached("one")).as("nothing half attached").isEqualTo("nothing");
  }

  @Test
  void autoTakesTcForVethsAndSaysWhy() {
    try (XdpPlane plane = XdpPlane.start(DataPlane.AUTO, tc, veths())) {
      assertThat(plane.choice()).isEqualTo("tc");
      assertThat(plane.reason()).contains("one is a veth");
      assertThat(attached("one")).isEqualTo("nothing");
    }
  }

  @Test
  void autoTakesTcWhereADriverHasNoNativeModeAndSaysWhy() {
    veths();
    Link loopback = Link.find("lo");
    try (XdpPlane plane = XdpPlane.start(DataPlane.AUTO, tc, List.of(loopback))) {
      assertThat(plane.choice()).isEqualTo("tc");
      assertThat(plane.reason()).contains("lo does not take XDP in native mode");
    }
  }
}

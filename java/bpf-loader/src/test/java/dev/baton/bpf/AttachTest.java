package dev.baton.bpf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.abort;

import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** tc and XDP, on a veth pair in a namespace of its own. */
@SuppressWarnings("NullAway.Init")
class AttachTest {
  private static final int PRIORITY = 0xba70;
  private static final int HANDLE = 7;
  private static final int NO_SUCH_INTERFACE = 9999;

  private NetNamespace net;
  private BpfObject object;
  private BpfObject newer;
  private int ifindex;

  @BeforeEach
  void setUp() {
    Needs.bpf();
    net = NetNamespace.create("attach");
    ifindex = net.ifindex("a0");
    object = Needs.loaded();
    newer = Needs.loaded();
  }

  @AfterEach
  void tearDown() {
    if (newer != null) {
      newer.close();
    }
    if (object != null) {
      object.close();
    }
    if (net != null) {
      net.close();
    }
  }

  private void in(Runnable action) {
    Callable<Boolean> call =
        () -> {
          action.run();
          return true;
        };
    assertThat(net.in(call)).isTrue();
  }

  @Test
  void clsactIsMadeOnceAndGoesWhenAsked() {
    in(() -> {
      assertThat(TcHook.createClsact(ifindex)).isTrue();
      assertThat(TcHook.createClsact(ifindex)).isFalse();
      TcHook.destroyClsact(ifindex);
      TcHook.destroyClsact(ifindex);
      assertThat(TcHook.createClsact(ifindex)).isTrue();
    });
  }

  @Test
  void programsAreAttachedReplacedAndDetached() {
    BpfProgram first = object.program("tc_verdict");
    BpfProgram second = newer.program("tc_verdict");
    in(() -> {
      TcHook.createClsact(ifindex);
      for (Direction direction : Direction.values()) {
        assertThat(TcHook.query(ifindex, direction, PRIORITY, HANDLE)).isEmpty();
        assertThat(TcHook.detach(ifindex, direction, PRIORITY, HANDLE)).isFalse();
        TcHook.attach(ifindex, direction, first, PRIORITY, HANDLE);
        assertThat(TcHook.query(ifindex, direction, PRIORITY, HANDLE)).contains(first.id());
        TcHook.attach(ifindex, direction, second, PRIORITY, HANDLE);
        assertThat(TcHook.query(ifindex, direction, PRIORITY, HANDLE)).contains(second.id());
      }
      assertThat(TcHook.detach(ifindex, Direction.INGRESS, PRIORITY, HANDLE)).isTrue();
      assertThat(TcHook.detach(ifindex, Direction.INGRESS, PRIORITY, HANDLE)).isFalse();
      assertThat(TcHook.query(ifindex, Direction.INGRESS, PRIORITY, HANDLE)).isEmpty();
      assertThat(TcHook.query(ifindex, Direction.EGRESS, PRIORITY, HANDLE)).contains(second.id());
    });
  }

  @Test
  void aReplacedProgramLeavesOneFilterThatIsDirectAction() {
    Needs.program("tc");
    in(() -> {
      TcHook.createClsact(ifindex);
      BpfProgram program = object.program("tc_verdict");
      TcHook.attach(ifindex, Direction.INGRESS, program, PRIORITY, HANDLE);
      BpfProgram other = newer.program("tc_verdict");
      TcHook.attach(ifindex, Direction.INGRESS, other, PRIORITY, HANDLE);
    });
    String filters = net.exec("tc", "filter", "show", "dev", "a0", "ingress");
    assertThat(filters.lines().filter(line -> line.contains("handle 0x7")))
        .singleElement()
        .asString()
        .contains("direct-action")
        .contains("pref " + PRIORITY)
        .contains("id " + newer.program("tc_verdict").id());
  }

  @Test
  void othersFiltersAreNeitherReplacedNorRemoved() {
    Needs.program("tc");
    net.exec("tc", "qdisc", "add", "dev", "a0", "clsact");
    try {
      String filter = "tc filter add dev a0 ingress prio 10 protocol all u32 match u32 0 0";
      net.exec(filter.split(" ", -1));
    } catch (AssertionError e) {
      abort("needs the kernel's u32 filter: " + e.getMessage());
    }
    in(() -> {
      BpfProgram program = object.program("tc_verdict");
      assertThat(TcHook.createClsact(ifindex)).as("theirs").isFalse();
      assertThat(TcHook.query(ifindex, Direction.INGRESS, 10, 1)).isEmpty();
      assertThat(TcHook.detach(ifindex, Direction.INGRESS, 10, 1)).isFalse();
      assertThatThrownBy(() -> TcHook.attach(ifindex, Direction.INGRESS, program, 10, HANDLE))
          .isInstanceOf(BpfException.class);
      TcHook.attach(ifindex, Direction.INGRESS, program, PRIORITY, HANDLE);
      assertThat(TcHook.detach(ifindex, Direction.INGRESS, PRIORITY, HANDLE)).isTrue();
    });
    assertThat(net.exec("tc", "filter", "show", "dev", "a0", "ingress")).contains("u32");
  }

  @Test
  void withoutQdiscOrInterfaceNothingIsThereAndAttachingFailsByName() {
    BpfProgram program = object.program("tc_verdict");
    in(() -> {
      assertThat(TcHook.query(ifindex, Direction.EGRESS, PRIORITY, HANDLE)).isEmpty();
      assertThat(TcHook.detach(ifindex, Direction.EGRESS, PRIORITY, HANDLE)).isFalse();
      assertThat(TcHook.query(NO_SUCH_INTERFACE, Direction.EGRESS, 1, 1)).isEmpty();
      TcHook.destroyClsact(NO_SUCH_INTERFACE);
      assertThatThrownBy(() -> TcHook.attach(ifindex, Direction.EGRESS, program, 1, 1))
          .isInstanceOf(BpfException.class)
          .hasMessageContaining("bpf_tc_attach(tc_verdict on EGRESS of " + ifindex);
      assertThatThrownBy(() -> TcHook.createClsact(NO_SUCH_INTERFACE))
          .isInstanceOfSatisfying(
              BpfException.class, e -> assertThat(e.errno()).isEqualTo(Libc.ENODEV));
    });
    assertThatThrownBy(() -> TcHook.query(ifindex, Direction.EGRESS, 0, 1))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> TcHook.query(ifindex, Direction.EGRESS, 1, 0))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void xdpIsAttachedReplacedByTheSameProgramAndDetached() {
    BpfProgram program = object.program("xdp_pass_all");
    BpfProgram sameNewer = newer.program("xdp_pass_all");
    in(() -> {
      for (Xdp.Mode mode : Xdp.Mode.values()) {
        assertThat(Xdp.query(ifindex)).isEmpty();
        assertThat(Xdp.detach(ifindex, program, mode)).isFalse();
        Xdp.attach(ifindex, program, mode);
        Xdp.attach(ifindex, program, mode);
        assertThat(Xdp.query(ifindex)).contains(new Xdp.Attached(mode, program.id()));
        Xdp.attach(ifindex, sameNewer, mode);
        assertThat(Xdp.query(ifindex, mode)).contains(sameNewer.id());
        assertThat(Xdp.detach(ifindex, program, mode)).as("the older one").isFalse();
        assertThat(Xdp.detach(ifindex, sameNewer, mode)).isTrue();
      }
      assertThat(Xdp.query(ifindex)).isEmpty();
    });
  }

  @Test
  void anothersXdpProgramStays() {
    BpfProgram theirs = object.program("xdp_other");
    BpfProgram ours = object.program("xdp_pass_all");
    in(() -> {
      Xdp.attach(ifindex, theirs, Xdp.Mode.GENERIC);
      assertThatThrownBy(() -> Xdp.attach(ifindex, ours, Xdp.Mode.GENERIC))
          .isInstanceOf(BpfException.class)
          .hasMessageContaining("EBUSY")
          .hasMessageContaining("xdp_other");
      assertThatThrownBy(() -> Xdp.attach(ifindex, ours, Xdp.Mode.NATIVE))
          .isInstanceOf(BpfException.class);
      assertThat(Xdp.detach(ifindex, ours, Xdp.Mode.GENERIC)).isFalse();
      assertThat(Xdp.query(ifindex, Xdp.Mode.GENERIC)).contains(theirs.id());
      Xdp.attach(ifindex, ours, Xdp.Mode.GENERIC, theirs);
      assertThat(Xdp.query(ifindex, Xdp.Mode.GENERIC)).contains(ours.id());
      assertThat(Xdp.query(NO_SUCH_INTERFACE)).isEmpty();
      assertThat(Xdp.detach(NO_SUCH_INTERFACE, ours, Xdp.Mode.GENERIC)).isFalse();
      assertThatThrownBy(() -> Xdp.attach(NO_SUCH_INTERFACE, ours, Xdp.Mode.GENERIC))
          .isInstanceOf(BpfException.class)
          .hasMessageContaining("ENODEV");
    });
  }

  @Test
  void testRunsShowPacketContextAndTime() {
    byte[] frame = Needs.frame(64);
    TestRun run = object.program("tc_swap_macs").testRun(frame);
    assertThat(run.returnValue()).isZero();
    assertThat(run.data()).hasSize(64).startsWith(7, 8, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6);
    assertThat(run.context()).isEmpty();
    TestRun onInterface =
        net.in(() ->
            object
                .program("tc_verdict")
                .testRun(frame, new SkbContext().ifindex(ifindex).mark(5).toBytes(), 100));
    assertThat(SkbContext.of(onInterface.context()).mark()).isGreaterThan(5);
    assertThat(onInterface.durationNanos()).isBetween(0L, 1_000_000L);
    assertThat(object.program("xdp_pass_all").testRun(frame).returnValue()).isEqualTo(2);
    BpfProgram program = object.program("tc_verdict");
    assertThatThrownBy(() -> program.testRun(new byte[3]))
        .isInstanceOf(BpfException.class)
        .hasMessageStartingWith("bpf_prog_test_run_opts(tc_verdict): EINVAL");
  }
}

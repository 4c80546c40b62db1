package dev.baton.bpf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** sock_ops, on a control group of its own with one shell in it. */
@SuppressWarnings("NullAway.Init")
class SockOpsTest {
  private static final int CONNECTS = 3;

  @TempDir Path mount;
  private NetNamespace net;
  private Path group;
  private BpfObject object;

  @BeforeEach
  void setUp() throws Exception {
    Needs.bpf();
    Needs.root();
    Needs.program("bash");
    assumeTrue(run("mount -t cgroup2 none " + mount) == 0, "needs control groups, version 2");
    group = Files.createDirectory(mount.resolve("baton-sockops-" + ProcessHandle.current().pid()));
    net = NetNamespace.create("sockops");
    object = Needs.loaded();
  }

  @AfterEach
  void tearDown() throws Exception {
    if (object != null) {
      object.close();
    }
    if (net != null) {
      net.close();
    }
    if (group != null) {
      assertThat(run("rmdir %s; umount %s".formatted(group, mount))).isZero();
    }
  }

  private static int run(String script) throws Exception {
    return new ProcessBuilder("bash", "-c", script).start().waitFor();
  }

  /** Connects, to nobody, from within the group. */
  private long connects() {
    net.in(() -> run("echo $$ > %s/cgroup.procs; exec 3<>/dev/tcp/10.99.0.1/9".formatted(group)));
    return object.map("counters").sumPerCpuLong(CONNECTS);
  }

  @Test
  void aProgramIsToldOfItsGroupsSocketsUntilItIsDetached() throws Exception {
    assertThat((int) net.in(() -> run("ip link set lo up; ip address add 10.99.0.1/32 dev lo")))
        .isZero();
    BpfProgram program = object.program("count_connects");
    assertThat(connects()).isZero();
    SockOps.attach(group, program);
    assertThat(connects()).isEqualTo(1);
    assertThat(connects()).isEqualTo(2);
    assertThat(SockOps.detach(group, program)).isTrue();
    assertThat(SockOps.detach(group, program)).isFalse();
    assertThat(connects()).isEqualTo(2);
  }

  @Test
  void whatIsNoControlGroupIsRefusedByName() {
    BpfProgram program = object.program("count_connects");
    Path nowhere = mount.resolve("nowhere");
    assertThatThrownBy(() -> SockOps.attach(nowhere, program))
        .isInstanceOf(BpfException.class)
        .hasMessageContaining(nowhere.toString());
    assertThat(SockOps.detach(nowhere, program)).isFalse();
    assertThatThrownBy(() -> SockOps.attach(Path.of("/proc"), program))
        .isInstanceOf(BpfException.class)
        .hasMessageContaining("/proc");
  }
}

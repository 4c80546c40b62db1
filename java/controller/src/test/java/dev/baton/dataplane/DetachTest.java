package dev.baton.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.bpf.BpfFs;
import dev.baton.bpf.BpfProgram;
import dev.baton.bpf.Xdp;
import dev.baton.config.BatonConfig;
import dev.baton.testing.OwnNetwork;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What is there is asked of the kernel. */
@Tag("root")
@ExtendWith(OwnNetwork.class)
class DetachTest {
  @TempDir Path folder;

  private BatonConfig config(String dataPlane) {
    OwnNetwork.run("ip", "link", "add", "one", "type", "veth", "peer", "name", "far1");
    OwnNetwork.run("ip", "link", "add", "two", "type", "veth", "peer", "name", "far2");
    return BatonConfig.parse(
        "baton.yaml",
        """
        node: qure-1
        listen: [{ address: 10.0.1.1, port: 80 }]
        interfaces: { public: one, cluster: two }
        cluster-address: [10.0.2.1]
        max-flows: 1024
        data-plane: %s
        pin-path: %s
        """
            .formatted(dataPlane, folder.resolve("pins")));
  }

  private static boolean runsXdp(String link) {
    return Xdp.query(Link.find(link).index())
        .map(there -> {
          try (BpfProgram program = BpfProgram.openById(there.programId())) {
            return program.name().equals("baton_xdp");
          }
        })
        .orElse(false);
  }

  /** It unmounts nothing: the file system may have been somebody else's. */
  private void unmount(Path pins) {
    for (Path at : new Path[] {pins.resolve("v2"), pins}) {
      if (BpfFs.isBpfFs(at) && !BpfFs.isBpfFs(at.resolveSibling("."))) {
        BpfFs.unmount(at);
      }
    }
  }

  @Test
  void aFileSystemThatHadToBeMountedIsNoObstacle() throws Exception {
    BatonConfig config = config("tc");
    Path pins = config.pinPath();
    try {
      DataPath.start(config).close();
      assertThat(BpfFs.isBpfFs(pins)).as("as docs/operations.md says").isTrue();
      assertThat(DataPath.isPinned(config)).isTrue();
      Detach.run(config);
      Detach.run(config);
      assertThat(pins.resolve("v2")).doesNotExist();
      assertThat(DataPath.isAnythingPinned(config)).isFalse();
      DataPath.start(config).close();
      Detach.run(config);
    } finally {
      unmount(pins);
    }
    assertThat(Files.exists(pins)).isTrue();
  }

  @Test
  void anEarlierSchemasEndLeavesOurXdpProgramAlone() {
    BatonConfig config = config("xdp");
    try (DataPath path = DataPath.start(config)) {
      assertThat(runsXdp("one") && runsXdp("two")).isTrue();
      Detach.schema(config, 1);
      assertThat(path.choice()).isEqualTo("xdp");
      assertThat(runsXdp("one")).isTrue();
      assertThat(runsXdp("two")).isTrue();
      Detach.run(config);
      assertThat(runsXdp("one") || runsXdp("two")).isFalse();
    } finally {
      unmount(config.pinPath());
    }
  }
}

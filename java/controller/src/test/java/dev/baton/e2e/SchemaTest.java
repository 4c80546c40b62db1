package dev.baton.e2e;

import static dev.baton.e2e.Scene.LIMIT;
import static dev.baton.e2e.Scene.NOWHERE;
import static dev.baton.e2e.Scene.SITE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.bpf.BpfFs;
import dev.baton.bpf.BpfMap;
import dev.baton.bpf.MapType;
import dev.baton.lab.Child;
import dev.baton.lab.Content;
import dev.baton.lab.Curl;
import dev.baton.lab.InNamespace;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What another version of Baton left in the kernel. */
@Tag("namespace")
@ExtendWith(SceneExtension.class)
class SchemaTest {
  private static final int FEW_PORTS_REQUESTS = 8;
  private static final int UNRELEASED_PORT = 45_000;

  /** More than a page of the controller's own. */
  private static final int ENOUGH = 10_000;

  @TempDir Path folder;

  private static Path pinPath(Scene scene) {
    return scene.lab.folder().resolve("bpf").resolve("baton");
  }

  private static String filters(Scene scene) {
    return scene.lab.dmz().sh("tc filter show dev d0 ingress; tc filter show dev d1 egress");
  }

  /** So few ports that a flow's would be taken from it, were it not known. */
  @Test
  void flowsOfAnEarlierSchemaEndByThemselvesBesideOurs() throws Exception {
    byte[] object = Predecessor.compile(folder);
    Path copy = folder.resolve("copy");
    Path lost = folder.resolve("lost");
    try (Scene scene = Scene.open("10000-10007")) {
      // Else much of the file is in the client's buffer before the controller is killed.
      scene.lab.client().sysctl("net.ipv4.tcp_rmem", "4096 65536 262144");
      Path settings = scene.lab.folder().resolve("baton").resolve("baton.yaml");
      Files.writeString(settings, Files.readString(settings) + "linger: 1s\n");
      try (Child download = start(scene, copy, "released");
          Child unreleased =
              start(scene, lost, "unreleased", "--local-port", "" + UNRELEASED_PORT)) {
        Scene.await(
            "the first data", LIMIT, () -> Scene.size(copy) > 0 && Scene.size(lost) > ENOUGH);
        scene.controller.kill();
        InNamespace.call(
            scene.lab.dmz(),
            () -> Predecessor.takeOver(object, pinPath(scene), List.of(UNRELEASED_PORT)));
        assertThat(filters(scene))
            .contains("pref " + Predecessor.PRIORITY)
            .doesNotContain("pref " + 0xba60);
        scene.controller.start();
        assertThat(filters(scene)).contains("pref " + Predecessor.PRIORITY, "pref " + 0xba60);
        assertThat(scene.controller.command("flows").orThrow())
            .as("flows of both are listed")
            .contains("10.0.1.2:");
        assertThat(unreleased.awaitEnd(LIMIT)).as("curl: receive failure").isEqualTo(56);
        for (int i = 0; i < FEW_PORTS_REQUESTS; i++) {
          assertThat(scene.curl.get(SITE, "/1k", NOWHERE)).returns(200, Curl.Reply::status);
        }
        assertThat(Scene.size(copy)).as("still under way").isLessThan(Scene.LARGE);
        assertThat(download.awaitEnd(LIMIT)).isZero();
      }
      assertThat(Content.sha256(copy))
          .isEqualTo(Content.sha256(scene.lab.target(1).files().resolve("large")));
      Scene.await(
          "the end of the earlier schema",
          LIMIT,
          () -> !Files.exists(pinPath(scene).resolve("v1")));
      assertThat(filters(scene)).doesNotContain("pref " + Predecessor.PRIORITY);
      Scene.await(
          "a line in the log",
          LIMIT,
          () ->
              scene.controller.output().stream().anyMatch(line -> line.contains("schema-retired")));
      assertThat(scene.curl.get(SITE, "/1k", NOWHERE)).returns(200, Curl.Reply::status);
    }
  }

  private static Child start(Scene scene, Path copy, String name, String... options) {
    String[] all = new String[options.length + 2];
    all[0] = "--limit-rate";
    all[1] = "700k";
    System.arraycopy(options, 0, all, 2, options.length);
    return scene.lab.client().start(name, scene.curl.command(SITE, "/large", copy, all));
  }

  @Test
  void detachRemovesEarlierSchemasToo() throws Exception {
    byte[] object = Predecessor.compile(folder);
    try (Scene scene = Scene.open()) {
      scene.controller.kill();
      InNamespace.call(
          scene.lab.dmz(), () -> Predecessor.takeOver(object, pinPath(scene), List.of()));
      scene.controller.start();
      scene.controller.kill();
      scene.controller.detach();
      assertThat(filters(scene)).isBlank();
      assertThat(scene.lab.dmz().sh("tc qdisc show dev d0")).doesNotContain("clsact");
      assertThat(pinPath(scene)).doesNotExist();
    }
  }

  @Test
  void aNewerSchemaIsRefusedWithTheRemedy() {
    try (Scene scene = Scene.stopped()) {
      Path newer = pinPath(scene).resolve("v3");
      BpfFs.ensure(newer);
      try (BpfMap map = BpfMap.create(MapType.ARRAY, "newer", 4, 4, 1, 0)) {
        map.pin(newer.resolve("baton_flows"));
      }
      for (String command : List.of("run", "detach")) {
        var result = scene.controller.command(command);
        assertThat(result.exit()).as(command).isEqualTo(1);
        assertThat(result.err())
            .contains("schema 3", "newer version", "baton detach")
            .doesNotContain("\tat ");
      }
      assertThat(filters(scene)).isBlank();
      assertThat(scene.lab.dmz().sh("nft list tables")).isBlank();
      BpfMap.unpin(newer.resolve("baton_flows"));
    }
  }
}

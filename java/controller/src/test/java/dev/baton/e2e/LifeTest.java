package dev.baton.e2e;

import static dev.baton.e2e.Scene.LIMIT;
import static dev.baton.e2e.Scene.SITE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.lab.Child;
import dev.baton.lab.Content;
import dev.baton.lab.Controller;
import dev.baton.lab.Curl;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Starts, ends and changes of the controller while flows live. */
@Tag("namespace")
@ExtendWith(SceneExtension.class)
class LifeTest {
  @TempDir Path folder;

  @Test
  void aFlowOutlivesAControllerThatIsKilled(Scene scene) {
    download(scene, each -> each.controller.kill());
    scene.controller.start();
    assertThat(scene.curl.get(SITE, "/1k", Scene.NOWHERE)).returns(200, Curl.Reply::status);
  }

  @Test
  void aFlowOutlivesAControllerThatIsTold(Scene scene) {
    download(
        scene,
        each -> assertThat(each.controller.stop()).as("ended within 5 s of SIGTERM").isTrue());
    scene.controller.start();
    assertThat(scene.curl.get(SITE, "/1k", Scene.NOWHERE)).returns(200, Curl.Reply::status);
  }

  /** Does something in the middle of a download that must arrive whole all the same. */
  private void download(Scene scene, Consumer<Scene> meanwhile) {
    Path copy = folder.resolve("copy");
    try (Child curl =
        scene
            .lab
            .client()
            .start("slow", scene.curl.command(SITE, "/large", copy, "--limit-rate", "5M"))) {
      Scene.await("the first data", LIMIT, () -> Scene.size(copy) > 0);
      meanwhile.accept(scene);
      assertThat(Scene.size(copy)).as("still under way").isLessThan(Scene.LARGE);
      assertThat(curl.awaitEnd(LIMIT)).isZero();
    }
    assertThat(Content.sha256(copy))
        .isEqualTo(Content.sha256(scene.lab.target(1).files().resolve("large")));
  }

  @Test
  void aRunningControllerFollowsApplyWithinASecond(Scene scene) {
    assertThat(scene.curl.get("new.example.net", "/1k", Scene.NOWHERE))
        .returns(404, Curl.Reply::status);
    scene.controller.apply(
        Controller.standardCluster(scene.lab) + "  - { host: new.example.net, nodes: [qure-3] }\n");
    Scene.await(
        "the new site",
        Duration.ofSeconds(1),
        () -> scene.curl.get("new.example.net", "/1k", Scene.NOWHERE).status() == 200);
  }

  @Test
  void entriesOfClosedConnectionsAreRemovedWithin90Seconds(Scene scene) {
    download(scene, each -> assertThat(flows(each)).contains("10.0.1.2"));
    Scene.await(
        "an empty flow map", Duration.ofSeconds(90), () -> !flows(scene).contains("10.0.1.2"));
  }

  private static String flows(Scene scene) {
    return scene.controller.command("flows", "--json").orThrow();
  }

  @Test
  void detachLeavesNothing() {
    try (Scene own = Scene.open()) {
      assertThat(own.curl.get(SITE, "/1k", Scene.NOWHERE)).returns(200, Curl.Reply::status);
      assertThat(own.lab.dmz().sh("tc filter show dev d0 ingress; nft list tables"))
          .contains("bpf", "inet baton");
      assertThat(own.controller.stop()).isTrue();
      own.controller.detach();
      assertThat(
              own.lab
                  .dmz()
                  .sh(
                      "for d in d0 d1; do tc filter show dev $d ingress; tc filter show dev $d egress; done"))
          .isBlank();
      assertThat(own.lab.dmz().sh("nft list tables")).doesNotContain("baton");
      assertThat(
              own.lab.dmz().sh("find %s -name 'baton*'".formatted(own.lab.folder().resolve("bpf"))))
          .isBlank();
    }
  }

  @Test
  void aSecondControllerIsRefusedBeforeItTouchesAnything(Scene scene) {
    var second = scene.controller.command("run");
    assertThat(second.exit()).isEqualTo(1);
    assertThat(second.err()).contains("a controller is running already");
    var detach = scene.controller.command("detach");
    assertThat(detach.exit()).isEqualTo(1);
    assertThat(detach.err()).contains("a controller is running already");
    assertThat(scene.curl.get(SITE, "/1k", Scene.NOWHERE)).returns(200, Curl.Reply::status);
  }

  @Test
  void aStartThatFailsLeavesNothing() {
    try (Scene own = Scene.stopped()) {
      own.lab.dmz().sh("ip addr del 10.0.2.1/24 dev d1");
      var result = own.controller.command("run");
      assertThat(result.exit()).isEqualTo(1);
      assertThat(result.err()).contains("10.0.2.1 is not an address of this host");
      own.lab.dmz().sh("ip link set d1 down; ip link delete d1");
      result = own.controller.command("run");
      assertThat(result.exit()).isEqualTo(1);
      assertThat(result.err()).contains("there is no interface d1");
      assertThat(own.lab.dmz().sh("tc filter show dev d0 ingress; nft list tables")).isBlank();
      assertThat(own.lab.dmz().sh("cat /proc/sys/net/ipv4/ip_local_reserved_ports").strip())
          .isEmpty();
    }
  }
}

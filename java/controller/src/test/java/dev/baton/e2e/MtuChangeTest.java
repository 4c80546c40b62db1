package dev.baton.e2e;

import static dev.baton.e2e.Scene.SITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.baton.lab.Child;
import dev.baton.lab.Lab;
import dev.baton.lab.Namespace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** An interface's MTU changes while the controller runs: new connections are told of it. */
@Tag("namespace")
@ExtendWith(SceneExtension.class)
class MtuChangeTest {
  private static final Duration SOON = Duration.ofSeconds(10);
  private static final Pattern MSS = Pattern.compile("\\bmss:(\\d+)");
  private static final int TIMESTAMPS = 12;

  @TempDir Path folder;

  @Test
  void clientsAreToldOfTheClusterLinksMtu(Scene scene) {
    scene.lab.dmz().sh("ip link set d1 mtu 1300");
    await().atMost(SOON).untilAsserted(() -> assertThat(clientMay(scene)).isEqualTo(1260));
    scene.lab.dmz().sh("ip link set d1 mtu 1500");
    await().atMost(SOON).untilAsserted(() -> assertThat(clientMay(scene)).isEqualTo(1460));
  }

  /** The largest segment that a new client may send: what the SYN,ACK said. */
  private static int clientMay(Scene scene) {
    Namespace client = scene.lab.client();
    try (Child idle = client.start("idle", "nc", Lab.PUBLIC, "80")) {
      String[] sockets = {""};
      Scene.await(
          "a connection",
          SOON,
          () -> {
            sockets[0] = client.sh("ss -tinH state established 'dport = :80'");
            return !sockets[0].isBlank();
          });
      assertThat(idle.isAlive()).isTrue();
      return mss(sockets[0]);
    }
  }

  @Test
  void targetsAreToldOfThePublicLinksMtu(Scene scene) {
    scene.lab.dmz().sh("ip link set d0 mtu 1400");
    await().atMost(SOON).untilAsserted(() -> assertThat(targetMay(scene)).isEqualTo(1360));
    scene.lab.dmz().sh("ip link set d0 mtu 1500");
    await().atMost(SOON).untilAsserted(() -> assertThat(targetMay(scene)).isEqualTo(1460));
  }

  /** The largest segment that a target may send in a new flow: what the SYN said. */
  private int targetMay(Scene scene) throws IOException {
    // A flow of the moment between the change and its discovery was told by ICMP; that is kept.
    scene.lab.target(1).namespace().sh("ip route flush cache");
    Path copy = folder.resolve("copy");
    Files.deleteIfExists(copy);
    try (Child curl =
        scene
            .lab
            .client()
            .start("slow", scene.curl.command(SITE, "/large", copy, "--limit-rate", "1M"))) {
      Scene.await("the first data", SOON, () -> Scene.size(copy) > 0);
      Namespace target = scene.lab.target(1).namespace();
      int mss = mss(target.sh("ss -tinH state established 'sport = :80'"));
      assertThat(curl.isAlive()).isTrue();
      return mss;
    }
  }

  private static int mss(String sockets) {
    Matcher m = MSS.matcher(sockets);
    assertThat(m.find()).as(sockets).isTrue();
    return Integer.parseInt(m.group(1)) + TIMESTAMPS;
  }
}

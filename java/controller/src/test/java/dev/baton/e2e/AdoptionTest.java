package dev.baton.e2e;

import static dev.baton.e2e.Scene.LIMIT;
import static dev.baton.e2e.Scene.NOWHERE;
import static dev.baton.e2e.Scene.SITE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.bpf.BpfMap;
import dev.baton.lab.Child;
import dev.baton.lab.Content;
import dev.baton.lab.Curl;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What a controller takes over from the one before. */
@Tag("namespace")
@ExtendWith(SceneExtension.class)
class AdoptionTest {
  private static final long LINGER_MILLIS = 20_000;

  @TempDir Path folder;

  private static void settings(Scene scene, String from, String to) throws IOException {
    Path file = scene.lab.folder().resolve("baton").resolve("baton.yaml");
    Files.writeString(file, Files.readString(file).replace(from, "") + to);
  }

  private static long first(Pattern pattern, String text) {
    Matcher found = pattern.matcher(text);
    assertThat(found.find()).as(text).isTrue();
    return Long.parseLong(found.group(1));
  }

  private static long translated(Scene scene) {
    return first(
        Pattern.compile("\"translated\":(\\d+)"),
        scene.controller.command("status", "--json").orThrow());
  }

  private static long program(Scene scene) {
    return first(
        Pattern.compile("baton_ingress.* id (\\d+)"),
        scene.lab.dmz().sh("tc filter show dev d0 ingress"));
  }

  @Test
  void programsAreReplacedInPlaceAndMapsGoOn() throws IOException {
    try (Scene scene = Scene.stopped()) {
      settings(scene, "", "event-loops: 4\n");
      scene.controller.start();
      Path rings = scene.lab.folder().resolve("bpf/baton/v2/baton_rings");
      assertThat(ringsIn(rings)).isEqualTo(4);
      Path copy = folder.resolve("copy");
      String[] line = scene.curl.command(SITE, "/large", copy, "--limit-rate", "1M");
      try (Child download = scene.lab.client().start("slow", line)) {
        Scene.await("the first data", LIMIT, () -> Scene.size(copy) > 0);
        long before = translated(scene);
        assertThat(before).isPositive();
        long old = program(scene);
        scene.controller.kill();
        settings(scene, "event-loops: 4\n", "event-loops: 1\n");
        scene.controller.start();
        assertThat(program(scene)).isNotEqualTo(old);
        assertThat(translated(scene)).as("counters go on").isGreaterThanOrEqualTo(before);
        assertThat(ringsIn(rings)).isEqualTo(1);
        assertThat(Scene.size(copy)).as("still under way").isLessThan(Scene.LARGE);
        assertThat(download.awaitEnd(LIMIT)).isZero();
      }
      assertThat(Content.sha256(copy))
          .isEqualTo(Content.sha256(scene.lab.target(1).files().resolve("large")));
    }
  }

  private static int ringsIn(Path pin) {
    try (BpfMap rings = BpfMap.openPinned(pin);
        Arena arena = Arena.ofConfined()) {
      MemorySegment key = arena.allocate(JAVA_INT);
      int found = 0;
      for (int i = 0; i < rings.maxEntries(); i++) {
        key.set(JAVA_INT, 0, i);
        found += rings.lookup(key, arena.allocate(JAVA_INT)) ? 1 : 0;
      }
      return found;
    }
  }

  /** Without a controller for half of the lingering, only its rest is left. */
  @Test
  void anAdoptedPairLingersForTheRestOfItsTime() throws Exception {
    try (Scene scene = Scene.stopped()) {
      settings(scene, "", "linger: 20s\n");
      scene.controller.start();
      assertThat(scene.curl.get(SITE, "/1k", NOWHERE)).returns(200, Curl.Reply::status);
      long over = System.nanoTime();
      // The answer may be there before the loop has heard that the request has arrived.
      Scene.await("its release", LIMIT, () -> isReleased(scene));
      scene.controller.kill();
      Thread.sleep(LINGER_MILLIS / 2);
      scene.controller.start();
      assertThat(flows(scene)).contains("10.0.1.2");
      Scene.await("an empty flow map", LIMIT, () -> !flows(scene).contains("10.0.1.2"));
      assertThat((System.nanoTime() - over) / 1_000_000).isLessThan(LINGER_MILLIS * 3 / 2 - 1000);
    }
  }

  private static boolean isReleased(Scene scene) {
    String status = scene.controller.command("status", "--json").orThrow();
    return status.replace(" ", "").contains("\"released\":1,");
  }

  private static String flows(Scene scene) {
    return scene.controller.command("flows", "--json").orThrow();
  }

  @Test
  void anInterfaceThatIsMadeAnewIsAttachedAgain() {
    try (Scene scene = Scene.open()) {
      assertThat(scene.curl.get(SITE, "/1k", NOWHERE)).returns(200, Curl.Reply::status);
      String zone = scene.lab.dmz().name().replace("-dmz", "-switch");
      scene
          .lab
          .dmz()
          .sh(
              """
              ip link del d1
              ip link add d1 type veth peer name p0 netns %s
              ip address add 10.0.2.1/24 dev d1
              ip link set d1 up
              nsenter --net=/run/netns/%s ip link set p0 master br0 up
              """
                  .formatted(zone, zone));
      Scene.await(
          "filters on the new interface",
          LIMIT,
          () -> scene.lab.dmz().sh("tc filter show dev d1 ingress").contains("baton_ingress"));
      Scene.await(
          "a handoff through it",
          LIMIT,
          () -> scene.curl.get(SITE, "/1k", NOWHERE).status() == 200);
      assertThat(scene.controller.isRunning()).isTrue();
    }
  }
}

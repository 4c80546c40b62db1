package dev.baton.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.e2e.RestartLoad.End;
import dev.baton.e2e.RestartLoad.Kind;
import dev.baton.e2e.RestartLoad.Outcome;
import dev.baton.lab.Content;
import dev.baton.lab.Namespace;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * The controller is killed every 5 s under load, and started again. {@code -Dbaton.full=true}: for
 * 60 s.
 */
@Tag("namespace")
@ExtendWith(SceneExtension.class)
class RestartTest {
  private static final int KILLS = Boolean.getBoolean("baton.full") ? 12 : 3;

  /** So long the targets' acknowledgments are held back before a kill, for it to catch some. */
  private static final long HELD_MILLIS = 400;

  private static final long SECOND = 1_000_000_000L;
  private static final long PERIOD = 5 * SECOND;
  private static final int BODY = 3_000_000;

  @TempDir Path folder;

  /** A controller's absence. */
  private record Gap(long killed, long ready, long orphans) {}

  @Test
  void releasedFlowsOutliveEveryKillAndTheOthersAreReset(Scene scene) throws Exception {
    Content.write(folder.resolve("body"), BODY, 77);
    RestartLoad load =
        new RestartLoad(
            scene,
            Files.readAllBytes(scene.lab.target(1).files().resolve("large")),
            Files.readAllBytes(folder.resolve("body")));
    load.start();
    List<Gap> gaps = new ArrayList<>();
    long begun = System.nanoTime();
    for (int i = 0; i < KILLS; i++) {
      long due = begun + (i + 1) * PERIOD - HELD_MILLIS * 1_000_000;
      Thread.sleep(Math.max(0, (due - System.nanoTime()) / 1_000_000));
      gaps.add(killAndStart(scene, i % 2 == 0));
    }
    List<Outcome> outcomes = load.finish();
    report(outcomes, gaps);
    assertThat(outcomes)
        .extracting(Outcome::end)
        .doesNotContain(End.HANGING, End.SHORT, End.WRONG_BYTES);
    assertThat(outcomes).filteredOn(each -> mustBeWhole(each, gaps)).allMatch(RestartTest::isWhole);
    assertThat(outcomes)
        .filteredOn(each -> each.kind() == Kind.DOWNLOAD && spanned(each, gaps) >= 2)
        .as("downloads that spanned two kills or more")
        .isNotEmpty()
        .allMatch(RestartTest::isWhole);
    assertThat(outcomes)
        .filteredOn(each -> each.end() == End.RESET)
        .allMatch(each -> endedInTime(each, gaps), "ended within 1 s of a start");
    assertThat(gaps.stream().mapToLong(Gap::orphans).sum())
        .as("handoffs that a kill caught")
        .isPositive();
    assertThatUploadsAreWhole(scene, outcomes, Content.sha256(folder.resolve("body")));
  }

  /**
   * @param pending what the kill is to catch: set-ups that wait for the target's answer, or replays
   *     that wait for its acknowledgments
   */
  private static Gap killAndStart(Scene scene, boolean pending) throws InterruptedException {
    Namespace target = scene.lab.target(1).namespace();
    target.nft(
        """
        table inet held {
          chain out {
            type filter hook output priority 0
            tcp sport 80 %s drop
          }
        }
        """
            .formatted(pending ? "" : "tcp flags & syn != syn"));
    Thread.sleep(HELD_MILLIS);
    long killed = System.nanoTime();
    scene.controller.kill();
    target.sh("nft delete table inet held");
    scene.controller.start();
    long ready = System.nanoTime();
    String status = scene.controller.command("status", "--json").orThrow();
    return new Gap(killed, ready, number(status, "replay_orphaned"));
  }

  private static long number(String json, String name) {
    var found = java.util.regex.Pattern.compile("\"" + name + "\":(\\d+)").matcher(json);
    return found.find() ? Long.parseLong(found.group(1)) : 0;
  }

  private static boolean isWhole(Outcome outcome) {
    return outcome.end() == End.WHOLE;
  }

  /** It was under way long before any kill that it met: released. */
  private static boolean mustBeWhole(Outcome outcome, List<Gap> gaps) {
    boolean paced = outcome.kind() == Kind.DOWNLOAD || outcome.kind() == Kind.SLOW_UPLOAD;
    return paced
        && outcome.under() != 0
        && gaps.stream()
            .filter(gap -> gap.killed > outcome.begun())
            .findFirst()
            .map(gap -> outcome.under() < gap.killed - SECOND)
            .orElse(true);
  }

  private static long spanned(Outcome outcome, List<Gap> gaps) {
    return outcome.under() == 0
        ? 0
        : gaps.stream()
            .filter(gap -> gap.killed > outcome.under() && gap.killed < outcome.ended())
            .count();
  }

  private static boolean endedInTime(Outcome outcome, List<Gap> gaps) {
    return gaps.stream()
        .anyMatch(gap -> outcome.ended() > gap.killed && outcome.ended() < gap.ready + SECOND);
  }

  /** What was acknowledged is there, byte for byte. */
  private static void assertThatUploadsAreWhole(Scene scene, List<Outcome> outcomes, String hash) {
    Path up = scene.lab.target(1).files();
    int whole = 0;
    for (Outcome each : outcomes) {
      if (isWhole(each) && Set.of(Kind.UPLOAD, Kind.SLOW_UPLOAD).contains(each.kind())) {
        assertThat(Content.sha256(up.resolve(each.name().substring(1))))
            .as(each.name())
            .isEqualTo(hash);
        whole++;
      }
    }
    assertThat(whole).as("uploads").isPositive();
  }

  private static void report(List<Outcome> outcomes, List<Gap> gaps) {
    Map<Kind, Map<End, Integer>> table = new EnumMap<>(Kind.class);
    for (Outcome each : outcomes) {
      table
          .computeIfAbsent(each.kind(), kind -> new EnumMap<>(End.class))
          .merge(each.end(), 1, Integer::sum);
    }
    System.out.println("restarts: " + gaps.size() + ", outcomes: " + table);
    for (Gap gap : gaps) {
      long latest =
          outcomes.stream()
              .filter(each -> each.end() == End.RESET && each.begun() < gap.ready)
              .filter(each -> each.ended() > gap.killed && each.ended() < gap.ready + 5 * SECOND)
              .mapToLong(Outcome::ended)
              .max()
              .orElse(gap.ready);
      System.out.printf(
          "  ready %d ms after the kill, %d caught before release, last reset %d ms after ready%n",
          (gap.ready - gap.killed) / 1_000_000, gap.orphans, (latest - gap.ready) / 1_000_000);
    }
    outcomes.stream()
        .filter(each -> each.kind() == Kind.DOWNLOAD)
        .map(each -> spanned(each, gaps))
        .max(Long::compare)
        .ifPresent(most -> System.out.println("  most kills in one download: " + most));
  }
}

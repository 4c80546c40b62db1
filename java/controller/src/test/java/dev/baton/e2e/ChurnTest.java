package dev.baton.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.lab.Family;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Many connections, opened and closed in every way, leave nothing. */
@Tag("namespace")
@ExtendWith(SceneExtension.class)
class ChurnTest {
  private static final int CONNECTIONS = Boolean.getBoolean("baton.full") ? 100_000 : 2_000;
  private static final int AT_ONCE = 32;
  private static final Duration LINGERING = Duration.ofSeconds(60);

  @Test
  void nothingIsHeldWhenTheLingeringIsOver() throws Exception {
    try (Stages stages = new Stages(settings -> settings + Stage.SHORT)) {
      Stage stage = stages.of(new Combination(Family.IPV4, "tc"));
      long descriptors = descriptors(stage);
      List<Scripts.Case> cases = Scripts.QUICK;
      stages.atOnce(
          Combination.tc(),
          each -> each.playMany(CONNECTIONS / 2, AT_ONCE / 2, i -> cases.get(i % cases.size())));
      stage.awaitNothingHeld(LINGERING);
      assertThat(stage.count("connections", "handed_off")).isEqualTo(CONNECTIONS);
      assertThat(stage.count("connections", "released")).isEqualTo(CONNECTIONS);
      assertThat(descriptors(stage)).as("descriptors").isEqualTo(descriptors);
    }
  }

  private static long descriptors(Stage stage) {
    String count =
        stage
            .scene
            .lab
            .dmz()
            .sh(
                "ls -l /proc/%d/fd | grep -c socket: || true"
                    .formatted(stage.scene.controller.pid()));
    return Long.parseLong(count.strip());
  }
}

package dev.baton.health;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.address.Ip;
import dev.baton.directory.ClientAddress;
import dev.baton.directory.HealthCheck;
import dev.baton.directory.Node;
import dev.baton.directory.NodeLimits;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class PatientTest {
  private static final long SECOND = 1_000_000_000L;
  private static final HealthCheck CHECK = check(HealthCheck.Kind.TCP);

  private static HealthCheck check(HealthCheck.Kind kind) {
    return new HealthCheck(
        kind, "/", "", 200, 399, Duration.ofSeconds(2), Duration.ofSeconds(1), 2, 3);
  }

  private static Patient patient(boolean up) {
    Node node =
        new Node(
            "n",
            List.of(Ip.of(InetAddress.ofLiteral("10.0.0.1"))),
            80,
            443,
            Node.State.UP,
            1,
            ClientAddress.OPTION,
            Node.Role.LOCAL,
            NodeLimits.NONE,
            CHECK);
    return new Patient(node, up, 0.5, 0);
  }

  @Test
  void soManyBadChecksInARowTakeItDownAndSoManyGoodOnesBringItUp() {
    Patient patient = patient(true);
    assertThat(patient.checked(CHECK, false, 0, 0)).isNull();
    assertThat(patient.checked(CHECK, false, 0, 0)).isNull();
    assertThat(patient.checked(CHECK, true, 0, 0)).as("a good one between").isNull();
    assertThat(patient.checked(CHECK, false, 0, 0)).isNull();
    assertThat(patient.checked(CHECK, false, 0, 0)).isNull();
    assertThat(patient.checked(CHECK, false, 0, 0)).isFalse();
    assertThat(patient.isUp()).isFalse();
    assertThat(patient.checked(CHECK, false, 0, 0)).as("it is down already").isNull();
    assertThat(patient.checked(CHECK, true, 0, 0)).isNull();
    assertThat(patient.checked(CHECK, true, 0, 0)).isTrue();
  }

  @Test
  void theFirstCheckComesWithinTheIntervalAndTheNextAfterIt() {
    Patient patient = patient(true);
    assertThat(patient.isDue(CHECK, SECOND - 1)).isFalse();
    assertThat(patient.isDue(CHECK, SECOND)).isTrue();
    assertThat(patient.isDue(CHECK, 60 * SECOND)).as("one at a time").isFalse();
    patient.checked(CHECK, true, -1, 10 * SECOND);
    assertThat(patient.isDue(CHECK, 10 * SECOND + (long) (1.79 * SECOND))).isFalse();
    assertThat(patient.isDue(CHECK, 10 * SECOND + (long) (1.81 * SECOND))).isTrue();
  }

  @Test
  void failedHandoffsTakeItDownAndOnlyThenIsANodeWithoutACheckLookedAt() {
    HealthCheck none = check(HealthCheck.Kind.NONE);
    Patient patient = patient(true);
    assertThat(patient.isDue(none, 60 * SECOND)).isFalse();
    assertThat(patient.failed(none, 2)).isNull();
    assertThat(patient.failed(none, 3)).isFalse();
    assertThat(patient.failed(none, 4)).as("it is down already").isNull();
    assertThat(patient.isDue(none, 60 * SECOND)).isTrue();
    assertThat(patient.checked(none, true, 0, 60 * SECOND)).isNull();
    assertThat(patient.isDue(none, 63 * SECOND)).isTrue();
    assertThat(patient.checked(none, true, 0, 63 * SECOND)).isTrue();
    assertThat(patient.isDue(none, 99 * SECOND)).isFalse();
  }

  @Test
  void oneThatWasDownStaysDownUntilItIsLookedAt() {
    Patient patient = patient(false);
    assertThat(patient.isUp()).isFalse();
    assertThat(patient.isDue(CHECK, SECOND)).isTrue();
    assertThat(patient.checked(CHECK, true, 0, SECOND)).isNull();
    assertThat(patient.checked(CHECK, true, 0, SECOND)).isTrue();
  }
}

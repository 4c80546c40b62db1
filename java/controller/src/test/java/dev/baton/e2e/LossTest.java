package dev.baton.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.e2e.Impairment.Counter;
import dev.baton.e2e.Impairment.Place;
import dev.baton.e2e.Impairment.Rates;
import dev.baton.lab.Forwarding;
import dev.baton.lab.Lab;
import dev.baton.lab.Namespace;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * {@link Transfers} through a network that loses 2 %, duplicates 2 % and reorders 5 % of the
 * segments, each way on each leg; the direct connections meet the same losses.
 */
@Tag("namespace")
@ExtendWith(SceneExtension.class)
class LossTest {
  private static final int SIZE = 5_000_000;
  private static final Rates BAD = new Rates(0.02, 0.02, 0.06, 0);

  @ParameterizedTest
  @MethodSource("dev.baton.e2e.Combination#all")
  void everyDownloadArrivesWhole(Combination combination) throws Exception {
    try (Lab lab = combination.wire()) {
      Transfers transfers = new Transfers(combination, lab, SIZE);
      run(combination + " downloads", lab, true, transfers::download);
    }
  }

  @ParameterizedTest
  @MethodSource("dev.baton.e2e.Combination#all")
  void everyUploadArrivesWhole(Combination combination) throws Exception {
    try (Lab lab = combination.wire()) {
      Transfers transfers = new Transfers(combination, lab, SIZE);
      run(combination + " uploads", lab, false, transfers::upload);
    }
  }

  /** Runs all transfers, and judges the network and the ends. */
  private static void run(String what, Lab lab, boolean down, Transfers.Transfer transfer)
      throws Exception {
    Namespace server = lab.target(1).namespace();
    var client = NetworkCounters.read(lab.client());
    var target = NetworkCounters.read(server);
    try (Forwarding _ = lab.forward();
        Impairment atClient = Impairment.of(lab.client(), "c0", BAD);
        Impairment atTarget = Impairment.of(server, "t0", BAD)) {
      Transfers.runAll(what, transfer);
      client = NetworkCounters.read(lab.client()).since(client);
      target = NetworkCounters.read(server).since(target);
      atClient.places().forEach(place -> System.out.println("  client " + place));
      atTarget.places().forEach(place -> System.out.println("  target " + place));
      System.out.println("  client " + client + "\n  target " + target);
      atClient.places().forEach(LossTest::assertBad);
      atTarget.places().forEach(LossTest::assertBad);
      assertSuffered(down ? target : client, down ? client : target);
    }
  }

  /**
   * The program did at this place what it was told to. What it holds back it does not duplicate,
   * and what it loses it does neither with.
   */
  private static void assertBad(Place place) {
    assertShare(place, Counter.LOST, BAD.loss(), BAD.loss());
    assertShare(place, Counter.DUPLICATED, 0.017, BAD.duplication());
    assertShare(place, Counter.REORDERED, 0.05, BAD.reordering());
    assertThat(place.count(Counter.SUPER_PACKETS)).as("%s", place).isZero();
    assertThat(place.count(Counter.FAILED)).as("%s", place).isZero();
  }

  /** Within five standard deviations of so many throws of a die. */
  private static void assertShare(Place place, Counter counter, double least, double most) {
    double margin = 5 * Math.sqrt(most * (1 - most) / place.count(Counter.SEEN));
    assertThat(place.share(counter))
        .as("%s at %s", counter, place)
        .isBetween(least - margin, most + margin);
  }

  /**
   * The ends' own kernels met it: whoever sends the data sent again at least what both legs lost (1
   * − 0.98² = 3.96 % of it), whoever receives it queued it out of order and met it twice.
   */
  private static void assertSuffered(NetworkCounters sender, NetworkCounters receiver) {
    assertThat(sender.retransmitted()).as("%s", sender).isBetween(0.036, 0.5);
    if (Transfers.areComparable()) { // it sends a request or an answer's head now and then
      assertThat(receiver.retransmitted()).as("%s", receiver).isPositive();
    }
    double segments = (double) SIZE / 1448 * 2 * Transfers.COUNT;
    assertThat(receiver.get("TcpExtTCPOFOQueue") / segments).as("%s", receiver).isGreaterThan(0.08);
    assertThat(receiver.get("TcpExtTCPDSACKOldSent") / segments)
        .as("%s", receiver)
        .isGreaterThan(0.01);
    assertThat(sender.get("TcpExtTCPSACKReorder") + sender.get("TcpExtTCPTSReorder"))
        .as("%s", sender)
        .isPositive();
    assertThat(receiver.get("TcpInCsumErrors") + sender.get("TcpInCsumErrors"))
        .as("bad checksums")
        .isZero();
  }
}

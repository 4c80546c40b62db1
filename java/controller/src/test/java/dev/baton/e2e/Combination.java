package dev.baton.e2e;

import dev.baton.config.DataPlane;
import dev.baton.lab.Controller;
import dev.baton.lab.Family;
import dev.baton.lab.Lab;
import dev.baton.lab.LabPlan;
import dev.baton.lab.Patience;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * An address family and a data plane: what the same tests run over.
 *
 * @param family of client and target
 * @param dataPlane as {@code data-plane} in baton.yaml
 */
record Combination(Family family, String dataPlane) {
  /** The controller's own default. */
  private static final Duration SYN_TIMEOUT = Duration.ofSeconds(1);

  /** Both families under tc and under XDP in the drivers. */
  static Stream<Combination> all() {
    return with(DataPlane.TC, DataPlane.XDP);
  }

  /** Both families under tc: what is not about segments on their way is the same under XDP. */
  static Stream<Combination> tc() {
    return with(DataPlane.TC);
  }

  /** Both families under tc, and one under XDP: for set-up, which tc does in any case. */
  static Stream<Combination> few() {
    return Stream.concat(tc(), Stream.of(new Combination(Family.IPV6, "xdp")));
  }

  /** All that can be had. {@code auto} is one of the others by another name. */
  static Stream<Combination> everyProgram() {
    return with(DataPlane.TC, DataPlane.XDP, DataPlane.XDP_GENERIC);
  }

  /** Both families under this data plane. */
  static Stream<Combination> of(String dataPlane) {
    return Family.SERVED.stream().map(family -> new Combination(family, dataPlane));
  }

  private static Stream<Combination> with(DataPlane... planes) {
    return Family.SERVED.stream()
        .flatMap(family ->
            Arrays.stream(planes)
                .map(plane -> plane.name().toLowerCase(Locale.ROOT).replace('_', '-'))
                .map(plane -> new Combination(family, plane)));
  }

  /** A lab with one target, wire segments and this data plane's needs at the hosts. */
  Lab wire() {
    Lab lab = LabPlan.of(1).withoutSwitch().withOffload(LabPlan.Offload.NONE).open();
    if (isXdp()) {
      Impairment.acceptRedirected(lab.client(), "c0");
      Impairment.acceptRedirected(lab.target(1).namespace(), "t0");
    }
    return lab;
  }

  /** Whether segments pass through XDP. */
  boolean isXdp() {
    return dataPlane.startsWith("xdp");
  }

  /**
   * The controller on that lab, running, with the standard cluster. On a slow machine it waits
   * longer for a target, too: there the target itself is what is slow.
   */
  Controller start(Lab lab) {
    String settings =
        Controller.standardFile(lab, dataPlane)
            + "syn-timeout: %dms\n".formatted(Patience.with(SYN_TIMEOUT).toMillis());
    Controller controller = Controller.create(lab, settings);
    controller.apply(Controller.standardCluster(lab));
    controller.start();
    return controller;
  }

  @Override
  public String toString() {
    return family + " " + dataPlane;
  }
}

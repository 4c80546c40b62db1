package dev.baton.e2e;

import static dev.baton.e2e.Scene.LIMIT;
import static dev.baton.e2e.Scene.SITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.lab.Child;
import dev.baton.lab.Content;
import dev.baton.lab.Controller;
import dev.baton.lab.Curl;
import dev.baton.lab.Family;
import dev.baton.lab.Lab;
import dev.baton.lab.LabPlan;
import dev.baton.lab.Namespace;
import dev.baton.lab.Nginx;
import dev.baton.lab.Result;
import dev.baton.lab.Target;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Interfaces that are not a plain card's: VLANs, bonds, several queues. */
@Tag("namespace")
class LinksTest {
  private static final int SIZE = 3_000_000;
  private static final int AT_ONCE = 8;

  @ParameterizedTest
  @ValueSource(strings = {"tc", "auto"})
  void vlansOnBothLegs(String dataPlane) throws Exception {
    try (Lab lab = lab(dataPlane)) {
      String vlan = "ip link add link %1$s-under name %1$s type vlan id 7";
      replace(lab.client(), "c0", vlan);
      replace(lab.dmz(), "d0", vlan);
      replace(lab.dmz(), "d1", vlan);
      replace(lab.target(1).namespace(), "t0", vlan);
      Controller controller = start(lab, dataPlane);
      assertThat(controller.command("status").orThrow()).contains("attached: tc");
      assertTransfers(lab);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"tc", "auto"})
  void aBondWhoseActiveLinkFailsDuringATransfer(String dataPlane) throws Exception {
    try (Lab lab = lab(dataPlane)) {
      lab.client()
          .sh("ip link add c0-spare type veth peer name d0-spare netns " + lab.dmz().name());
      String bond =
          """
          ip link add %1$s type bond mode active-backup miimon 50
          ip link set %1$s-under master %1$s
          ip link set %1$s-spare master %1$s
          ip link set %1$s-spare up
          """;
      replace(lab.client(), "c0", bond);
      replace(lab.dmz(), "d0", bond);
      start(lab, dataPlane);
      assertTransfers(lab);
      Path goOn = lab.folder().resolve("go-on");
      long before = forwarded(lab);
      Child upload = lab.client().start("upload", pausingUpload(lab, goOn));
      Scene.await("half of it", LIMIT, () -> forwarded(lab) - before > SIZE / 2);
      lab.dmz().sh("ip link set d0-under down");
      Files.createFile(goOn);
      Scene.await("the rest of it", LIMIT, () -> !upload.isAlive());
      assertWhole(lab, lab.target(1).files().resolve("up/slow"));
      assertThat(lab.dmz().sh("cat /proc/net/bonding/d0"))
          .contains("Currently Active Slave: d0-spare");
      assertTransfers(lab);
    }
  }

  private static String[] pausingUpload(Lab lab, Path goOn) {
    String script =
        "{ head -c %d; until [ -e %s ]; do sleep 0.05; done; cat; } < %s | \"$@\""
            .formatted(SIZE * 3 / 4, goOn, lab.target(1).files().resolve("file"));
    List<String> line = new ArrayList<>(List.of("sh", "-c", script, "sh"));
    line.addAll(List.of(new Curl(lab, LIMIT).command(SITE, "/up/slow", Scene.NOWHERE, "-T", "-")));
    return line.toArray(String[]::new);
  }

  /** Bytes sent to the targets. */
  private static long forwarded(Lab lab) {
    return Long.parseLong(lab.dmz().sh("awk '/d1:/ {print $10}' /proc/net/dev").strip());
  }

  @ParameterizedTest
  @ValueSource(strings = {"tc", "xdp"})
  void interfacesWithTwoQueues(String dataPlane) throws Exception {
    try (Lab lab = lab(dataPlane)) {
      List<Namespace> namespaces =
          List.of(lab.client(), lab.dmz(), lab.dmz(), lab.target(1).namespace());
      String[] devices = {"c0", "d0", "d1", "t0"};
      for (int i = 0; i < devices.length; i++) {
        Result result =
            namespaces.get(i).run(LIMIT, "ethtool", "-L", devices[i], "rx", "2", "tx", "2");
        assumeTrue(result.exit() == 0, () -> "no second queue: " + result);
      }
      start(lab, dataPlane);
      assertTransfers(lab);
    }
  }

  private static Lab lab(String dataPlane) {
    LabPlan.Offload offload =
        dataPlane.equals("tc") ? LabPlan.Offload.DEFAULT : LabPlan.Offload.XDP;
    return LabPlan.of(1).withoutSwitch().withOffload(offload).open();
  }

  /**
   * Puts an interface in the place of another, with its name and addresses. Skips the test, with
   * the kernel's words, where it has no such interfaces.
   */
  private static void replace(Namespace namespace, String device, String by) {
    String script =
        """
        addresses=$(ip -o address show dev %1$s scope global | awk '{print $4}')
        ip link set %1$s down
        ip address flush dev %1$s
        ip link set %1$s name %1$s-under
        %2$s
        ip link set %1$s-under up
        ip link set %1$s up
        for each in $addresses; do
          case $each in *:*) ip address add $each dev %1$s nodad ;; *) ip address add $each dev %1$s ;; esac
        done
        """
            .formatted(device, by.formatted(device));
    Result result = namespace.run(LIMIT, "sh", "-ec", script);
    assumeTrue(result.exit() == 0, () -> "no such interface on this kernel: " + result.err());
  }

  private static Controller start(Lab lab, String dataPlane) throws Exception {
    Target target = lab.target(1);
    Nginx.start(lab, target, 80);
    Content.write(target.files().resolve("file"), SIZE, 3);
    return new Combination(Family.IPV4, dataPlane).start(lab);
  }

  /** Downloads and uploads at once, in both families. */
  private static void assertTransfers(Lab lab) throws Exception {
    try (ExecutorService workers = Executors.newFixedThreadPool(AT_ONCE)) {
      List<Callable<Path>> tasks = new ArrayList<>();
      for (Family family : Family.SERVED) {
        Curl curl = new Curl(lab, LIMIT, family);
        for (int i = 0; i < AT_ONCE / 4; i++) {
          Path copy = lab.folder().resolve("www").resolve("copy-" + family + i);
          tasks.add(() -> {
            Curl.Reply reply = curl.get(SITE, "/file", copy);
            assertThat(reply.exit()).as(reply::toString).isZero();
            return copy;
          });
          String up = "up/" + family + i;
          tasks.add(() -> {
            Path file = lab.target(1).files().resolve("file");
            Curl.Reply reply = curl.get(SITE, "/" + up, Scene.NOWHERE, "-T", file.toString());
            assertThat(reply.exit()).as(reply::toString).isZero();
            return lab.target(1).files().resolve(up);
          });
        }
      }
      for (Future<Path> each : workers.invokeAll(tasks)) {
        assertWhole(lab, each.get());
      }
    }
  }

  private static void assertWhole(Lab lab, Path copy) {
    assertThat(Content.sha256(copy))
        .as(copy.toString())
        .isEqualTo(Content.sha256(lab.target(1).files().resolve("file")));
  }
}

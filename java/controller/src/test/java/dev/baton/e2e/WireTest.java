package dev.baton.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.e2e.Impairment.Rates;
import dev.baton.lab.Content;
import dev.baton.lab.Curl;
import dev.baton.lab.Family;
import dev.baton.lab.Forwarding;
import dev.baton.lab.Lab;
import dev.baton.lab.Nginx;
import dev.baton.lab.Probe;
import dev.baton.lab.Target;
import dev.baton.wire.Fault;
import dev.baton.wire.Judge;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the client and the target see on their wires, before two judges: our own and tshark. */
@Tag("namespace")
@ExtendWith(SceneExtension.class)
class WireTest {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final int SIZE = 2_000_000;
  private static final Rates BAD = new Rates(0.02, 0.02, 0.06, 0);
  private static final int TRANSFERS = 2;

  @ParameterizedTest
  @MethodSource("dev.baton.e2e.Combination#all")
  void onAQuietNetworkNeitherEndSeesAFault(Combination combination) throws Exception {
    try (Lab lab = combination.wire()) {
      Ends ends = prepare(combination, lab);
      try (WireCapture atClient = WireCapture.start(lab, lab.client(), "c0", "client");
          WireCapture atTarget = WireCapture.start(lab, ends.target.namespace(), "t0", "target")) {
        for (int i = 0; i < TRANSFERS; i++) {
          ends.transfer(i, false);
        }
        Family family = combination.family();
        Set<String> outside = Set.of(text(lab.clientAddress(family)), text(family.publicAddress()));
        assertThat(withoutDocumented(Judge.judge(atClient.finish(), "", outside))).isEmpty();
        assertThat(Judge.judge(atTarget.finish(), "", Set.of())).isEmpty();
        assertThat(TShark.faults(atClient.finish(), family.publicAddress())).isEmpty();
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dev.baton.e2e.Combination#all")
  void onABadNetworkNoFaultThatADirectConnectionHasNot(Combination combination) throws Exception {
    try (Lab lab = combination.wire()) {
      Ends ends = prepare(combination, lab);
      try (Forwarding _ = lab.forward();
          Impairment _ = Impairment.of(lab.client(), "c0", BAD);
          Impairment _ = Impairment.of(ends.target.namespace(), "t0", BAD);
          WireCapture atClient = WireCapture.start(lab, lab.client(), "c0", "client");
          WireCapture atTarget = WireCapture.start(lab, ends.target.namespace(), "t0", "target")) {
        for (int i = 0; i < TRANSFERS; i++) {
          ends.transfer(i, false);
          ends.transfer(i, true);
        }
        Family family = combination.family();
        compare(atClient.finish(), family.publicAddress(), ends.target.address(family));
        compare(atTarget.finish(), family.clusterAddress(), lab.clientAddress(family));
      }
    }
  }

  /** No kind of fault with the DMZ node at the other end that there is not without it. */
  private static void compare(Path capture, String dmzNode, String direct) throws IOException {
    List<Judge.Finding> ours = withoutDocumented(Judge.judge(capture, text(dmzNode), Set.of()));
    Set<Fault> theirs = kinds(Judge.judge(capture, text(direct), Set.of()));
    System.out.printf(
        "%s: %s with the DMZ node, %s directly%n", capture.getFileName(), kinds(ours), theirs);
    assertThat(ours).filteredOn(finding -> !theirs.contains(finding.fault())).isEmpty();
    Set<String> oursToo = TShark.faults(capture, dmzNode);
    assertThat(oursToo).isSubsetOf(TShark.faults(capture, direct));
  }

  /**
   * Until a segment of the client was translated there is nothing of its clock to echo but 0, which
   * is no measurement to receivers (docs/wire.md).
   */
  private static List<Judge.Finding> withoutDocumented(List<Judge.Finding> findings) {
    List<Judge.Finding> echoes =
        findings.stream().filter(finding -> finding.fault() == Fault.NO_ECHO).toList();
    assertThat(echoes).as("only the first segments of an answer").hasSizeLessThan(100);
    return findings.stream().filter(finding -> finding.fault() != Fault.NO_ECHO).toList();
  }

  private static Set<Fault> kinds(List<Judge.Finding> findings) {
    return findings.stream().map(Judge.Finding::fault).collect(Collectors.toSet());
  }

  /** As the judge writes an address. */
  private static String text(String address) throws UnknownHostException {
    return InetAddress.getByName(address).getHostAddress();
  }

  private record Ends(Lab lab, Curl curl, Target target, String hash) {
    /** A download and an upload. */
    void transfer(int number, boolean direct) {
      Path copy = lab.folder().resolve("www").resolve("copy");
      var down =
          direct ? curl.getDirect(target, "/file", copy) : curl.get(Scene.SITE, "/file", copy);
      assertThat(down.exit()).as("%s", down).isZero();
      assertThat(Content.sha256(copy)).isEqualTo(hash);
      String path = "/up/" + number + direct;
      String file = target.files().resolve("file").toString();
      var up =
          direct
              ? curl.getDirect(target, path, Scene.NOWHERE, "-T", file)
              : curl.get(Scene.SITE, path, Scene.NOWHERE, "-T", file);
      assertThat(up.exit()).as("%s", up).isZero();
      assertThat(Content.sha256(target.files().resolve(path.substring(1)))).isEqualTo(hash);
    }
  }

  private static Ends prepare(Combination combination, Lab lab) {
    List<String> missing = Probe.missing("tcpdump", "tshark", "ethtool");
    assumeTrue(missing.isEmpty(), () -> "missing: " + missing);
    Target target = lab.target(1);
    Nginx.start(lab, target, 80);
    Content.write(target.files().resolve("file"), SIZE, 12);
    combination.start(lab);
    return new Ends(
        lab,
        new Curl(lab, LIMIT, combination.family()),
        target,
        Content.sha256(target.files().resolve("file")));
  }
}

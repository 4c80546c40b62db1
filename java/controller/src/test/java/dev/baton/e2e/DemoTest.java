package dev.baton.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.demo.Demo;
import dev.baton.lab.Probe;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The demo as people run it: hashes, the REDIRECT option in the packets, at least 0.90 of plain
 * forwarding with 1 GiB, no byte through the controller's sockets, no socket of a live flow.
 */
@Tag("namespace")
class DemoTest {
  private static final int MEBIBYTES = 1024;

  @Test
  void everyCheckHolds() {
    List<String> missing =
        Probe.missingForDataPlane("nginx", "curl", "tcpdump", "strace", "ss", "nft");
    assumeTrue(missing.isEmpty(), () -> "missing: " + missing);
    var out = new ByteArrayOutputStream();
    int exit =
        new Demo(new PrintStream(out, true, StandardCharsets.UTF_8), false, MEBIBYTES, false).run();
    assertThat(exit).as(out.toString(StandardCharsets.UTF_8)).isZero();
  }
}

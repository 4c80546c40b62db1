package dev.baton.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.lab.Child;
import dev.baton.lab.Controller;
import dev.baton.lab.Lab;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The real server, asked by dig. */
@Tag("namespace")
class DnsTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  private static final String SETTINGS =
      """
      dns:
        listen: ["10.0.1.1:53", "[fd00:0:0:1::1]:53"]
        name-servers: [ns1.example.net]
      """;

  private static final String CLUSTER =
      """
      nodes:
        - { name: qure-2, address: 10.0.2.2 }
        - { name: far, address: [198.51.100.7, "2001:db8:7::1"], role: public }
      sites:
        - { host: www.example.com, nodes: [qure-2, far] }
      """;

  @Test
  void namesLeadToTheClusterTheyBelongTo() throws Exception {
    try (Lab lab = Lab.open(1)) {
      Controller controller = Controller.create(lab, Controller.standardFile(lab) + SETTINGS);
      controller.apply(CLUSTER);
      List<String> line = controller.commandLine("dns");
      Child server = lab.dmz().start("dns", line.toArray(String[]::new));
      server.awaitLine(text -> text.startsWith("ready dns"), LIMIT);

      assertThat(dig(lab, "10.0.1.1", "www.example.com")).isEqualTo("10.0.1.1");
      assertThat(dig(lab, "fd00:0:0:1::1", "www.example.com", "AAAA")).isEqualTo("fd00:0:0:1::1");
      assertThat(dig(lab, "10.0.1.1", "www.example.com.qure-2.cloud")).isEqualTo("10.0.1.1");
      assertThat(dig(lab, "10.0.1.1", "www.example.com.far.cloud", "+tcp"))
          .isEqualTo("198.51.100.7");
      assertThat(dig(lab, "fd00:0:0:1::1", "www.example.com.far.cloud", "AAAA", "+tcp"))
          .isEqualTo("2001:db8:7::1");
      assertThat(all(lab, "a.www.example.com"))
          .contains("status: NXDOMAIN", "flags: qr aa rd;", "SOA\tns1.example.net.");
      assertThat(all(lab, "www.elsewhere.example")).contains("status: REFUSED");
      assertThat(all(lab, "www.example.com", "+opcode=notify")).contains("status: NOTIMP");

      // A stranger's bytes end nothing, and a change of the directory is followed.
      lab.client().sh("printf 'no query at all, but long enough' | nc -u -w1 10.0.1.1 53 || true");
      lab.client().sh("printf '\\377\\377garbage' | nc -N -w1 10.0.1.1 53 || true");
      controller.apply(CLUSTER + "  - { host: new.example.net, nodes: [qure-2] }\n");
      Scene.await(
          "the new site", LIMIT, () -> dig(lab, "10.0.1.1", "new.example.net").equals("10.0.1.1"));
      assertThat(server.stop(LIMIT)).isTrue();
    }
  }

  private static String dig(Lab lab, String server, String... question) {
    return run(lab, server, "+short", question).strip();
  }

  private static String all(Lab lab, String... question) {
    return run(lab, "10.0.1.1", "+noedns", question);
  }

  private static String run(Lab lab, String server, String how, String... question) {
    return lab.client()
        .sh("dig @%s +tries=1 +time=3 %s %s".formatted(server, how, String.join(" ", question)));
  }
}

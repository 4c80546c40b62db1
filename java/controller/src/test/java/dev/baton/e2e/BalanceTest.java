package dev.baton.e2e;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.lab.Child;
import dev.baton.lab.Content;
import dev.baton.lab.Controller;
import dev.baton.lab.Curl;
import dev.baton.lab.Lab;
import dev.baton.lab.Nginx;
import dev.baton.lab.Target;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which site a host is, and which of three nodes a client or a path gets. */
@Tag("namespace")
@ExtendWith(SceneExtension.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BalanceTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final Pattern NODE = Pattern.compile("\r\nX-Node: (\\S+)\r\n");
  private static final int PATHS = 24;
  private static final int CLIENTS = 12;
  private static final int FIRST_CLIENT = 50;
  private static final int DOWNLOADS = 6;

  private Lab lab;
  private Controller controller;
  private Told told;
  private Curl curl;
  private Path head;

  @BeforeAll
  void open() throws IOException {
    lab = Lab.open(3);
    for (Target target : lab.targets()) {
      Content.write(target.files().resolve("large"), Scene.LARGE, 1);
      for (int i = 0; i < PATHS; i++) {
        Files.writeString(target.files().resolve("p" + i), "here");
      }
      Nginx.start(lab, target, 80);
    }
    controller = Controller.create(lab, Controller.standardFile(lab));
    String one = lab.target(1).name();
    String two = lab.target(2).name();
    String three = lab.target(3).name();
    String all = String.join(", ", one, two, three);
    String sites =
        """
        sites:
          - { host: path.example.com, nodes: [%1$s], balance: hash-path }
          - { host: client.example.com, nodes: [%1$s], balance: hash-client }
          - { host: slow.example.com, nodes: [%2$s, %3$s] }
          - { host: exact.example.org, aliases: [alias.example.net], nodes: [%2$s] }
          - { host: "*.example.org", nodes: [%3$s] }
          - { host: "*.deep.example.org", nodes: [%4$s] }
          - { host: default, nodes: [%4$s] }
        """
            .formatted(all, one, two, three);
    String check = "check: { kind: tcp, interval: 200ms, timeout: 400ms, rise: 1, fall: 2 }";
    controller.apply(
        Controller.standardCluster(lab)
                .replaceFirst("check: .*", check)
                .replaceFirst("(name: %s,)".formatted(two), "$1 slow-start: 1m,")
                .replaceFirst("(?s)sites:.*", "")
            + sites);
    head = lab.folder().resolve("head");
    curl = new Curl(lab, LIMIT);
    told = new Told(controller);
    controller.start();
  }

  @AfterAll
  void close() {
    lab.close();
  }

  private String servedBy(String host, String path, String... options) throws IOException {
    List<String> all = new ArrayList<>(List.of("-D", head.toString()));
    all.addAll(List.of(options));
    Curl.Reply reply = curl.get(host, path, Scene.NOWHERE, all.toArray(String[]::new));
    String text = Files.readString(head, ISO_8859_1);
    Matcher matcher = NODE.matcher(text);
    assertThat(reply.status()).as("%s %s", reply, text).isEqualTo(200);
    assertThat(matcher.find()).as(text).isTrue();
    return matcher.group(1);
  }

  @ParameterizedTest
  @CsvSource({
    "exact.example.org, 1",
    "alias.example.net, 1",
    "EXACT.Example.ORG:80, 1",
    "exact.example.org., 1",
    "a.example.org, 2",
    "a.b.example.org, 2",
    "deep.example.org, 2",
    "a.deep.example.org, 3",
    "a.b.deep.example.org, 3",
    "example.org, 3",
    "nobody.example, 3",
  })
  void whichSiteAHostIs(String host, int node) throws IOException {
    assertThat(servedBy("exact.example.org", "/p0", "-H", "Host: " + host))
        .isEqualTo(lab.target(node).name());
  }

  @Test
  void whoNamesNoHostGetsTheDefaultSite() throws IOException {
    assertThat(servedBy("exact.example.org", "/p0", "--http1.0", "-H", "Host:"))
        .isEqualTo(lab.target(3).name());
  }

  @Test
  void thePathSaysWhichNode() throws IOException {
    Map<String, String> nodes = new TreeMap<>();
    for (int i = 0; i < PATHS; i++) {
      nodes.put("/p" + i, servedBy("path.example.com", "/p" + i));
    }
    assertThat(Set.copyOf(nodes.values())).hasSize(3);
    for (Map.Entry<String, String> each : nodes.entrySet()) {
      for (String query : new String[] {"?a", "?b"}) {
        assertThat(servedBy("path.example.com", each.getKey() + query)).isEqualTo(each.getValue());
      }
    }

    String gone = lab.target(1).name();
    controller.command("node drain", gone).orThrow();
    try {
      for (Map.Entry<String, String> each : nodes.entrySet()) {
        String now = servedBy("path.example.com", each.getKey());
        if (each.getValue().equals(gone)) {
          assertThat(now).isNotEqualTo(gone);
        } else {
          assertThat(now).as("not moved").isEqualTo(each.getValue());
        }
      }
    } finally {
      controller.command("node up", gone).orThrow();
    }
  }

  @Test
  void theClientSaysWhichNode() throws IOException {
    for (int i = 0; i < CLIENTS; i++) {
      lab.client().sh("ip addr add 10.0.1.%d/24 dev c0".formatted(FIRST_CLIENT + i));
    }
    Map<String, String> nodes = new LinkedHashMap<>();
    for (int i = 0; i < CLIENTS; i++) {
      String address = "10.0.1." + (FIRST_CLIENT + i);
      nodes.put(address, servedBy("client.example.com", "/p0", "--interface", address));
    }
    assertThat(Set.copyOf(nodes.values())).hasSizeGreaterThan(1);
    for (Map.Entry<String, String> each : nodes.entrySet()) {
      for (String path : new String[] {"/p1", "/p2"}) {
        assertThat(servedBy("client.example.com", path, "--interface", each.getKey()))
            .isEqualTo(each.getValue());
      }
    }
  }

  /** For the first tenth of a minute it has a tenth of its weight: the other gets ten for one. */
  @Test
  void aNodeThatCameUpStartsSlowly() throws IOException {
    Target young = lab.target(2);
    young
        .namespace()
        .nft(
            """
            table inet deaf {
              chain input { type filter hook input priority 0; tcp dport 80 drop; }
            }
            """);
    try {
      Scene.await("it to be down", LIMIT, () -> !isWell(young));
    } finally {
      young.namespace().sh("nft delete table inet deaf");
    }
    Scene.await("it to be up", LIMIT, () -> isWell(young));
    List<Child> downloads = new ArrayList<>();
    try {
      for (int i = 0; i < DOWNLOADS; i++) {
        String[] line =
            curl.command("slow.example.com", "/large", Scene.NOWHERE, "--limit-rate", "200k", "-v");
        Child each = lab.client().start("slow-" + i, line);
        downloads.add(each);
        assertThat(each.awaitLine(text -> text.startsWith("< X-Node: "), LIMIT))
            .contains(lab.target(1).name());
      }
    } finally {
      downloads.forEach(Child::kill);
    }
  }

  private boolean isWell(Target target) {
    return Boolean.TRUE.equals(told.node(target.name()).get("well"));
  }
}

package dev.baton.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.baton.address.Ip;
import dev.baton.config.ConfigException;
import java.net.InetAddress;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClusterFileTest {
  private static final String FILE =
      """
      nodes:
        - { name: qure-2, address: 10.0.2.11, port: 80 }
        - { name: qure-3, address: 10.0.2.12 }
      sites:
        - { host: www.example.com, nodes: [qure-2] }
        - { host: "*.example.org", nodes: [qure-3, qure-2] }
      """;

  @Test
  void theContractsFileIsRead() {
    ClusterFile file = ClusterFile.parse("cluster.yaml", FILE);
    Node two =
        new Node(
            "qure-2", List.of(Ip.of(InetAddress.ofLiteral("10.0.2.11"))), 80, Node.State.UP, 1);
    Node three =
        new Node(
            "qure-3", List.of(Ip.of(InetAddress.ofLiteral("10.0.2.12"))), 80, Node.State.UP, 1);
    assertThat(file.nodes()).containsExactly(two, three);
    assertThat(file.sites())
        .containsExactly(
            whole("www.example.com", "qure-2"), whole("*.example.org", "qure-3", "qure-2"));
    assertThat(file.stateless()).containsExactlyInAnyOrder("qure-2", "qure-3");
    assertThat(file.groups()).isEmpty();
  }

  @Test
  void hostsAreNormalisedLikeThoseOfRequests() {
    ClusterFile file =
        ClusterFile.parse(
            "cluster.yaml",
            """
            nodes: [{ name: a, address: 10.0.0.1, port: 8080, state: draining, weight: 7 }]
            sites:
              - { host: WWW.Example.COM., nodes: [a] }
              - { host: münchen.de, nodes: [a] }
              - { host: "*.MÜNCHEN.de", nodes: [a] }
              - { host: "[2001:DB8::0:1]", nodes: [a] }
              - { host: default, nodes: [a] }
            """);
    assertThat(file.sites())
        .extracting(SiteSpec::host)
        .containsExactly(
            "www.example.com",
            "xn--mnchen-3ya.de",
            "*.xn--mnchen-3ya.de",
            "[2001:db8::1]",
            "default");
    assertThat(file.nodes())
        .containsExactly(
            new Node(
                "a",
                List.of(Ip.of(InetAddress.ofLiteral("10.0.0.1"))),
                8080,
                Node.State.DRAINING,
                7));
  }

  @Test
  void whatServersAreToldAndWhereClientsAreSentIsRead() {
    ClusterFile file =
        ClusterFile.parse(
            "cluster.yaml",
            """
            nodes:
              - { name: a, address: 10.0.0.1, client-address: proxy-v1 }
              - { name: b, address: 10.0.0.2, client-address: proxy-v2 }
              - { name: c, address: 10.0.0.3, client-address: none }
              - { name: d, address: 10.0.0.4, client-address: option }
              - { name: e, address: 10.0.0.5 }
            sites:
              - { host: one.example, nodes: [a], redirect-to-https: true }
              - { host: two.example, nodes: [a], redirect-to-https: 8443 }
              - { host: three.example, nodes: [a], redirect-to-https: false }
              - { host: four.example, nodes: [a] }
            """);
    assertThat(file.nodes())
        .extracting(Node::clientAddress)
        .containsExactly(
            ClientAddress.PROXY_V1,
            ClientAddress.PROXY_V2,
            ClientAddress.NONE,
            ClientAddress.OPTION,
            ClientAddress.OPTION);
    assertThat(file.sites()).extracting(SiteSpec::httpsPort).containsExactly(443, 8443, 0, 0);
  }

  @ParameterizedTest(name = "{0} instead of {1}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          name: qure-2, tls-port: 0 | name: qure-2  | 2: nodes[0].tls-port: expected a port, 1 to 65535, found "0"
          name: qure-2, weight: 0 | name: qure-2    | 2: nodes[0].weight: expected a weight, 1 to 1000, found "0"
          name: qure-2, client-address: v1 | name: qure-2 | 2: nodes[0].client-address: expected one of option, proxy-v1, proxy-v2, none, found "v1"
          nodes: [qure-2], redirect-to-https: 0 | nodes: [qure-2] | 5: sites[0].redirect-to-https: expected true, false or a port, 1 to 65535, found "0"
          name: qure-2, state: on | name: qure-2    | 2: nodes[0].state: expected up, draining or down, found "on"
          name: qure-2            | name: qure-3    | 3: nodes[1].name: expected once, found again: qure-2
          name: Qure              | name: qure-3    | 3: nodes[1].name: expected a node's name
          address: node.example   | address: 10.0.2.12 | 3: nodes[1].address: expected an address such as
          address: 127.0.0.1      | address: 10.0.2.12 | 3: nodes[1].address: expected the address of one host in the network, found "127.0.0.1"
          address: ["ff02::1"]    | address: 10.0.2.12 | 3: nodes[1].address[0]: expected the address of one host in the network, found "ff02::1"
          address: [10.0.0.1, 10.0.0.2] | address: 10.0.2.12 | 3: nodes[1].address: expected at most one address of each family
          port: 70000             | port: 80        | 2: nodes[0].port: expected a port, 1 to 65535, found "70000"
          nodes: [qure-4]         | nodes: [qure-2] | 5: sites[0].nodes: expected a node named above, found "qure-4"
          nodes: []               | nodes: [qure-2] | 5: sites[0].nodes: expected a list that is not empty
          nodes: [qure-2, qure-2] | nodes: [qure-2] | 5: sites[0].nodes: expected each node once, found again: qure-2
          host: "a b"             | host: www.example.com | 5: sites[0].host: expected a host such as www.example.org, "*.example.org" or default, found "a b"
          host: a.example:80      | host: www.example.com | 5: sites[0].host: expected a host
          host: "a.*.example"     | host: www.example.com | 5: sites[0].host: expected a host
          host: "*"               | host: www.example.com | 5: sites[0].host: expected a host
          host: "*.10.0.0.1"      | host: www.example.com | 5: sites[0].host: expected a host
          host: Default           | host: www.example.com | 5: sites[0].host: expected a host
          host: www.EXAMPLE.com   | host: "*.example.org" | 6: sites[1].host: expected once, found again: www.example.com
          site: www.example.com   | host: www.example.com | 5: sites[0].host: missing, expected a host
          """)
  void whatIsWrongIsToldWithItsLine(String wrong, String right, String problem) {
    assertThat(FILE).contains(right);
    assertThat(problems(FILE.replace(right, wrong)))
        .anySatisfy(line -> assertThat(line).startsWith("cluster.yaml:" + problem));
  }

  @Test
  void aClusterWithoutSitesOrNodesSaysSo() {
    assertThat(problems("nodes:\n"))
        .containsExactly(
            "cluster.yaml:1: nodes: expected a list that is not empty: name, address and port",
            "cluster.yaml:1: sites: missing, expected host and nodes");
    assertThat(ClusterFile.parse("cluster.yaml", "nodes: []\nsites: []\n").sites()).isEmpty();
  }

  @Test
  void hundredThousandSitesAreAFileLikeAnyOther() {
    StringBuilder text = new StringBuilder("nodes: [{ name: a, address: 10.0.0.1 }]\nsites:\n");
    for (int i = 0; i < 100_000; i++) {
      text.append("  - { host: customer-").append(i).append(".example.com, nodes: [a] }\n");
    }
    assertThat(ClusterFile.parse("cluster.yaml", text.toString()).sites()).hasSize(100_000);
  }

  private static final String PARTS =
      """
      check: { kind: tcp, interval: 5s }
      nodes:
        - { name: a, address: 10.0.0.1, role: backup, max-flows: 9, queue: 0, queue-time: 2s, slow-start: 1m }
        - { name: b, address: 10.0.0.2, check: { kind: http, path: /up, status: 204, rise: 1 } }
        - { name: p, address: 10.0.0.3, role: public }
      groups:
        - { name: g1, nodes: [a, b] }
        - { name: g2, nodes: [p] }
      sites:
        - host: big.example
          aliases: [www.big.example, "*.big.example"]
          balance: hash-path
          keep-alive: close
          copies: deployed
          parts:
            - { path: /, group: g1 }
            - { path: /videos/, group: g2 }
            - { path: /big.bin, range: 100-299, group: g2 }
            - { path: /big.bin, range: 0-99, group: g1 }
        - { host: g.example, group: g1 }
        - { host: p.example, group: g2 }
      """;

  @Test
  void groupsPartsAndChecksAreRead() {
    ClusterFile file = ClusterFile.parse("cluster.yaml", PARTS);
    assertThat(file.nodes())
        .extracting(Node::toString)
        .containsExactly(
            "10.0.0.1:80 up weight 1 backup max-flows 9 queue 0 queue-time 2s slow-start 1m"
                + " check tcp interval 5s timeout 1s rise 2 fall 3",
            "10.0.0.2:80 up weight 1 check http /up 204-204 interval 2s timeout 1s rise 1 fall 3",
            "10.0.0.3:80 up weight 1 public check tcp interval 5s timeout 1s rise 2 fall 3");
    assertThat(file.groups())
        .extracting(Group::nodes)
        .containsExactly(List.of("a", "b"), List.of("p"));
    assertThat(file.sites())
        .extracting(SiteSpec::text)
        .containsExactly(
            "/ -> group g1; /big.bin 0-99 -> group g1; /big.bin 100-299 -> group g2;"
                + " /videos/ -> group g2; aliases *.big.example, www.big.example;"
                + " balance hash-path; keep-alive close; copies deployed",
            "group g1",
            "group g2");
  }

  @ParameterizedTest(name = "{0} instead of {1}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          range: 99-299   | range: 100-299  | 18: sites[0].parts[2].range: expected to begin at 100, found 99-299: it overlaps another
          range: 101-299  | range: 100-299  | 18: sites[0].parts[2].range: expected to begin at 100, found 101-299: a gap before it
          range: 1-99     | range: 0-99     | 19: sites[0].parts[3].range: expected to begin at 0, found 1-99: a gap before it
          range: 99-0     | range: 0-99     | 19: sites[0].parts[3].range: expected a range of bytes
          path: /videos/  | path: /big.bin, range: 0-99 | 19: sites[0].parts[3].path: expected once, found again: /videos/
          path: /big.bin/, range: 100-299 | path: /big.bin, range: 100-299 | 18: sites[0].parts[2].path: expected the path of one file for a range
          path: /big.bin, group | path: /videos/, group | 17: sites[0].parts[1].path: expected a range, as other parts of /big.bin have one
          path: videos/   | path: /videos/  | 17: sites[0].parts[1].path: expected a path that begins with "/"
          path: /a/../b   | path: /videos/  | 17: sites[0].parts[1].path: expected a path
          path: /a%41     | path: /videos/  | 17: sites[0].parts[1].path: expected a path
          path: "/a?b"    | path: /videos/  | 17: sites[0].parts[1].path: expected a path
          group: g3 }     | group: g2 }     | 17: sites[0].parts[1].group: expected a group named above, found "g3"
          nodes: [a, c]   | nodes: [a, b]   | 7: groups[0].nodes: expected a node named above, found "c"
          nodes: [a, a]   | nodes: [a, b]   | 7: groups[0].nodes: expected each node once, found again: a
          nodes: []       | nodes: [a, b]   | 7: groups[0].nodes: expected a list that is not empty
          name: g1, nodes: [p] | name: g2, nodes: [p] | 8: groups[1].name: expected once, found again: g1
          [g.example]     | [www.big.example, "*.big.example"] | 20: sites[1].host: expected once, found again: g.example
          [a.example, a.example] | [www.big.example, "*.big.example"] | 11: sites[0].aliases: expected once, found again: a.example
          g.example, group: g1, nodes: [a] | g.example, group: g1 | 20: sites[1].nodes: expected exactly one of nodes, group and parts
          p.example | p.example, group: g2 | 21: sites[2].nodes: missing, expected nodes, group or parts
          balance: best   | balance: hash-path | 12: sites[0].balance: expected least-flows, hash-client or hash-path, found "best"
          keep-alive: yes | keep-alive: close | 13: sites[0].keep-alive: expected reuse or close
          copies: none    | copies: deployed | 14: sites[0].copies: expected assumed or deployed
          role: far       | role: backup    | 3: nodes[0].role: expected local, backup or public, found "far"
          status: 600     | status: 204     | 4: nodes[1].check.status: expected a status
          status: 300-200 | status: 204     | 4: nodes[1].check.status: expected a status
          kind: ping      | kind: tcp       | 1: check.kind: expected none, tcp, http or tls, found "ping"
          """)
  void aPartThatCannotBeIsToldWithItsLine(String wrong, String right, String problem) {
    String text = PARTS.replaceFirst(Pattern.quote(right), wrong);
    assertThat(text).isNotEqualTo(PARTS);
    assertThat(problems(text))
        .anySatisfy(line -> assertThat(line).startsWith("cluster.yaml:" + problem));
  }

  @Test
  void besideTlsThereAreNoPartsAndNoSitesThatAreOnlyElsewhere() {
    ConfigException e =
        catchThrowableOfType(
            ConfigException.class, () -> ClusterFile.parse("cluster.yaml", PARTS, true));
    assertThat(e.problems())
        .containsExactly(
            "cluster.yaml:15: sites[0].parts: " + SiteRules.NO_PARTS_WITH_TLS,
            "cluster.yaml:21: sites[2].group: " + SiteRules.NO_REDIRECT_WITH_TLS);
    assertThat(SiteRules.NO_REDIRECT_WITH_TLS).contains("no redirect without the key");
  }

  private static SiteSpec whole(String host, String... nodes) {
    return new SiteSpec(
        host,
        List.of(),
        List.of(PartSpec.whole("", List.of(nodes))),
        Dataset.Balance.LEAST_FLOWS,
        Dataset.KeepAlive.REUSE,
        true,
        0);
  }

  private static List<String> problems(String text) {
    ConfigException e =
        catchThrowableOfType(ConfigException.class, () -> ClusterFile.parse("cluster.yaml", text));
    assertThat(e).as("nothing was refused").isNotNull();
    return e.problems();
  }
}

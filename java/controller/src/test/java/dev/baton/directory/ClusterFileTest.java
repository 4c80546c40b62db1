package dev.baton.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.baton.address.Ip;
import dev.baton.config.ConfigException;
import java.net.InetAddress;
import java.util.List;
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
            new Site("www.example.com", List.of(two)),
            new Site("*.example.org", List.of(three, two)));
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
        .extracting(Site::host)
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
    assertThat(file.sites()).extracting(Site::httpsPort).containsExactly(443, 8443, 0, 0);
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
  void aClusterWithoutSitesOrNodesIsAMistake() {
    assertThat(problems("nodes: []\n"))
        .containsExactly(
            "cluster.yaml:1: nodes: expected a list that is not empty: name, address and port",
            "cluster.yaml:1: sites: missing, expected host and nodes");
  }

  @Test
  void hundredThousandSitesAreAFileLikeAnyOther() {
    StringBuilder text = new StringBuilder("nodes: [{ name: a, address: 10.0.0.1 }]\nsites:\n");
    for (int i = 0; i < 100_000; i++) {
      text.append("  - { host: customer-").append(i).append(".example.com, nodes: [a] }\n");
    }
    assertThat(ClusterFile.parse("cluster.yaml", text.toString()).sites()).hasSize(100_000);
  }

  private static List<String> problems(String text) {
    ConfigException e =
        catchThrowableOfType(ConfigException.class, () -> ClusterFile.parse("cluster.yaml", text));
    assertThat(e).as("nothing was refused").isNotNull();
    return e.problems();
  }
}

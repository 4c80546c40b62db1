package dev.baton.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.baton.address.Ip;
import dev.baton.http.ErrorPages;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BatonConfigTest {
  private static final String WHOLE =
      """
      # baton.yaml
      node: qure-1                       # this DMZ node's name
      cluster-domain: cloud
      listen:
        - { address: 10.0.1.1, port: 80, protocol: http }
      interfaces: { public: d0, cluster: d1 }      # may be the same interface
      cluster-address: [10.0.2.1]        # the DMZ node's own addresses towards targets
      source-ports: 10000-32767          # ports of the target leg
      data-plane: tc                     # tc | xdp | xdp-generic | auto
      directory: sqlite:/var/lib/baton/directory.db
      pin-path: /sys/fs/bpf/baton
      admin: 127.0.0.1:9180
      """;

  private static final String LEAST =
      """
      node: qure-1
      listen: [{ address: 10.0.1.1, port: 80 }]
      interfaces: { public: d0, cluster: d0 }
      cluster-address: [10.0.2.1]
      """;

  @Test
  void theContractsFileIsRead() {
    BatonConfig config = BatonConfig.parse("baton.yaml", WHOLE);
    assertThat(config.node()).isEqualTo("qure-1");
    assertThat(config.clusterDomain()).isEqualTo("cloud");
    assertThat(config.listen())
        .containsExactly(new Listen(Ip.of(InetAddress.ofLiteral("10.0.1.1")), 80, Protocol.HTTP));
    assertThat(config.interfaces()).isEqualTo(new Interfaces("d0", "d1"));
    assertThat(config.clusterAddresses()).containsExactly(Ip.of(InetAddress.ofLiteral("10.0.2.1")));
    assertThat(config.sourcePorts()).isEqualTo(new PortRange(10_000, 32_767));
    assertThat(config.sourcePorts().size()).isEqualTo(22_768);
    assertThat(config.dataPlane()).isEqualTo(DataPlane.TC);
    assertThat(config.directory()).isEqualTo("sqlite:/var/lib/baton/directory.db");
    assertThat(config.pinPath()).isEqualTo(Path.of("/sys/fs/bpf/baton"));
    assertThat(config.admin())
        .isEqualTo(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 9180));
  }

  @Test
  void whatMayBeLeftOutHasTheContractsDefaults() {
    BatonConfig least = BatonConfig.parse("baton.yaml", LEAST);
    BatonConfig whole =
        BatonConfig.parse("baton.yaml", WHOLE.replace("cluster: d1", "cluster: d0"));
    assertThat(least).isEqualTo(whole);
    assertThat(least.limits()).isEqualTo(new Limits(524_288, 20_000, 16_384, 1024, 256));
    assertThat(least.timeouts().idle()).isEqualTo(Duration.ofHours(2).plusMinutes(15));
    assertThat(least.notrack()).isTrue();
    assertThat(least.eventLoops()).isBetween(1, 64);
  }

  @Test
  void aListenersFrontProxiesAndBacklogAreRead() {
    String plain = "port: 80 }";
    String listener = "port: 80%s }";
    assertThat(LEAST).contains(plain);
    BatonConfig one =
        BatonConfig.parse(
            "baton.yaml",
            LEAST.replace(plain, listener.formatted(", accept-proxy: 10.9.0.0/24, backlog: 17")));
    assertThat(one.listen().getFirst().backlog()).isEqualTo(17);
    assertThat(one.listen().getFirst().acceptProxy()).hasToString("[10.9.0.0/24]");
    String many = ", accept-proxy: [10.9.0.7, \"fd00::/16\"]";
    Listen two =
        BatonConfig.parse("baton.yaml", LEAST.replace(plain, listener.formatted(many)))
            .listen()
            .getFirst();
    assertThat(two.acceptProxy()).hasToString("[10.9.0.7/32, fd00::/16]");
    assertThat(two.isFrontProxy(Ip.of(InetAddress.ofLiteral("fd00:1::1")))).isTrue();
    assertThat(two.isFrontProxy(Ip.of(InetAddress.ofLiteral("10.9.0.8")))).isFalse();
    for (String wrong : List.of("10.9.0.1/24", "10.9.0.0/33", "[]", "\"::ffff:10.0.0.1\"", "a/8")) {
      assertThat(problems(LEAST.replace(plain, listener.formatted(", accept-proxy: " + wrong))))
          .singleElement()
          .asString()
          .contains("listen[0].accept-proxy", "expected a");
    }
  }

  @Test
  void errorPagesAreReadAndChecked(@TempDir Path folder) throws IOException {
    Path good = Files.writeString(folder.resolve("good.html"), "<p>{{status}}</p>");
    Path text = Files.writeString(folder.resolve("good.txt"), "{{detail}}");
    Path bad = Files.writeString(folder.resolve("bad.html"), "{{nothing}}");
    String pages = "error-pages: { default: [%s, %s], 404: %s }\n";
    BatonConfig config = BatonConfig.parse("baton.yaml", LEAST + pages.formatted(good, text, good));
    assertThat(config.errorPages()).isNotEqualTo(ErrorPages.builtIn());
    assertThatThrownBy(() ->
            BatonConfig.parse(
                "baton.yaml", LEAST + pages.formatted(bad, folder.resolve("none.txt"), folder)))
        .hasMessageContaining("error-pages.default[0]: expected one of status, title,")
        .hasMessageContaining("error-pages.default[1]: expected a file, found none at ")
        .hasMessageContaining("error-pages.404: expected the path of a file, from the root,");
    assertThatThrownBy(
            () -> BatonConfig.parse("baton.yaml", LEAST + "error-pages: { 200: " + good + " }\n"))
        .hasMessageContaining("error-pages.200: unknown key");
  }

  @Test
  void everyOptionalKeyIsRead() {
    BatonConfig config =
        BatonConfig.parse(
            "baton.yaml",
            LEAST
                + """
                event-loops: 3
                notrack: false
                max-flows: 1024
                max-connections: 7
                head-limit: 65536
                head-timeout: 500ms
                syn-timeout: 2s
                replay-timeout: 3s
                linger: 4s
                linger-reset: 5s
                idle-timeout: 1h1m1s1ms
                half-open-timeout: 6s
                shutdown-timeout: 0s
                first-byte-timeout: 7s
                max-connections-per-client: 9
                max-assembled-answers: 11
                piece-timeout: 8s
                stalled-timeout: 9s
                lists: /etc/baton/../lists
                """);
    assertThat(config.eventLoops()).isEqualTo(3);
    assertThat(config.notrack()).isFalse();
    assertThat(config.limits()).isEqualTo(new Limits(1024, 7, 65_536, 9, 11));
    assertThat(config.timeouts())
        .isEqualTo(
            new Timeouts(
                Duration.ofMillis(500),
                Duration.ofSeconds(2),
                Duration.ofSeconds(3),
                Duration.ofSeconds(4),
                Duration.ofSeconds(5),
                Duration.ofMillis(3_661_001),
                Duration.ofSeconds(6),
                Duration.ZERO,
                Duration.ofSeconds(7),
                Duration.ofSeconds(8),
                Duration.ofSeconds(9)));
    assertThat(config.lists()).contains(Path.of("/etc/lists"));
  }

  @ParameterizedTest(name = "{0} instead of {1}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          node: Qure_1        | node: qure-1        | 1: node: expected a node's name: at most 63 of a-z, 0-9 and -, no - at either end, found "Qure_1"
          node:               | node: qure-1        | 1: node: expected a node's name: at most 63 of a-z, 0-9 and -, no - at either end
          nodes: qure-1       | node: qure-1        | 1: nodes: unknown key, expected one of
          port: 0             | port: 80            | 2: listen[0].port: expected a port, 1 to 65535, found "0"
          port: 65536         | port: 80            | 2: listen[0].port: expected a port, 1 to 65535, found "65536"
          port: http          | port: 80            | 2: listen[0].port: expected a port, 1 to 65535, found "http"
          port: 080x          | port: 80            | 2: listen[0].port: expected a port, 1 to 65535, found "080x"
          port: 80, prot: a   | port: 80            | 2: listen[0].prot: unknown key, expected one of accept-proxy, address, backlog, port, protocol, without-sni
          port: 80, port: 81  | port: 80            | 2: listen[0].port: expected once, first given in line 2
          port: 80, without-sni: refuse | port: 80  | 2: listen[0].without-sni: expected only where the protocol is tls or auto
          port: 80, protocol: tls, without-sni: no | port: 80 | 2: listen[0].without-sni: expected default or refuse, found "no"
          port: 80, protocol: spdy | port: 80       | 2: listen[0].protocol: expected http, tls or auto, found "spdy"
          address: "::ffff:10.0.1.1" | address: 10.0.1.1   | 2: listen[0].address: expected an address such as 10.0.1.1 or "fd00::1", found "::ffff:10.0.1.1"
          address: "fe80::1"  | address: 10.0.1.1   | 2: listen[0].address: a link-local address is none without its interface, expected another, found "fe80::1"
          address: 10.0.1     | address: 10.0.1.1   | 2: listen[0].address: expected an address such as 10.0.1.1 or "fd00::1", found "10.0.1"
          address: 10.0.1.256 | address: 10.0.1.1   | 2: listen[0].address: expected an address such as 10.0.1.1 or "fd00::1", found "10.0.1.256"
          address: 10.0.1.01  | address: 10.0.1.1   | 2: listen[0].address: expected an address such as 10.0.1.1 or "fd00::1", found "10.0.1.01"
          address: localhost  | address: 10.0.1.1   | 2: listen[0].address: expected an address such as 10.0.1.1 or "fd00::1", found "localhost"
          listen: []          | listen: [{ address: 10.0.1.1, port: 80 }] | 2: listen: expected a list that is not empty: address, port and protocol
          listen: [7]         | listen: [{ address: 10.0.1.1, port: 80 }] | 2: listen[0]: expected address, port and protocol
          public: a/b         | public: d0          | 3: interfaces.public: expected a network interface's name, at most 15 bytes, found "a/b"
          public: a234567890123456 | public: d0     | 3: interfaces.public: expected a network interface's name, at most 15 bytes, found "a234567890123456"
          { cluster: d0 }     | { public: d0, cluster: d0 } | 3: interfaces.public: missing, expected a network interface's name
          interfaces: d0      | interfaces: { public: d0, cluster: d0 } | 3: interfaces: expected public and cluster
          cluster-address: 10.0.2.1     | cluster-address: [10.0.2.1] | 4: cluster-address: expected a list that is not empty: a list, each an address such as 10.0.1.1
          cluster-address: ["fe80::1%eth0"] | cluster-address: [10.0.2.1] | 4: cluster-address[0]: expected an address such as 10.0.1.1 or "fd00::1", found "fe80::1%eth0"
          cluster-address: [0.0.0.0]    | cluster-address: [10.0.2.1] | 4: cluster-address[0]: expected the address of one host in the network, found "0.0.0.0"
          cluster-address: ["::1"]      | cluster-address: [10.0.2.1] | 4: cluster-address[0]: expected the address of one host in the network, found "::1"
          cluster-address: [255.255.255.255] | cluster-address: [10.0.2.1] | 4: cluster-address[0]: expected the address of one host in the network, found "255.255.255.255"
          cluster-address: [10.0.2.1, 10.0.2.1] | cluster-address: [10.0.2.1] | 4: cluster-address: expected each address only once
          """)
  void whatIsWrongIsToldWithItsLine(String wrong, String right, String problem) {
    assertThat(LEAST).contains(right);
    assertThat(problems(LEAST.replace(right, wrong)))
        .anySatisfy(line -> assertThat(line).startsWith("baton.yaml:" + problem));
  }

  @ParameterizedTest(name = "{0}: {1}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          source-ports    | 80-100      | expected two ports such as 10000-32767, 1024 to 65535, found "80-100"
          source-ports    | 20000-10000 | expected two ports such as 10000-32767, 1024 to 65535, found "20000-10000"
          source-ports    | 20000       | expected two ports such as 10000-32767, 1024 to 65535, found "20000"
          data-plane      | netfilter   | expected tc, xdp, xdp-generic or auto, found "netfilter"
          directory       | etcd:/x     | expected sqlite: and a path from the root, found "etcd:/x"
          directory       | sqlite:x.db | expected sqlite: and a path from the root, found "sqlite:x.db"
          directory       | sqlite:/    | expected sqlite: and a path from the root, found "sqlite:/"
          directory       | "sqlite:/a\\0" | expected sqlite: and a path from the root, found "sqlite:/a
          pin-path        | baton       | expected a path from the root, found "baton"
          pin-path        | /sys/fs/bpf/a.b | below /sys/fs/bpf the kernel keeps names with a dot for itself, expected another, found "/sys/fs/bpf/a.b"
          admin           | 9180        | expected an address and a port such as 127.0.0.1:9180 or "[::1]:9180", found "9180"
          admin           | "::1:80"    | expected an address and a port such as 127.0.0.1:9180 or "[::1]:9180", found "::1:80"
          cluster-domain  | a..b        | expected a domain name such as cloud, found "a..b"
          cluster-domain  | 10.0.0.1    | expected a domain name such as cloud, found "10.0.0.1"
          event-loops     | 65          | expected a number of threads, 1 to 64, found "65"
          max-flows       | 1023        | expected a number of entries, 1024 to 16777216, found "1023"
          head-limit      | 65537       | expected a number of bytes, 1024 to 65536, found "65537"
          head-timeout    | 10          | expected a duration such as 500ms, 10s or 2h15m, from 100ms to 10m, found "10"
          head-timeout    | ""          | expected a duration such as 500ms, 10s or 2h15m, from 100ms to 10m, found ""
          head-timeout    | 1s1h        | expected a duration such as 500ms, 10s or 2h15m, from 100ms to 10m, found "1s1h"
          head-timeout    | -1s         | expected a duration such as 500ms, 10s or 2h15m, from 100ms to 10m, found "-1s"
          shutdown-timeout | 4001ms     | expected a duration such as 500ms, 10s or 2h15m, from 0s to 4s, found "4001ms"
          notrack         | yes         | expected true or false, found "yes"
          colour          | red         | unknown key, expected one of
          """)
  void whatMayBeLeftOutIsCheckedWhereItIsGiven(String key, String value, String problem) {
    assertThat(problems(LEAST + key + ": " + value + "\n"))
        .singleElement()
        .asString()
        .startsWith("baton.yaml:5: " + key + ": " + problem);
  }

  @Test
  void docsNameEveryKeyWithItsDefault() throws IOException {
    Map<String, String> defaults = new TreeMap<>();
    Matcher row =
        Pattern.compile("(?m)^\\| `([a-z-]+)` \\| (?:`([^`]+)` |[a-z]+ |)\\|")
            .matcher(Files.readString(Path.of("..", "..", "docs", "configuration.md")));
    while (row.find()) {
      defaults.put(row.group(1), Objects.requireNonNullElse(row.group(2), ""));
    }
    assertThat(problems(LEAST + "colour: red\n"))
        .singleElement()
        .asString()
        .endsWith("expected one of " + String.join(", ", defaults.keySet()));
    BatonConfig least = BatonConfig.parse("baton.yaml", LEAST);
    defaults.forEach((key, value) -> {
      if (!value.isEmpty()) {
        assertThat(BatonConfig.parse("baton.yaml", LEAST + key + ": " + value + "\n"))
            .as(key)
            .isEqualTo(least);
      }
    });
  }

  @Test
  void oneRunTellsAllProblemsInTheOrderOfTheFile() {
    List<String> problems =
        problems(
            """
            node: A
            listen:
              - { address: 10.0.1.1, port: 80 }
              - { address: 10.0.1.1, port: 80 }
            cluster-address: [x, 10.0.2.1]
            colour: red
            """);
    assertThat(problems)
        .satisfiesExactly(
            line -> assertThat(line).startsWith("baton.yaml:1: node: expected"),
            line -> assertThat(line).startsWith("baton.yaml:1: interfaces: missing"),
            line ->
                assertThat(line)
                    .isEqualTo(
                        "baton.yaml:4: listen[1].address: expected once,"
                            + " found again: 10.0.1.1:80"),
            line -> assertThat(line).startsWith("baton.yaml:5: cluster-address[0]: expected"),
            line -> assertThat(line).startsWith("baton.yaml:6: colour: unknown key"));
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          an unclosed list      | a: [1      | baton.yaml:1: (syntax): expected YAML:
          a tab as indentation  | a:\\n\\tb: 1 | baton.yaml:2: (syntax): expected YAML:
          a list at the top     | - 1        | baton.yaml:1: (file): expected keys and values at the top
          nothing but a comment | # nothing  | baton.yaml:1: (file): expected keys and values at the top
          two documents         | a: 1\\n---\\nb: 2 | baton.yaml:2: (syntax): expected YAML:
          """)
  void whatIsNoMappingIsRefused(String name, String text, String problem) {
    assertThat(problems(text.replace("\\n", "\n").replace("\\t", "\t")))
        .as(name)
        .singleElement()
        .asString()
        .startsWith(problem)
        .doesNotContain("\n");
  }

  @Test
  void eachEventLoopHasAPort() {
    String two = LEAST + "source-ports: 20000-20001\n";
    assertThat(BatonConfig.parse("baton.yaml", two).eventLoops()).isBetween(1, 2);
    assertThat(BatonConfig.parse("baton.yaml", two + "event-loops: 2\n").eventLoops()).isEqualTo(2);
    assertThat(problems(two + "event-loops: 3\n"))
        .containsExactly(
            "baton.yaml:6: event-loops: expected at most one for each of the source-ports, 20000-20001");
  }

  @Test
  void nestingWithoutEndIsToldNotThrown() {
    assertThat(problems("a: " + "[".repeat(200_000)))
        .singleElement()
        .asString()
        .startsWith("baton.yaml:1: (syntax): expected YAML: ");
  }

  @Test
  void aFileThatIsNotThereIsNamed() {
    assertThatThrownBy(() -> BatonConfig.load(Path.of("/nowhere/baton.yaml")))
        .isInstanceOf(ConfigException.class)
        .hasMessage("/nowhere/baton.yaml: cannot be read: no such file");
  }

  @Test
  void durationsAreWrittenAsTheyAreRead() {
    Scalar<Duration> any = Scalars.duration(Duration.ZERO, Duration.ofDays(7));
    for (String text : List.of("0s", "500ms", "10s", "2h15m", "1h1m1s1ms", "168h")) {
      assertThat(Scalars.text(any.read().apply(text))).isEqualTo(text);
    }
  }

  private static List<String> problems(String text) {
    ConfigException e =
        catchThrowableOfType(ConfigException.class, () -> BatonConfig.parse("baton.yaml", text));
    assertThat(e).as("nothing was refused").isNotNull();
    return e.problems();
  }
}

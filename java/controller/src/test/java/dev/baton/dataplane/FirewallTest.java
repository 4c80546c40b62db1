package dev.baton.dataplane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.config.BatonConfig;
import dev.baton.testing.OwnNetwork;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

class FirewallTest {
  private static final String ONE = "{ address: 192.0.2.1, port: 80 }";
  private static final String TWO = ONE + ", { address: 192.0.2.2, port: 8080 }";
  private static final String BOTH = ONE + ", { address: \"2001:db8::1\", port: 80 }";
  private static final String ANY_OF_BOTH = "{ address: \"::\", port: 80 }";
  private static final String ANY = "{ address: 0.0.0.0, port: 80 }";

  private static BatonConfig config(String listen, String clusterAddresses) {
    return BatonConfig.parse(
        "baton.yaml",
        """
        node: qure-1
        listen: [%s]
        interfaces: { public: d0, cluster: d1 }
        cluster-address: [%s]
        source-ports: 10000-32767
        """
            .formatted(listen, clusterAddresses));
  }

  @Test
  void oneListenerAndOneClusterAddress() {
    assertThat(Firewall.rules(config(ONE, "10.0.2.1")))
        .isEqualTo(
            """
            add table inet baton
            delete table inet baton
            table inet baton {
              chain prerouting {
                type filter hook prerouting priority raw; policy accept;
                ip daddr 192.0.2.1 tcp dport 80 notrack
                ip daddr 10.0.2.1 tcp dport 10000-32767 notrack
              }
              chain output {
                type filter hook output priority raw; policy accept;
                ip saddr 192.0.2.1 tcp sport 80 notrack
                ip saddr 10.0.2.1 tcp sport 10000-32767 notrack
              }
            }
            """);
  }

  @Test
  void eachListenerAndClusterAddressHasItsPairOfRules() {
    assertThat(Firewall.rules(config(TWO, "10.0.2.1, 10.0.2.9")).lines().map(String::strip))
        .filteredOn(line -> line.endsWith("notrack"))
        .containsExactly(
            "ip daddr 192.0.2.1 tcp dport 80 notrack",
            "ip daddr 192.0.2.2 tcp dport 8080 notrack",
            "ip daddr 10.0.2.1 tcp dport 10000-32767 notrack",
            "ip daddr 10.0.2.9 tcp dport 10000-32767 notrack",
            "ip saddr 192.0.2.1 tcp sport 80 notrack",
            "ip saddr 192.0.2.2 tcp sport 8080 notrack",
            "ip saddr 10.0.2.1 tcp sport 10000-32767 notrack",
            "ip saddr 10.0.2.9 tcp sport 10000-32767 notrack");
  }

  @Test
  void eachFamilyIsNamed() {
    assertThat(Firewall.rules(config(BOTH, "10.0.2.1, \"fd00::1\"")).lines().map(String::strip))
        .filteredOn(line -> line.endsWith("notrack"))
        .containsExactly(
            "ip daddr 192.0.2.1 tcp dport 80 notrack",
            "ip6 daddr 2001:db8::1 tcp dport 80 notrack",
            "ip daddr 10.0.2.1 tcp dport 10000-32767 notrack",
            "ip6 daddr fd00::1 tcp dport 10000-32767 notrack",
            "ip saddr 192.0.2.1 tcp sport 80 notrack",
            "ip6 saddr 2001:db8::1 tcp sport 80 notrack",
            "ip saddr 10.0.2.1 tcp sport 10000-32767 notrack",
            "ip6 saddr fd00::1 tcp sport 10000-32767 notrack");
  }

  @Test
  void anyAddressIsNoAddress() {
    assertThat(Firewall.rules(config(ANY, "10.0.2.1")))
        .contains("    tcp dport 80 notrack\n", "    tcp sport 80 notrack\n")
        .doesNotContain("0.0.0.0");
    assertThat(Firewall.rules(config(ANY_OF_BOTH, "10.0.2.1")))
        .isEqualTo(Firewall.rules(config(ANY, "10.0.2.1")));
  }

  /** What nft itself thinks of it, in a namespace where nothing can be broken. */
  @Nested
  @Tag("namespace")
  @ExtendWith(OwnNetwork.class)
  class WithNft {
    private void needsNft() {
      assumeTrue(OwnNetwork.program("nft"), "needs the program nft");
      Commands.Result probe = Commands.run("add table inet probe\n", "nft", "-f", "-");
      assumeTrue(probe.status() == 0, "needs nf_tables in the kernel: " + probe.text());
    }

    @Test
    void nftAcceptsEachForm() {
      needsNft();
      for (String listen : new String[] {ONE, TWO, BOTH, ANY, ANY_OF_BOTH}) {
        String rules = Firewall.rules(config(listen, "10.0.2.1, 10.0.2.9, \"fd00::1\""));
        Commands.Result check = Commands.run(rules, "nft", "-c", "-f", "-");
        assertThat(check.text()).as(rules).isEmpty();
        assertThat(check.status()).isZero();
      }
    }

    @Test
    void installReplacesAndRemoveTakesOurTableAlone() {
      needsNft();
      Firewall.install(config(TWO, "10.0.2.1"));
      Firewall.install(config(ONE, "10.0.2.1"));
      String ours = OwnNetwork.run("nft", "list", "table", "inet", "baton");
      assertThat(ours).contains("ip daddr 192.0.2.1 tcp dport 80 notrack");
      assertThat(ours).as("replaced, not added to").doesNotContain("192.0.2.2");
      assertThat(ours.lines().filter(line -> line.contains("notrack"))).hasSize(4);
      Firewall.remove();
      Firewall.remove(); // what is not there is no error
      assertThat(OwnNetwork.run("nft", "list", "tables").strip())
          .as("another's table stays")
          .isEqualTo("table inet probe");
    }
  }
}

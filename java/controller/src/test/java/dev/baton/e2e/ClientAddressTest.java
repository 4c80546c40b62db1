package dev.baton.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.lab.Content;
import dev.baton.lab.Controller;
import dev.baton.lab.Curl;
import dev.baton.lab.Family;
import dev.baton.lab.Lab;
import dev.baton.lab.LabPlan;
import dev.baton.lab.Nginx;
import dev.baton.lab.Probe;
import dev.baton.lab.Target;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Servers that demand a PROXY protocol header: they learn the client's address from it, and what
 * follows arrives whole in both directions, though the target's stream is longer than the client's,
 * with a head that has become another or not.
 */
@Tag("namespace")
@ExtendWith(SceneExtension.class)
class ClientAddressTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Duration START = Duration.ofSeconds(5);
  private static final int SIZE = 5_000_000;
  private static final int NGINX = 8081;
  private static final int HAPROXY = 8082;

  @TempDir Path folder;

  /** A site, and what it is reached by. */
  private record Case(String site, Family family) {}

  private static List<Case> cases() {
    return Stream.of("nginx-v1", "nginx-v2", "haproxy-v1", "haproxy-v2")
        .flatMap(name -> Stream.of(name, "close-" + name))
        .flatMap(site -> Family.SERVED.stream().map(family -> new Case(site + ".example", family)))
        .toList();
  }

  @Test
  void serversThatDemandAHeaderAreServed() throws Exception {
    assumeTrue(Probe.missing("haproxy").isEmpty(), "missing: haproxy");
    try (Lab lab = LabPlan.of(1).open()) {
      open(lab);
      for (Case each : cases()) {
        var curl = new Curl(lab, LIMIT, each.family);
        assertTransfersAreWhole(lab, curl, each.site);
      }
      // Without the header they refuse: nothing above was served by chance.
      var curl = new Curl(lab, LIMIT);
      assertThat(curl.get("bare.example", "/file", Scene.NOWHERE).status()).isNotEqualTo(200);
    }
  }

  private void assertTransfersAreWhole(Lab lab, Curl curl, String site) throws Exception {
    Target target = lab.target(1);
    Path file = target.files().resolve("file");
    Path copy = folder.resolve("copy");
    Curl.Reply down = curl.get(site, "/file", copy, "-D", folder.resolve("head").toString());
    assertThat(down).as(site).returns(0, Curl.Reply::exit).returns(200, Curl.Reply::status);
    assertThat(Content.sha256(copy)).as(site).isEqualTo(Content.sha256(file));
    assertToldOf(lab, down, site);
    assertThat(
            Files.readString(folder.resolve("head"))
                .toLowerCase(Locale.ROOT)
                .contains("connection: close"))
        .as(site)
        .isEqualTo(site.startsWith("close-"));
    Path up = target.files().resolve("up").resolve("file");
    Files.deleteIfExists(up);
    Curl.Reply sent = curl.get(site, "/up/file", Scene.NOWHERE, "-T", file.toString());
    assertThat(sent).as(site).returns(0, Curl.Reply::exit).returns(201, Curl.Reply::status);
    assertThat(Content.sha256(up)).as(site).isEqualTo(Content.sha256(file));
  }

  private void assertToldOf(Lab lab, Curl.Reply reply, String site) throws IOException {
    String head = Files.readString(folder.resolve("head"));
    assertThat(
            head.lines()
                .filter(line -> line.toLowerCase(Locale.ROOT).startsWith("x-client: "))
                .toList())
        .as(site)
        .anySatisfy(line -> {
          String[] words = line.substring("X-Client: ".length()).split(" ", -1);
          assertThat(InetAddress.ofLiteral(words[0]))
              .isIn(
                  InetAddress.ofLiteral(lab.clientAddress(Family.IPV4)),
                  InetAddress.ofLiteral(lab.clientAddress(Family.IPV6)));
          assertThat(words[1]).isEqualTo(Integer.toString(reply.localPort()));
          assertThat(InetAddress.ofLiteral(words[2]))
              .isIn(InetAddress.ofLiteral(Lab.PUBLIC), InetAddress.ofLiteral(Lab.PUBLIC6));
        });
    if (site.equals("haproxy-v2.example")) {
      assertThat(head).containsIgnoringCase("X-Authority: haproxy-v2.example");
    }
  }

  @ParameterizedTest
  @EnumSource(Family.class)
  void theOptionIsThereWhereItIsWantedAndNowhereElse(Family family) throws Exception {
    assumeTrue(Probe.missing("tcpdump").isEmpty(), "missing: tcpdump");
    try (Lab lab = LabPlan.of(1).open()) {
      open(lab);
      var curl = new Curl(lab, LIMIT, family);
      for (String site : List.of("none.example", "option.example", "nginx-v1.example")) {
        Path capture = folder.resolve(site + ".pcap");
        try (var tcpdump =
            lab.target(1)
                .namespace()
                .start(
                    site,
                    "tcpdump",
                    "-U",
                    "--immediate-mode",
                    "-i",
                    "t0",
                    "-w",
                    capture.toString(),
                    "tcp and dst port (80 or " + NGINX + ")")) {
          tcpdump.awaitLine(line -> line.contains("listening on"), START);
          assertThat(curl.get(site, "/file", Scene.NOWHERE)).returns(200, Curl.Reply::status);
        }
        String text = lab.dmz().sh("tcpdump -nr " + capture + " 2>/dev/null | grep -F '[S'");
        assertThat(text.contains("exp-5244") || text.contains("unknown-254"))
            .as(text)
            .isEqualTo(site.equals("option.example"));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dev.baton.e2e.Combination#all")
  void aBadNetworkTakesNothingAway(Combination combination) throws Exception {
    try (Lab lab = combination.wire()) {
      open(lab, combination.dataPlane());
      var bad = new Impairment.Rates(0.02, 0.02, 0.06, 1);
      try (Impairment _ = Impairment.of(lab.client(), "c0", bad);
          Impairment _ = Impairment.of(lab.target(1).namespace(), "t0", bad)) {
        var curl = new Curl(lab, LIMIT, combination.family());
        assertTransfersAreWhole(lab, curl, "nginx-v1.example");
        assertTransfersAreWhole(lab, curl, "nginx-v2.example");
      }
    }
  }

  private void open(Lab lab) throws IOException {
    open(lab, "tc");
  }

  /** nginx and HAProxy that demand a header, an ordinary nginx, and sites for each. */
  private void open(Lab lab, String dataPlane) throws IOException {
    Target target = lab.target(1);
    Content.write(target.files().resolve("file"), SIZE, 5);
    Nginx.start(lab, target, 80);
    demandingNginx(lab, target);
    if (Probe.missing("haproxy").isEmpty()) {
      demandingHaproxy(lab, target);
    }
    Controller controller = Controller.create(lab, Controller.standardFile(lab, dataPlane));
    StringBuilder nodes = new StringBuilder("nodes:\n");
    StringBuilder sites = new StringBuilder("sites:\n");
    add(nodes, sites, target, "nginx-v1", NGINX, "proxy-v1");
    add(nodes, sites, target, "nginx-v2", NGINX, "proxy-v2");
    add(nodes, sites, target, "haproxy-v1", HAPROXY, "proxy-v1");
    add(nodes, sites, target, "haproxy-v2", HAPROXY, "proxy-v2");
    add(nodes, sites, target, "bare", NGINX, "option");
    add(nodes, sites, target, "option", 80, "option");
    add(nodes, sites, target, "none", 80, "none");
    controller.apply(nodes.toString() + sites);
    controller.start();
  }

  private static void add(
      StringBuilder nodes, StringBuilder sites, Target target, String name, int port, String told) {
    nodes.append(
        "  - { name: %s, address: [%s, \"%s\"], port: %d, client-address: %s }\n"
            .formatted(name, target.address(), target.address6(), port, told));
    sites.append("  - { host: %1$s.example, nodes: [%1$s] }\n".formatted(name));
    sites.append(
        "  - { host: close-%1$s.example, nodes: [%1$s], keep-alive: close }\n".formatted(name));
  }

  private static void demandingNginx(Lab lab, Target target) throws IOException {
    Path folder = Files.createDirectories(lab.folder().resolve("nginx-proxy"));
    Path file =
        Files.writeString(
            folder.resolve("nginx.conf"),
            """
            daemon off;
            user root;
            worker_processes 1;
            pid %1$s/pid;
            error_log stderr notice;
            events { worker_connections 1024; }
            http {
              access_log off;
              client_max_body_size 0;
              client_body_temp_path %2$s/.body-proxy;
              proxy_temp_path %1$s/proxy;
              fastcgi_temp_path %1$s/fastcgi;
              uwsgi_temp_path %1$s/uwsgi;
              scgi_temp_path %1$s/scgi;
              server {
                listen %3$s:%5$d proxy_protocol;
                listen [%4$s]:%5$d proxy_protocol;
                root %2$s;
                add_header X-Client "$proxy_protocol_addr $proxy_protocol_port $proxy_protocol_server_addr" always;
                location /up/ { dav_methods PUT; create_full_put_path on; }
              }
            }
            """
                .formatted(folder, target.files(), target.address(), target.address6(), NGINX));
    var child =
        lab.own(
            target
                .namespace()
                .start(
                    "nginx-proxy",
                    "nginx",
                    "-e",
                    "stderr",
                    "-p",
                    folder.toString(),
                    "-c",
                    file.toString()));
    child.awaitLine(line -> line.contains("start worker process "), START);
  }

  private static void demandingHaproxy(Lab lab, Target target) throws IOException {
    Path file =
        Files.writeString(
            lab.folder().resolve("haproxy.cfg"),
            """
            global
              maxconn 1000
            defaults
              mode http
              timeout client 60s
              timeout server 60s
              timeout connect 5s
            frontend demanding
              bind %1$s:%3$d accept-proxy
              bind [%2$s]:%3$d accept-proxy
              http-after-response set-header X-Client "%%[src] %%[src_port] %%[dst]"
              http-request set-var(txn.authority) fc_pp_authority
              http-after-response set-header X-Authority %%[var(txn.authority)]
              default_backend local
            backend local
              server local %1$s:80
            """
                .formatted(target.address(), target.address6(), HAPROXY));
    lab.own(target.namespace().start("haproxy", "haproxy", "-db", "-f", file.toString()));
    Scene.await(
        "haproxy",
        START,
        () ->
            target
                .namespace()
                .sh("ss -Hltn '( sport = :%d )' | wc -l".formatted(HAPROXY))
                .strip()
                .equals("2"));
  }
}

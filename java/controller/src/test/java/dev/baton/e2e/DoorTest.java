package dev.baton.e2e;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.lab.Child;
import dev.baton.lab.Content;
import dev.baton.lab.Controller;
import dev.baton.lab.Curl;
import dev.baton.lab.Family;
import dev.baton.lab.Lab;
import dev.baton.lab.LabPlan;
import dev.baton.lab.Nginx;
import dev.baton.lab.Probe;
import dev.baton.lab.Target;
import dev.baton.reason.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who is let in, and as whom: HTTPS only, front proxies, allow and deny lists. */
@Tag("namespace")
@ExtendWith(SceneExtension.class)
@SuppressWarnings("NullAway.Init")
class DoorTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int SIZE = 5_000_000;
  private static final int DEMANDING = 8081;
  private static final int FRONT = 8080;
  private static final int BROWSER = 50;
  private static final int FRONT_HOST = 60;

  @TempDir Path folder;

  private Lab lab;
  private Controller controller;
  private Target target;
  private Path lists;
  private Sockets clients;

  /**
   * The client's namespace has more addresses: 10.0.1.60 is a front proxy's, 10.0.1.50 that of a
   * browser behind it; likewise in IPv6.
   */
  @BeforeEach
  void open() throws IOException {
    lab = LabPlan.of(1).open();
    target = lab.target(1);
    for (Family family : Family.SERVED) {
      for (int host : new int[] {BROWSER, FRONT_HOST}) {
        lab.client()
            .sh(
                "ip address add %s/%d dev c0%s"
                    .formatted(
                        family.address(1, host),
                        family.prefix(),
                        family == Family.IPV6 ? " nodad" : ""));
      }
    }
    Content.write(target.files().resolve("file"), SIZE, 6);
    Nginx.start(lab, target, 80);
    demandingNginx();
    lists = Files.writeString(folder.resolve("lists"), "# nobody yet\n");
    String fronts =
        ", accept-proxy: [%s, \"%s\"] }"
            .formatted(Family.IPV4.address(1, FRONT_HOST), Family.IPV6.address(1, FRONT_HOST));
    controller =
        Controller.create(
            lab,
            Controller.standardFile(lab).replace("protocol: http }", "protocol: http" + fronts)
                + "lists: "
                + lists
                + "\nhead-timeout: 2s\n");
    controller.apply(
        """
        nodes:
          - { name: plain, address: [%1$s, "%2$s"] }
          - { name: told-v1, address: [%1$s, "%2$s"], port: %3$d, client-address: proxy-v1 }
          - { name: told-v2, address: [%1$s, "%2$s"], port: %3$d, client-address: proxy-v2 }
        sites:
          - { host: plain.example, nodes: [plain] }
          - { host: told-v1.example, nodes: [told-v1] }
          - { host: told-v2.example, nodes: [told-v2] }
          - { host: safe.example, nodes: [plain], redirect-to-https: true }
          - { host: odd.example, nodes: [plain], redirect-to-https: 8443 }
        """
            .formatted(target.address(), target.address6(), DEMANDING));
    controller.start();
    clients = new Sockets(lab.client());
  }

  @AfterEach
  void close() throws IOException {
    lab.close();
    clients.close();
  }

  private void demandingNginx() throws IOException {
    Path own = Files.createDirectories(lab.folder().resolve("nginx-demanding"));
    Path file =
        Files.writeString(
            own.resolve("nginx.conf"),
            """
            daemon off;
            user root;
            pid %1$s/pid;
            error_log stderr notice;
            events { worker_connections 1024; }
            http {
              access_log off;
              client_max_body_size 0;
              client_body_temp_path %2$s/.body-demanding;
              proxy_temp_path %1$s/proxy;
              fastcgi_temp_path %1$s/fastcgi;
              uwsgi_temp_path %1$s/uwsgi;
              scgi_temp_path %1$s/scgi;
              server {
                listen %3$s:%5$d proxy_protocol;
                listen [%4$s]:%5$d proxy_protocol;
                root %2$s;
                add_header X-Client "$proxy_protocol_addr" always;
                location /up/ { dav_methods PUT; create_full_put_path on; }
              }
            }
            """
                .formatted(own, target.files(), target.address(), target.address6(), DEMANDING));
    Child child =
        lab.own(
            target
                .namespace()
                .start(
                    "nginx-demanding",
                    "nginx",
                    "-e",
                    "stderr",
                    "-p",
                    own.toString(),
                    "-c",
                    file.toString()));
    child.awaitLine(line -> line.contains("start worker process "), LIMIT);
  }

  private long count(String line) {
    return controller
        .command("status")
        .orThrow()
        .lines()
        .map(String::strip)
        .filter(each -> each.startsWith(line + ": "))
        .mapToLong(each -> Long.parseLong(each.substring(line.length() + 2)))
        .sum();
  }

  private long count(Reason reason) {
    return count(reason.name().toLowerCase(Locale.ROOT));
  }

  private String head() throws IOException {
    return Files.readString(folder.resolve("head"));
  }

  private Curl.Reply get(Curl curl, String host, String path, String... options) {
    String[] all = new String[options.length + 2];
    all[0] = "-D";
    all[1] = folder.resolve("head").toString();
    System.arraycopy(options, 0, all, 2, options.length);
    return curl.get(host, path, folder.resolve("body"), all);
  }

  @Test
  void aSiteThatWantsHttpsIsRedirectedTo() throws IOException {
    var curl = new Curl(lab, LIMIT);
    assertThat(get(curl, "safe.example", "/a?b=%20c")).returns(301, Curl.Reply::status);
    assertThat(head()).contains("\r\nLocation: https://safe.example/a?b=%20c\r\n");
    assertThat(get(curl, "odd.example", "//x", "-X", "POST", "-d", "body"))
        .returns(308, Curl.Reply::status);
    assertThat(head()).contains("\r\nLocation: https://odd.example:8443//x\r\n");
    assertThat(get(curl, "safe.example", "/", "--head")).returns(301, Curl.Reply::status);
    assertThat(get(curl, "safe.example", "/" + "x".repeat(8000))).returns(414, Curl.Reply::status);
    assertThat(get(curl, "plain.example", "/file")).returns(200, Curl.Reply::status);
    assertThat(count(Reason.REDIRECTED_TO_HTTPS)).isEqualTo(3);
    assertThat(count(Reason.LOCATION_TOO_LONG)).isEqualTo(1);
  }

  /** HAProxy in front of Baton, as a load balancer or a content network would be. */
  @ParameterizedTest
  @ValueSource(strings = {"send-proxy", "send-proxy-v2"})
  void aFrontProxyTellsWhoItsClientIs(String version) throws Exception {
    assumeTrue(Probe.missing("haproxy").isEmpty(), "missing: haproxy");
    for (Family family : Family.SERVED) {
      try (Child _ = front(version, family)) {
        String browser = family.address(1, BROWSER);
        for (String site : new String[] {"plain", "told-v1", "told-v2"}) {
          assertWholeThroughFront(family, browser, site + ".example");
          if (!site.equals("plain")) {
            String shown =
                head()
                    .lines()
                    .filter(line -> line.startsWith("X-Client: "))
                    .findFirst()
                    .orElseThrow();
            assertThat(java.net.InetAddress.ofLiteral(shown.substring(10)))
                .isEqualTo(java.net.InetAddress.ofLiteral(browser));
          }
        }
      }
    }
    assertThat(count(Reason.PROXY_HEADER_MISSING)).isZero();
  }

  private void assertWholeThroughFront(Family family, String browser, String host)
      throws IOException {
    String url = "http://" + family.inUrl(family.address(1, FRONT_HOST)) + ":" + FRONT;
    String common =
        "curl -qsSf -m 30 --noproxy '*' --interface %s -H 'Host: %s' -D %s "
            .formatted(browser, host, folder.resolve("head"));
    Path file = target.files().resolve("file");
    Path up = target.files().resolve("up").resolve("file");
    Files.deleteIfExists(up);
    lab.client().sh(common + "-o /dev/null -T " + file + " " + url + "/up/file");
    assertThat(Content.sha256(up)).isEqualTo(Content.sha256(file));
    lab.client().sh(common + "-o " + folder.resolve("body") + " " + url + "/file");
    assertThat(Content.sha256(folder.resolve("body"))).isEqualTo(Content.sha256(file));
  }

  private Child front(String version, Family family) throws IOException {
    String own = family.inUrl(family.address(1, FRONT_HOST));
    Path file =
        Files.writeString(
            folder.resolve("front.cfg"),
            """
            defaults
              mode tcp
              timeout client 60s
              timeout server 60s
              timeout connect 5s
            frontend front
              bind %1$s:%2$d
              default_backend baton
            backend baton
              source %1$s
              server baton %3$s:80 %4$s
            """
                .formatted(own, FRONT, family.inUrl(family.publicAddress()), version));
    Child child = lab.client().start(version + family, "haproxy", "-db", "-f", file.toString());
    Scene.await(
        "haproxy",
        LIMIT,
        () -> !lab.client().sh("ss -Hltn '( sport = :%d )'".formatted(FRONT)).isBlank());
    return child;
  }

  /** A connection from one of the client's addresses that begins with some bytes. */
  private Peer peer(Family family, int host, String first) throws IOException {
    var channel =
        clients.socket(
            family == Family.IPV4
                ? java.net.StandardProtocolFamily.INET
                : java.net.StandardProtocolFamily.INET6);
    channel.bind(
        new java.net.InetSocketAddress(java.net.InetAddress.ofLiteral(family.address(1, host)), 0));
    channel.connect(
        new java.net.InetSocketAddress(java.net.InetAddress.ofLiteral(family.publicAddress()), 80));
    Peer peer = new Peer(channel, Peer.Side.CLIENT);
    channel.socket().getOutputStream().write(first.getBytes(ISO_8859_1));
    return peer;
  }

  private static final String REQUEST = "GET /file HTTP/1.1\r\nHost: plain.example\r\n\r\n";

  @ParameterizedTest
  @EnumSource(Family.class)
  void aFrontProxyWithoutAHeaderIsLeft(Family family) throws Exception {
    String[] bad = {
      REQUEST,
      "PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n" + REQUEST,
      "PROXY TCP4 1.2.3.4",
      "\r\n\r\n\0\r\nQUIT\n1\21\0\0" + REQUEST
    };
    for (String first : bad) {
      try (Peer peer = peer(family, FRONT_HOST, first)) {
        peer.receiveToEnd();
        assertThat(peer.seen().bytes()).isZero();
      }
    }
    assertThat(count(Reason.PROXY_HEADER_MISSING)).isEqualTo(bad.length);
    try (Peer peer = peer(family, FRONT_HOST, "PROXY UNKNOWN\r\n" + REQUEST)) {
      assertThat(peer.receiveHead()).startsWith("HTTP/1.1 200 ");
    }
  }

  @Test
  void aHeaderCutAnywhereIsReadAllTheSame() throws Exception {
    String whole = "PROXY TCP4 10.0.1.50 10.0.1.1 1234 80\r\n" + REQUEST;
    try (Peer peer = peer(Family.IPV4, FRONT_HOST, "P")) {
      for (char each : whole.substring(1).toCharArray()) {
        peer.say(String.valueOf(each));
      }
      assertThat(peer.receiveHead()).startsWith("HTTP/1.1 200 ");
    }
  }

  @Test
  void aLongHeaderIsReadAllTheSame() throws Exception {
    String fields = "\4\13\270" + "x".repeat(3000); // NOOP, 3000 bytes
    String header = "\r\n\r\n\0\r\nQUIT\n!\21\13\307" + "\12\0\1\62\12\0\1\1\4\322\0\120" + fields;
    try (Peer peer = peer(Family.IPV4, FRONT_HOST, header + REQUEST)) {
      assertThat(peer.receiveHead()).startsWith("HTTP/1.1 200 ");
    }
  }

  @ParameterizedTest
  @EnumSource(Family.class)
  void aHeaderFromElsewhereIsNotBelieved(Family family) throws Exception {
    String[] headers = {
      "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n", "\r\n\r\n\0\r\nQUIT\n!\21\0\14\1\2\3\4\5\6\7\10\0\1\0\2"
    };
    for (String header : headers) {
      try (Peer peer = peer(family, BROWSER, header + REQUEST)) {
        assertThat(peer.receiveHead()).startsWith("HTTP/1.1 400 ");
      }
    }
    assertThat(count(Reason.PROXY_HEADER_UNTRUSTED)).isEqualTo(headers.length);
  }

  @ParameterizedTest
  @EnumSource(Family.class)
  void aDeniedSourceIsNotHeardAndItsLivingFlowGoesOn(Family family) throws Exception {
    var curl = new Curl(lab, LIMIT, family);
    String browser = family.address(1, BROWSER);
    String[] slowly = {"--interface", browser, "--limit-rate", "1M"};
    Path copy = folder.resolve("slow");
    try (Child living =
        lab.client().start("slow", curl.command("plain.example", "/file", copy, slowly))) {
      Scene.await("the download", LIMIT, () -> Scene.size(copy) > 0);
      rules("deny " + browser);
      String[] once = {"--interface", browser, "--connect-timeout", "2"};
      String[] another = {"--interface", family.address(1, 2), "--connect-timeout", "2"};
      assertThat(get(curl, "plain.example", "/file", once)).returns(28, Curl.Reply::exit);
      assertThat(count("drop_denied")).isPositive();
      assertThat(get(curl, "plain.example", "/file", another)).returns(200, Curl.Reply::status);
      assertThat(living.awaitEnd(LIMIT)).isZero();
      assertThat(Content.sha256(copy)).isEqualTo(Content.sha256(target.files().resolve("file")));

      // One that says something wrong changes nothing.
      Files.writeString(lists, "allow everybody\n");
      Scene.await(
          "the complaint",
          LIMIT,
          () -> controller.output().stream().anyMatch(line -> line.contains("event=lists-kept")));
      assertThat(get(curl, "plain.example", "/file", once)).returns(28, Curl.Reply::exit);

      String network = family == Family.IPV4 ? "10.0.1.0/24" : "fd00:0:0:1::/64";
      rules("deny %s\nallow %s".formatted(network, browser));
      assertThat(get(curl, "plain.example", "/file", once)).returns(200, Curl.Reply::status);
      assertThat(get(curl, "plain.example", "/file", another)).returns(28, Curl.Reply::exit);
    }
  }

  @Test
  void aDeniedClientBehindAFrontProxyIsClosed() throws Exception {
    rules("deny 192.0.2.0/24");
    try (Peer peer =
        peer(Family.IPV4, FRONT_HOST, "PROXY TCP4 192.0.2.9 10.0.1.1 1 80\r\n" + REQUEST)) {
      peer.receiveToEnd();
      assertThat(peer.seen().bytes()).isZero();
    }
    assertThat(count(Reason.DENIED_SOURCE)).isEqualTo(1);
  }

  private void rules(String text) throws IOException {
    long before = loads();
    Files.writeString(lists, text + "\n");
    Scene.await("the new list", LIMIT, () -> loads() > before);
  }

  private long loads() {
    return controller.output().stream().filter(line -> line.contains("event=lists rules=")).count();
  }
}

package dev.baton.e2e;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.lab.Content;
import dev.baton.lab.Family;
import dev.baton.lab.Lab;
import dev.baton.lab.Nginx;
import dev.baton.lab.Probe;
import dev.baton.lab.Result;
import dev.baton.lab.Target;
import dev.baton.reason.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * TLS by its server name, HTTP/2 with prior knowledge, and ports that take either. The certificates
 * are the targets' own: the DMZ node has no key.
 */
@Tag("namespace")
@ExtendWith(SceneExtension.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FrontTest {
  private static final String SITE = "secure.example.com";
  private static final String OTHER = "secure.example.net";
  private static final String ASLEEP = "asleep.example.net";
  private static final String HTTP2_SITE = "h2c.example.com";
  private static final int TLS = 443;
  private static final int AUTO = 8443;
  private static final int STRICT = 9443;

  /** Where the second target takes TLS: not where the first one does. */
  private static final int OTHER_TLS = 4433;

  private static final int HTTP2 = 8081;
  private static final String FORMAT = "%{http_code} %{http_version} %{ssl_verify_result}";

  @TempDir static Path folder;

  private Stage stage;

  @BeforeAll
  void open() {
    List<String> missing = Probe.missing("openssl");
    assumeTrue(missing.isEmpty(), () -> "missing: " + missing);
    stage =
        Stage.open(
            settings ->
                settings.replace("interfaces:", listeners() + "interfaces:")
                    + Stage.SHORT
                    + "head-timeout: 2s\n",
            scene -> {
              Certificate.make(scene.lab, folder, SITE);
              Certificate.make(scene.lab, folder, OTHER);
              startTls(scene.lab.target(1), scene.lab, TLS, SITE);
              startTls(scene.lab.target(2), scene.lab, OTHER_TLS, OTHER);
              Nginx.startHttp2(scene.lab, scene.lab.target(2), HTTP2);
            });
    stage.scene.controller.apply(cluster(stage.scene.lab));
    Scene.await(
        "the sites",
        Scene.LIMIT,
        () -> curl("--http2-prior-knowledge", url("http", HTTP2_SITE, 80, "/1k")).exit() == 0);
  }

  @AfterAll
  void close() {
    if (stage != null) {
      stage.close();
    }
  }

  private static String listeners() {
    StringBuilder lines = new StringBuilder();
    for (Family family : Family.SERVED) {
      String address = family.publicAddress();
      lines.append("  - { address: \"%s\", port: 443, protocol: tls }%n".formatted(address));
      lines.append("  - { address: \"%s\", port: 8443, protocol: auto }%n".formatted(address));
    }
    return lines
        + "  - { address: %s, port: %d, protocol: tls, without-sni: refuse }%n"
            .formatted(Lab.PUBLIC, STRICT);
  }

  private static String cluster(Lab lab) {
    Target one = lab.target(1);
    Target two = lab.target(2);
    return Stage.cluster(lab)
            .replace(
                "sites:\n",
                """
                  - { name: one, address: ["%s", "%s"] }
                  - { name: two, address: ["%s", "%s"], port: %d, tls-port: %d }
                  - { name: asleep, address: 10.0.2.99, state: down }
                sites:
                """
                    .formatted(
                        one.address(),
                        one.address6(),
                        two.address(),
                        two.address6(),
                        HTTP2,
                        OTHER_TLS))
        + """
          - { host: %s, nodes: [one] }
          - { host: %s, nodes: [two] }
          - { host: %s, nodes: [two] }
          - { host: %s, nodes: [asleep] }
        """
            .formatted(SITE, OTHER, HTTP2_SITE, ASLEEP);
  }

  private static Path certificate(String name) {
    return Certificate.in(folder, name).file();
  }

  private static void startTls(Target target, Lab lab, int port, String name) {
    Certificate its = Certificate.in(folder, name);
    Nginx.startTls(lab, target, port, its.file(), its.key());
  }

  private static String url(String scheme, String host, int port, String path) {
    return "%s://%s:%d%s".formatted(scheme, host, port, path);
  }

  /** curl from the client; every name is the DMZ node. */
  private Result curl(String... options) {
    return curl(Family.IPV4, options);
  }

  private Result curl(Family family, String... options) {
    List<String> line =
        new ArrayList<>(List.of("curl", "-q", "-sS", "--noproxy", "*", "-m", "60", "-w", FORMAT));
    String address = family.inUrl(family.publicAddress());
    for (String host : List.of(SITE, OTHER, ASLEEP, HTTP2_SITE, "nobody.example.net")) {
      for (int port : new int[] {80, TLS, AUTO, STRICT}) {
        line.addAll(List.of("--resolve", "%s:%d:%s".formatted(host, port, address)));
      }
    }
    if (!List.of(options).contains("-o")) {
      line.addAll(List.of("-o", "/dev/null"));
    }
    line.addAll(List.of(options));
    return stage.scene.lab.client().run(Scene.LIMIT, line.toArray(String[]::new));
  }

  private long count(Reason reason) {
    return stage.reason(reason.name().toLowerCase(Locale.ROOT));
  }

  /** Each target shows its own certificate, and curl trusts no other. */
  @ParameterizedTest
  @CsvSource({
    "IPV4, secure.example.com, 443,  --http2,   2,   1",
    "IPV4, secure.example.net, 443,  --http2,   2,   2",
    "IPV6, secure.example.com, 443,  --http2,   2,   1",
    "IPV4, secure.example.com, 443,  --http1.1, 1.1, 1",
    "IPV4, secure.example.net, 8443, --http2,   2,   2",
    "IPV6, secure.example.net, 8443, --http1.1, 1.1, 2",
    "IPV4, secure.example.com, 9443, --http2,   2,   1",
  })
  void httpsReachesTheTargetThatHasTheKey(
      Family family, String host, int port, String version, String spoken, int target) {
    Path copy = folder.resolve("copy");
    Result result =
        curl(
            family,
            version,
            "--cacert",
            certificate(host).toString(),
            "-o",
            copy.toString(),
            url("https", host, port, "/large"));
    assertThat(result.out()).as(result.toString()).isEqualTo("200 " + spoken + " 0");
    assertThat(Content.sha256(copy))
        .isEqualTo(Content.sha256(stage.scene.lab.target(target).files().resolve("large")));
  }

  @Test
  void anUploadOverTlsArrives() {
    Path source = stage.scene.lab.target(1).files().resolve("large");
    Result result =
        curl(
            "--cacert",
            certificate(SITE).toString(),
            "-T",
            source.toString(),
            url("https", SITE, TLS, "/up/tls"));
    assertThat(result.out()).as(result.toString()).startsWith("201 ");
    assertThat(Content.sha256(stage.scene.lab.target(1).files().resolve("up/tls")))
        .isEqualTo(Content.sha256(source));
  }

  @Test
  void chromiumShowsAPageOverHttp2InTls() throws IOException {
    assumeTrue(Probe.missing("chromium").isEmpty(), "missing: chromium");
    for (int target = 1; target <= 2; target++) {
      Files.writeString(
          stage.scene.lab.target(target).files().resolve("page.html"),
          """
          <!doctype html><title>page</title><p id="p">nothing yet</p>
          <script>
            const how = performance.getEntriesByType("navigation")[0].nextHopProtocol
            Promise.all(["/1k", "/medium"].map(part => fetch(part).then(r => r.arrayBuffer())))
              .then(parts => p.textContent =
                  "%d: " + how + " " + parts.map(part => part.byteLength).join(" and "))
          </script>
          """
              .formatted(target));
    }
    assertThat(chromium(SITE)).contains("1: h2 1000 and 1000000");
    assertThat(chromium(OTHER)).contains("2: h2 1000 and 1000000");
  }

  private String chromium(String host) {
    return stage
        .scene
        .lab
        .client()
        .run(
            Scene.LIMIT,
            "chromium",
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-proxy-server",
            "--ignore-certificate-errors",
            "--user-data-dir=" + folder.resolve("chromium"),
            "--host-resolver-rules=MAP %s %s".formatted(host, Lab.PUBLIC),
            "--virtual-time-budget=10000",
            "--dump-dom",
            "https://%s/page.html".formatted(host))
        .orThrow();
  }

  /** The handshake is the target's, so it must have got each byte of a hello over four records. */
  @ParameterizedTest
  @ValueSource(ints = {20_000, 60_000})
  void aVeryLargeHelloIsHandedOver(int bytes) throws Exception {
    try (SSLSocket socket = tlsSocket(bytes)) {
      socket.startHandshake();
      assertThat(socket.getApplicationProtocol()).isEqualTo("http/1.1");
      socket
          .getOutputStream()
          .write("GET /1k HTTP/1.0\r\nHost: %s\r\n\r\n".formatted(SITE).getBytes(ISO_8859_1));
      assertThat(new String(socket.getInputStream().readAllBytes(), ISO_8859_1))
          .startsWith("HTTP/1.1 200 OK");
    }
  }

  private SSLSocket tlsSocket(int bytes) throws IOException, GeneralSecurityException {
    KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
    trusted.load(null, null);
    try (InputStream in = Files.newInputStream(certificate(SITE))) {
      trusted.setCertificateEntry(
          SITE, CertificateFactory.getInstance("X.509").generateCertificate(in));
    }
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    Socket plain = connected(TLS).socket();
    SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, SITE, TLS, true);
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    parameters.setApplicationProtocols(
        Stream.concat(
                IntStream.range(0, bytes / 200)
                    .mapToObj("protocol-that-nobody-speaks-%0181d"::formatted),
                Stream.of("http/1.1"))
            .map(name -> name.length() > 199 ? name.substring(0, 199) : name)
            .toArray(String[]::new));
    socket.setSSLParameters(parameters);
    return socket;
  }

  private SocketChannel connected(int port) throws IOException {
    SocketChannel channel = stage.clients.socket(StandardProtocolFamily.INET);
    channel.connect(new InetSocketAddress(InetAddress.ofLiteral(Lab.PUBLIC), port));
    return channel;
  }

  @ParameterizedTest
  @CsvSource({
    "https://nobody.example.net/,     unrecognized name, UNKNOWN_HOST",
    "https://asleep.example.net/,     internal error,    NO_NODE_UP",
    "https://10.0.1.1/,               missing extension, UNKNOWN_HOST",
    "https://10.0.1.1:9443/,          missing extension, NO_SERVER_NAME",
  })
  void aRefusalIsAnAlert(String url, String alert, Reason reason) {
    long before = count(reason);
    Result result = curl(url);
    assertThat(result.exit()).as(result.toString()).isEqualTo(35);
    assertThat(result.err()).contains(alert);
    assertThat(count(reason) - before).isEqualTo(1);
  }

  /** What a hostile or a lost client sends, and the bytes that come back before the end. */
  @ParameterizedTest
  @CsvSource({
    "443,  802e0100020015000000100100800300, 15030300020246", // SSL 2.0: protocol_version
    "443,  160301000401000000,               15030300020232", // decode_error
    "443,  15030300020100,                   1503030002020a", // unexpected_message
    "8443, 1603014001,                       15030300020216", // record_overflow
    "443,  1603010200,                       1503030002015a15030300020100", // too slow:
    // user_canceled
  })
  void anAlertArrivesWholeAndThenTheEnd(int port, String sent, String alert) throws IOException {
    try (SocketChannel channel = connected(port)) {
      channel.socket().setSoTimeout(30_000);
      channel.socket().getOutputStream().write(HexFormat.of().parseHex(sent));
      assertThat(HexFormat.of().formatHex(channel.socket().getInputStream().readAllBytes()))
          .isEqualTo(alert);
    }
  }

  @Test
  void anAlertArrivesEvenWhileTheClientStillSends() throws IOException {
    byte[] hello = HexFormat.of().parseHex("160301000401000000");
    try (SocketChannel channel = connected(TLS)) {
      channel.socket().getOutputStream().write(Arrays.copyOf(hello, 100_000));
      assertThat(HexFormat.of().formatHex(channel.socket().getInputStream().readAllBytes()))
          .isEqualTo("15030300020232");
    }
  }

  @Test
  void aHelloThatComesOneByteAtATimeIsHandedOver() throws IOException {
    byte[] hello;
    try (InputStream in =
        Objects.requireNonNull(
            FrontTest.class.getResourceAsStream("/clienthello/chromium-156.bin"))) {
      hello = in.readAllBytes();
    }
    // www.example.com is of another length: this site's name takes its place, byte for byte.
    String text = new String(hello, ISO_8859_1);
    assertThat(text).contains("www.example.com");
    hello = text.replace("www.example.com", "sec.example.com").getBytes(ISO_8859_1);
    stage.scene.controller.apply(
        cluster(stage.scene.lab) + "  - { host: sec.example.com, nodes: [one] }\n");
    Scene.await(
        "the site",
        Scene.LIMIT,
        () ->
            curl("--resolve", "sec.example.com:443:10.0.1.1", "-k", "https://sec.example.com/1k")
                    .exit()
                == 0);
    try (SocketChannel channel = connected(TLS)) {
      channel.socket().setTcpNoDelay(true);
      for (byte b : hello) {
        channel.socket().getOutputStream().write(b);
      }
      byte[] answer = channel.socket().getInputStream().readNBytes(6);
      assertThat(answer[0]).as("a handshake record").isEqualTo((byte) 22);
      assertThat(answer[5]).as("ServerHello").isEqualTo((byte) 2);
    }
  }

  @Test
  void httpOnThePortOfTlsIsTold() {
    long before = count(Reason.WRONG_PROTOCOL);
    assertThat(curl("--http1.1", url("http", SITE, TLS, "/")).out()).startsWith("400 ");
    assertThat(count(Reason.WRONG_PROTOCOL) - before).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {80, AUTO})
  void http2WithPriorKnowledgeIsHandedOver(int port) {
    Path copy = folder.resolve("copy2");
    Result result =
        curl(
            "--http2-prior-knowledge",
            "-o",
            copy.toString(),
            url("http", HTTP2_SITE, port, "/large"));
    assertThat(result.out()).as(result.toString()).startsWith("200 2 ");
    assertThat(Content.sha256(copy))
        .isEqualTo(Content.sha256(stage.scene.lab.target(2).files().resolve("large")));
  }

  @ParameterizedTest
  @CsvSource({
    "http://nobody.example.net/, 404, UNKNOWN_HOST",
    "http://asleep.example.net/, 503, NO_NODE_UP",
  })
  void anHttp2RequestThatLeadsNowhereIsAPageInHttp2(String url, int status, Reason reason) {
    long before = count(reason);
    Result result = curl("--http2-prior-knowledge", "-o", "-", url);
    assertThat(result.exit()).as(result.toString()).isZero();
    assertThat(result.out()).contains(status + " ").endsWith(status + " 2 0");
    assertThat(count(reason) - before).isEqualTo(1);
  }

  @Test
  void http1OnThePortOfEither() {
    assertThat(curl(url("http", SITE, AUTO, "/1k")).out()).startsWith("200 1.1 ");
  }

  /** GOAWAY, NO_ERROR, when its time for a request is over. */
  @Test
  void anHttp2ClientThatWaitsForSettingsIsToldToGo() throws IOException {
    long before = count(Reason.HTTP2_WAITS);
    try (SocketChannel channel = connected(80)) {
      channel.socket().setSoTimeout(30_000);
      channel
          .socket()
          .getOutputStream()
          .write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0".getBytes(ISO_8859_1));
      String answer = HexFormat.of().formatHex(channel.socket().getInputStream().readAllBytes());
      assertThat(answer).startsWith("000000040000000000");
      assertThat(answer.substring(24, 26)).as("GOAWAY").isEqualTo("07");
      assertThat(answer.substring(36, 52)).as("no stream, NO_ERROR").isEqualTo("0".repeat(16));
    }
    assertThat(count(Reason.HTTP2_WAITS) - before).isEqualTo(1);
  }

  @Test
  void whatClientsSpeakIsCounted() {
    long tls = stage.count("heads", "tls");
    long offers = stage.count("heads", "tls_offers_http_2");
    long http2 = stage.count("heads", "http2");
    curl("--cacert", certificate(SITE).toString(), url("https", SITE, TLS, "/1k"));
    curl("--http2-prior-knowledge", url("http", HTTP2_SITE, 80, "/1k"));
    assertThat(stage.count("heads", "tls") - tls).isEqualTo(1);
    assertThat(stage.count("heads", "tls_offers_http_2") - offers).isEqualTo(1);
    assertThat(stage.count("heads", "http2") - http2).isEqualTo(1);
  }
}

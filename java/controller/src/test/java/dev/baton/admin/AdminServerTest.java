package dev.baton.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.config.BatonConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is refused; the status itself needs a running controller. */
class AdminServerTest {
  private static final InetSocketAddress ANY_PORT =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  /** A status that cannot be gathered: whoever asks for it gets no answer at all. */
  @SuppressWarnings("NullAway")
  private static Status noStatus() {
    BatonConfig config =
        BatonConfig.parse(
            "baton.yaml",
            """
            node: qure-1
            listen: [{ address: 192.0.2.1, port: 80 }]
            interfaces: { public: d0, cluster: d1 }
            cluster-address: [10.0.2.1]
            """);
    return new Status(config, null, null, null, null, "test");
  }

  private static HttpResponse<String> ask(String method, String url)
      throws IOException, InterruptedException {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(
          HttpRequest.newBuilder(URI.create(url))
              .timeout(Duration.ofSeconds(5))
              .method(method, HttpRequest.BodyPublishers.ofString("x".repeat(100)))
              .build(),
          HttpResponse.BodyHandlers.ofString());
    }
  }

  @ParameterizedTest(name = "{0} {1}: {3}")
  @CsvSource({
    "GET,    /,                  404, there is no front page",
    "GET,    /status,            404, not quite the name",
    "GET,    /status.json/,      404, nothing lies below it",
    "GET,    /x/../status.json,  404, a path is not resolved",
    "POST,   /,                  404, no other method either",
    "POST,   /status.json,       405, nothing can be changed here",
    "PUT,    /status.json?x=y,   405, whatever is asked for",
    "DELETE, /status.json,       405, nor removed",
    "HEAD,   /status.json,       405, GET only"
  })
  void refused(String method, String path, int status, String why) throws Exception {
    try (AdminServer admin = served()) {
      HttpResponse<String> response = ask(method, "http://" + admin.address() + path);
      assertThat(response.statusCode()).as(why).isEqualTo(status);
      assertThat(response.body()).isEmpty();
      assertThat(response.headers().firstValue("Allow").orElse(""))
          .isEqualTo(status == 405 ? "GET" : "");
    }
  }

  @Test
  void failureToGatherEndsTheRequestAndNotTheServer() throws Exception {
    try (AdminServer admin = served()) {
      String url = "http://" + admin.address() + AdminServer.STATUS_PATH;
      assertThatThrownBy(() -> ask("GET", url)).isInstanceOf(IOException.class);
      assertThat(ask("POST", url).statusCode()).isEqualTo(405);
    }
  }

  @Test
  void closedServerListensNoLonger() {
    AdminServer admin = served();
    String url = "http://" + admin.address() + "/";
    admin.close();
    assertThatThrownBy(() -> ask("GET", url)).isInstanceOf(ConnectException.class);
  }

  @Test
  void addressInUseIsNamed() throws Exception {
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      InetSocketAddress taken = (InetSocketAddress) other.getLocalSocketAddress();
      assertThatThrownBy(() -> AdminServer.bind(taken).close())
          .isInstanceOf(UncheckedIOException.class)
          .hasMessageContaining(Integer.toString(other.getLocalPort()))
          .hasMessageContaining("admin");
    }
  }

  private static AdminServer served() {
    AdminServer admin = AdminServer.bind(ANY_PORT);
    admin.serve(noStatus());
    return admin;
  }
}

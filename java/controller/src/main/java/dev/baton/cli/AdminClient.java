package dev.baton.cli;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.baton.address.Ip;
import dev.baton.admin.AdminServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** Asks a running controller what it does. */
final class AdminClient {
  private static final int TIMEOUT_MILLIS = 3000;
  private static final Duration FOLLOW_LIMIT = Duration.ofSeconds(15);
  private static final int LOOK_MILLIS = 100;

  private final InetSocketAddress admin;

  AdminClient(InetSocketAddress admin) {
    this.admin = admin;
  }

  /**
   * The status, as it came.
   *
   * @return empty: no controller answers there
   */
  Optional<String> text() throws IOException {
    String authority = Ip.of(admin.getAddress()).withPort(admin.getPort());
    URI uri = URI.create("http://" + authority + AdminServer.STATUS_PATH);
    HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection(Proxy.NO_PROXY);
    connection.setConnectTimeout(TIMEOUT_MILLIS);
    connection.setReadTimeout(TIMEOUT_MILLIS);
    try (InputStream in = connection.getInputStream()) {
      return Optional.of(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (ConnectException e) {
      return Optional.empty();
    }
  }

  /** The same, read. */
  Optional<Map<String, Object>> status() throws IOException {
    Optional<String> text = text();
    return text.isEmpty() ? Optional.empty() : Optional.of(JSON.std.mapFrom(text.get()));
  }

  /**
   * Returns when what the controller decides, it decides by this change of the directory or a newer
   * one; at once if none answers.
   *
   * @throws IllegalStateException if it has not followed for so long that it never may
   */
  void awaitSequence(long sequence) throws IOException, InterruptedException {
    long begun = System.nanoTime();
    while (true) {
      Map<String, Object> status = status().orElse(null);
      if (status == null
          || (status.get("directory") instanceof Map<?, ?> part
              && part.get("sequence_in_use") instanceof Number used
              && used.longValue() >= sequence)) {
        return;
      }
      if (System.nanoTime() - begun > FOLLOW_LIMIT.toNanos()) {
        throw new IllegalStateException(
            "the controller has not followed the directory within "
                + FOLLOW_LIMIT.toSeconds()
                + " s");
      }
      Thread.sleep(LOOK_MILLIS);
    }
  }
}

package dev.baton.admin;

import com.fasterxml.jackson.jr.ob.JSON;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Serves {@code GET /status.json} at the configured {@code admin} address; nothing can be changed
 * here.
 */
public final class AdminServer implements AutoCloseable {
  /** Where the status is. */
  public static final String STATUS_PATH = "/status.json";

  private final HttpServer server;
  private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();

  private AdminServer(HttpServer server) {
    this.server = server;
  }

  /**
   * Takes the address, so that no second controller can start, and answers nothing yet.
   *
   * @throws UncheckedIOException when the address cannot be bound
   */
  public static AdminServer bind(InetSocketAddress address) {
    try {
      return new AdminServer(HttpServer.create(address, 0));
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot listen at "
              + address
              + " (admin; is a controller running already?): "
              + e.getMessage(),
          e);
    }
  }

  /** Starts to answer. */
  public void serve(Status status) {
    server.setExecutor(executor);
    server.createContext("/", exchange -> answer(exchange, status));
    server.start();
  }

  private static void answer(HttpExchange exchange, Status status) throws IOException {
    try (exchange) {
      if (!exchange.getRequestURI().getPath().equals(STATUS_PATH)) {
        exchange.sendResponseHeaders(404, -1);
      } else if (!exchange.getRequestMethod().equals("GET")) {
        exchange.getResponseHeaders().set("Allow", "GET");
        exchange.sendResponseHeaders(405, -1);
      } else {
        byte[] body = JSON.std.asBytes(status.gather());
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(200, body.length);
        exchange.getResponseBody().write(body);
      }
    }
  }

  /** Where it listens, as {@code host:port}. */
  public String address() {
    return server.getAddress().getHostString() + ":" + server.getAddress().getPort();
  }

  @Override
  public void close() {
    server.stop(0);
    executor.close();
  }
}

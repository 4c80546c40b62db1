package dev.baton.probe;

import dev.baton.address.Ip;
import dev.baton.directory.Node;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpHeaders;
import org.apache.hc.core5.http.impl.io.DefaultBHttpClientConnection;
import org.apache.hc.core5.http.impl.io.DefaultBHttpClientConnectionFactory;
import org.apache.hc.core5.http.message.BasicClassicHttpRequest;
import org.jspecify.annotations.Nullable;

/** Asks one node's web server for something, by HTTP/1.1 in clear text, a connection each time. */
public final class NodeHttp {
  private static final int NO_BODY = -1;

  private final Node node;
  private final Ip address;
  private final String host;
  private final int timeoutMillis;

  /**
   * Of one node.
   *
   * @param node whose server is asked
   * @param address one of the node's
   * @param host what the Host field says
   * @param timeout for the connection, and for each wait of the answer
   */
  public NodeHttp(Node node, Ip address, String host, Duration timeout) {
    this.node = node;
    this.address = address;
    this.host = host;
    timeoutMillis = Math.toIntExact(timeout.toMillis());
  }

  /**
   * What a server said.
   *
   * @param fields of the head, the first of each name, by the name in lower case
   * @param body its first byte, 0 to 255; −1: there is none
   */
  public record Reply(int status, Map<String, String> fields, int body) {
    /** The first field of a name in lower case; null: there is none. */
    public @Nullable String field(String name) {
      return fields.get(name);
    }
  }

  /** A HEAD request. */
  public Reply head(String path) throws IOException {
    return ask("HEAD", path, null);
  }

  /** A GET request, of whose answer no more than the beginning is read. */
  public Reply get(String path) throws IOException {
    return ask("GET", path, null);
  }

  /** A GET request for one byte. */
  public Reply oneByte(String path, long offset) throws IOException {
    return ask("GET", path, "bytes=" + offset + "-" + offset);
  }

  private Reply ask(String method, String path, @Nullable String range) throws IOException {
    var request = new BasicClassicHttpRequest(method, path);
    request.addHeader(HttpHeaders.HOST, host);
    request.addHeader(HttpHeaders.USER_AGENT, "baton");
    request.addHeader(HttpHeaders.CONNECTION, "close");
    if (range != null) {
      request.addHeader(HttpHeaders.RANGE, range);
    }
    try (Socket socket = NodeSocket.connect(node, address, node.port(), timeoutMillis);
        DefaultBHttpClientConnection connection =
            DefaultBHttpClientConnectionFactory.builder().build().createConnection(socket)) {
      connection.sendRequestHeader(request);
      connection.flush();
      ClassicHttpResponse response = connection.receiveResponseHeader();
      int body = NO_BODY;
      if (!method.equals("HEAD")) {
        connection.receiveResponseEntity(response);
        body = begin(response.getEntity());
      }
      Map<String, String> fields = new HashMap<>();
      for (Header header : response.getHeaders()) {
        fields.putIfAbsent(header.getName().toLowerCase(Locale.ROOT), header.getValue());
      }
      return new Reply(response.getCode(), fields, body);
    } catch (HttpException e) {
      throw new IOException("no HTTP answer: " + e.getMessage(), e);
    }
  }

  private static int begin(@Nullable HttpEntity entity) throws IOException {
    if (entity == null) {
      return NO_BODY;
    }
    InputStream in = entity.getContent(); // closed with the connection: the rest is not waited for
    return in.read();
  }
}

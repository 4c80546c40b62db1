package dev.baton.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.baton.address.Ip;
import dev.baton.directory.ByteRange;
import dev.baton.directory.Copy.State;
import dev.baton.directory.Deployments.PartCopy;
import dev.baton.directory.Deployments.Standing;
import dev.baton.directory.Node;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two servers with a file of twenty bytes, half of it real on each; faults are put in one. */
class CopyCheckTest {
  private static final String FILE = "/big.bin";
  private static final int SIZE = 20;

  private final Map<String, Node> nodes = new HashMap<>();
  private final List<HttpServer> servers = new ArrayList<>();
  private Faulty a;
  private Faulty b;

  /** What a server does; its fields are its faults. */
  private static final class Faulty {
    byte[] file = "0123456789abcdefghij".getBytes(StandardCharsets.US_ASCII);
    String tag = "\"one\"";
    boolean ranges = true;
    int status = 200;
    String hosts = "";

    void answer(HttpExchange exchange) throws IOException {
      try (exchange) {
        hosts += exchange.getRequestHeaders().getFirst("Host") + ' ';
        String range = exchange.getRequestHeaders().getFirst("Range");
        if (!tag.isEmpty()) {
          exchange.getResponseHeaders().set("ETag", tag);
        }
        if (status != 200) {
          exchange.sendResponseHeaders(status, -1);
        } else if (exchange.getRequestMethod().equals("HEAD")) {
          exchange.getResponseHeaders().set("Content-Length", Integer.toString(file.length));
          exchange.sendResponseHeaders(200, -1);
        } else if (range != null && ranges) {
          int at = Integer.parseInt(range.substring("bytes=".length(), range.indexOf('-')));
          exchange
              .getResponseHeaders()
              .set("Content-Range", "bytes %d-%d/%d".formatted(at, at, file.length));
          exchange.sendResponseHeaders(206, 1);
          exchange.getResponseBody().write(file[at]);
        } else {
          exchange.sendResponseHeaders(200, file.length);
          exchange.getResponseBody().write(file);
        }
      }
    }
  }

  @BeforeEach
  void start() throws IOException {
    a = server("a");
    b = server("b");
  }

  private Faulty server(String name) throws IOException {
    Faulty faulty = new Faulty();
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", faulty::answer);
    server.start();
    servers.add(server);
    Ip address = Ip.of(InetAddress.ofLiteral("127.0.0.1"));
    int port = server.getAddress().getPort();
    nodes.put(name, new Node(name, List.of(address), port, Node.State.UP, 1));
    return faulty;
  }

  @AfterEach
  void stop() {
    servers.forEach(server -> server.stop(0));
  }

  @Test
  void aSparseFileOfTheWholeLengthIsACopy() {
    a.file = "0123456789\0\0\0\0\0\0\0\0\0\0".getBytes(StandardCharsets.US_ASCII);
    b.file = "\0\0\0\0\0\0\0\0\0\0abcdefghij".getBytes(StandardCharsets.US_ASCII);
    assertThat(check("a", split(State.COMPLETE))).isEmpty();
    assertThat(check("b", split(State.COMPLETE))).isEmpty();
    assertThat(a.hosts).startsWith("www.example.org ");
  }

  @Test
  void aSliceWithoutTheRestIsNone() {
    a.file = "0123456789".getBytes(StandardCharsets.US_ASCII);
    assertThat(check("a", split(State.COMPLETE)))
        .containsExactly("a: /big.bin: expected the whole length, 20 bytes, found 10");
  }

  @Test
  void aServerThatTakesNoRangesIsNone() {
    a.ranges = false;
    assertThat(check("a", split(State.COMPLETE)))
        .first()
        .isEqualTo(
            "a: /big.bin: expected 206 with Content-Range bytes 0-0/20, found 200 with null");
  }

  @Test
  void anotherTagThanElsewhereIsRefusedOnlyIfTheOtherIsComplete() {
    a.tag = "\"two\"";
    assertThat(check("a", split(State.COMPLETE)))
        .containsExactly("a: /big.bin: expected ETag \"one\" as on b, found ETag \"two\"");
    assertThat(check("a", split(State.UPDATING))).isEmpty();
  }

  @Test
  void aWeakTagSaysNothingOfBytes() {
    a.tag = "W/\"one\"";
    assertThat(check("a", split(State.COMPLETE)))
        .containsExactly("a: /big.bin: expected a strong ETag or a Last-Modified, found none");
  }

  @Test
  void anEdgeByteThatDiffersFromAnotherCopyIsSeen() {
    List<PartCopy> same = List.of(copy(1, 0, 19, "a"), copy(1, 0, 19, "b"));
    a.file = "0123456789abcdefghiX".getBytes(StandardCharsets.US_ASCII);
    assertThat(check("a", same)).containsExactly("a: /big.bin: byte 19 is not as on b");
  }

  @Test
  void aPartThatIsNotThereIsSeenAndADirectoryWithoutIndexIsThere() {
    List<PartCopy> whole =
        List.of(
            new PartCopy(1, "/", null, 0, "a", true, "1", State.UPDATING),
            new PartCopy(1, "/", null, 0, "b", true, "1", State.COMPLETE));
    a.status = 404;
    assertThat(check("a", whole)).containsExactly("a: /: expected an answer, found status 404");
    a.status = 403;
    assertThat(check("a", whole)).isEmpty();
    a.status = 503;
    assertThat(check("a", whole)).hasSize(1);
  }

  @Test
  void namedFilesMustBeTheSame() {
    List<PartCopy> whole =
        List.of(
            new PartCopy(1, "/", null, 0, "a", true, "1", State.UPDATING),
            new PartCopy(1, "/", null, 0, "b", true, "1", State.COMPLETE));
    a.file = "shorter".getBytes(StandardCharsets.US_ASCII);
    assertThat(
            new CopyCheck(standing(whole), nodes, "h", Duration.ofSeconds(5))
                .of("a", List.of("/index.html")))
        .containsExactly(
            "a: /index.html: expected 20 bytes, ETag \"one\" as on b, found 7 bytes, ETag \"one\"");
  }

  @Test
  void aServerThatIsNotThereIsSeen() {
    servers.getFirst().stop(0);
    assertThat(check("a", split(State.COMPLETE)))
        .singleElement()
        .asString()
        .startsWith("a: /big.bin: Connection refused");
  }

  private List<String> check(String node, List<PartCopy> copies) {
    return new CopyCheck(standing(copies), nodes, "www.example.org", Duration.ofSeconds(5))
        .of(node, List.of());
  }

  private static Standing standing(List<PartCopy> copies) {
    return new Standing(1, "www.example.org", "1", null, copies);
  }

  private static List<PartCopy> split(State other) {
    return List.of(
        copy(1, 0, 9, "a"),
        new PartCopy(2, FILE, new ByteRange(10, 19), SIZE, "b", true, "1", other));
  }

  private static PartCopy copy(int part, long first, long last, String node) {
    return new PartCopy(
        part, FILE, new ByteRange(first, last), SIZE, node, true, "1", State.COMPLETE);
  }
}

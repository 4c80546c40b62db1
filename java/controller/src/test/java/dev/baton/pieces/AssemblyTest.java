package dev.baton.pieces;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.address.Ip;
import dev.baton.directory.ByteRange;
import dev.baton.directory.ClientAddress;
import dev.baton.directory.Copy;
import dev.baton.directory.Dataset;
import dev.baton.directory.HealthCheck;
import dev.baton.directory.Node;
import dev.baton.directory.NodeLimits;
import dev.baton.directory.Part;
import dev.baton.reason.Reason;
import dev.baton.routing.SplitFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Answers of twenty bytes in two parts, from servers that do as they are told. */
class AssemblyTest {
  private static final Ip LOOPBACK = Ip.of(InetAddress.ofLiteral("127.0.0.1"));
  private static final String CONTENT = "0123456789abcdefghij";
  private static final String ETAG = "ETag: \"v1\"|Last-Modified: d|";
  private static final Duration SILENCE = Duration.ofMillis(300);

  private final List<Server> servers = new ArrayList<>();
  private final Pieces pieces = new Pieces(List.of(LOOPBACK), 2, SILENCE, SILENCE);

  /** Answers each connection's request by a function of its text; remembers what it was asked. */
  private static final class Server implements AutoCloseable {
    final ServerSocket listener;
    final Node node;
    final Queue<String> asked = new ConcurrentLinkedQueue<>();
    final UnaryOperator<String> answers;

    Server(String name, ClientAddress told, UnaryOperator<String> answers) throws IOException {
      this.answers = answers;
      listener = new ServerSocket(0, 50, LOOPBACK.toInet());
      node =
          new Node(
              name,
              List.of(LOOPBACK),
              listener.getLocalPort(),
              443,
              Node.State.UP,
              1,
              told,
              Node.Role.LOCAL,
              NodeLimits.NONE,
              HealthCheck.DEFAULT);
      Thread.ofVirtual().start(this::serve);
    }

    private void serve() {
      try {
        while (true) {
          Socket socket = listener.accept();
          Thread.ofVirtual().start(() -> answer(socket));
        }
      } catch (IOException e) {
        // It was closed.
      }
    }

    private void answer(Socket socket) {
      try (socket) {
        StringBuilder request = new StringBuilder();
        while (request.indexOf("\r\n\r\n") < 0) {
          request.append((char) socket.getInputStream().read());
        }
        asked.add(request.toString().replace("\r\n", "|"));
        String answer = answers.apply(request.toString());
        socket.getOutputStream().write(answer.getBytes(ISO_8859_1));
        if (answer.endsWith("~")) {
          Thread.sleep(SILENCE.multipliedBy(10));
        }
      } catch (IOException | InterruptedException e) {
        // The test has what it wanted.
      }
    }

    @Override
    public void close() {
      try {
        listener.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  @AfterEach
  void closeServers() {
    servers.forEach(Server::close);
  }

  private Server server(UnaryOperator<String> answers) throws IOException {
    return server(ClientAddress.OPTION, answers);
  }

  private Server server(ClientAddress told, UnaryOperator<String> answers) throws IOException {
    servers.add(new Server("n" + servers.size(), told, answers));
    return servers.getLast();
  }

  /** A proper server of the whole. */
  private static String good(String request) {
    return good(request, ETAG);
  }

  private static String good(String request, String validator) {
    String head = validator + "Content-Type: text/x|Server: s|Connection: close|";
    if (request.startsWith("HEAD")) {
      return ("HTTP/1.1 200 OK|" + head + "Content-Length: 20||").replace("|", "\r\n");
    }
    String range = request.replaceFirst("(?s).*\r\nRange: bytes=([0-9-]+)\r\n.*", "$1");
    int dash = range.indexOf('-');
    int first = Integer.parseInt(range, 0, dash, 10);
    int last = Integer.parseInt(range, dash + 1, range.length(), 10);
    return "HTTP/1.1 206 Partial Content|%sContent-Length: %d|Content-Range: bytes %s/20||"
            .formatted(head, last - first + 1, range)
            .replace("|", "\r\n")
        + CONTENT.substring(first, last + 1);
  }

  private static Part part(ByteRange range, List<Server> copies) {
    return new Part(
        "/f",
        range,
        "g",
        copies.stream()
            .map(s -> new Copy(s.node, Dataset.FIRST_VERSION, Copy.State.COMPLETE))
            .toList());
  }

  /** What the client got, and how it ended. */
  private record Got(String text, Outcome outcome) {
    String head() {
      return text.substring(0, text.indexOf("\r\n\r\n") + 4).replace("\r\n", "|");
    }

    String body() {
      return text.substring(text.indexOf("\r\n\r\n") + 4);
    }
  }

  private Got ask(String fields, List<Server> first, List<Server> second) throws Exception {
    var out = new ByteArrayOutputStream();
    var ended = new CountDownLatch(1);
    var outcome = new AtomicReference<@Nullable Outcome>();
    var handOver = new AtomicReference<@Nullable HandOver>();
    var made =
        new HandOver(() -> {
          HandOver self = handOver.get();
          if (self == null) {
            return;
          }
          MemorySegment chunk = MemorySegment.ofArray(new byte[HandOver.SIZE]);
          int length = self.copyTo(chunk);
          out.write((byte[]) chunk.heapBase().orElseThrow(), 0, length);
          self.taken(length);
          if (self.outcome() != null) {
            outcome.set(self.outcome());
            ended.countDown();
          }
        });
    handOver.set(made);
    assertThat(pieces.start(request(fields, first, second), made)).isTrue();
    assertThat(ended.await(20, TimeUnit.SECONDS)).isTrue();
    Outcome how = outcome.get();
    assertThat(how).isNotNull();
    return new Got(out.toString(ISO_8859_1), how == null ? new Outcome.Gone() : how);
  }

  private static PieceRequest request(String fields, List<Server> first, List<Server> second) {
    String head = "GET /f?q HTTP/1.1|Host: a.b|Connection: keep-alive|" + fields + "|";
    return new PieceRequest(
        MemorySegment.ofArray(head.replace("|", "\r\n").getBytes(ISO_8859_1)),
        null,
        new SplitFile(
            "/f", List.of(part(new ByteRange(0, 9), first), part(new ByteRange(10, 19), second))),
        part -> part.copies().stream().map(Copy::node).toList(),
        LOOPBACK,
        1234,
        LOOPBACK,
        80);
  }

  @Test
  void theWholeFromTwoNodes() throws Exception {
    Server a = server(AssemblyTest::good);
    Server b = server(AssemblyTest::good);
    Got got = ask("Cookie: c|Accept-Encoding: gzip|", List.of(a), List.of(b));
    assertThat(got.outcome()).isEqualTo(new Outcome.Complete());
    assertThat(got.head())
        .isEqualTo(
            "HTTP/1.1 200 OK|"
                + ETAG
                + "Content-Type: text/x|Server: s|Accept-Ranges: bytes|"
                + "Content-Length: 20|Connection: close||");
    assertThat(got.body()).isEqualTo(CONTENT);
    String asked = "GET /f?q HTTP/1.1|Host: a.b|Cookie: c|Connection: close|Range: bytes=";
    assertThat(a.asked).containsExactly(asked + "0-9||");
    assertThat(b.asked).containsExactly(asked + "10-19|If-Match: \"v1\"||");
    assertThat(pieces.bytesSum()).isEqualTo(20);
    assertThat(pieces.answersSum()).isEqualTo(1);
    Awaitility.await().until(() -> pieces.running() == 0);
  }

  @Test
  void aRangeOverBothAndSeveral() throws Exception {
    List<Server> both = List.of(server(AssemblyTest::good));
    Got one = ask("Range: bytes=8-11|", both, both);
    assertThat(one.head()).contains("206 Partial Content", "|Content-Range: bytes 8-11/20|");
    assertThat(one.body()).isEqualTo("89ab");
    Got two = ask("Range: bytes=9-10,0-1|", both, both);
    assertThat(two.head()).contains("|Content-Length: " + two.body().length() + "|");
    String mark = two.body().substring(2, 20);
    assertThat(two.body().replace("\r\n", "|"))
        .isEqualTo(
            ("|%1$s|Content-Type: text/x|Content-Range: bytes 9-10/20||9a"
                    + "|%1$s|Content-Type: text/x|Content-Range: bytes 0-1/20||01|%1$s--|")
                .formatted(mark));
  }

  /** What each of these says of the second part is not used; the copy that is right is. */
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "another version;             ETag: \"v1\"; ETag: \"v2\"",
        "another date;                Last-Modified: d; Last-Modified: e",
        "another range;               bytes 10-19/20; bytes 11-20/20",
        "another size;                bytes 10-19/20; bytes 10-19/21",
        "another length;              Content-Length: 10; Content-Length: 11",
        "chunks;                      Content-Length: 10; Transfer-Encoding: chunked",
        "a coding;                    Server: s; Content-Encoding: gzip",
        "the whole;                   206 Partial Content; 200 OK",
        "no longer there;             206 Partial Content; 404 Not Found",
        "an error;                    206 Partial Content; 500 Oops",
        "no HTTP;                     HTTP/1.1 206; HTP/1.1 206",
      })
  void aWrongPieceIsNotUsed(String what, String right, String wrong) throws Exception {
    Server good = server(AssemblyTest::good);
    Server bad = server(request -> good(request).replace(right, wrong));
    Got got = ask("", List.of(good), List.of(bad, good));
    assertThat(got.outcome()).as(what).isEqualTo(new Outcome.Complete());
    assertThat(got.body()).isEqualTo(CONTENT);
    assertThat(bad.asked).hasSize(1);
    Got cut = ask("", List.of(good), List.of(bad));
    assertThat(cut.outcome()).isEqualTo(new Outcome.Cut(Reason.PIECE_LOST));
    assertThat(cut.head()).contains("|Content-Length: 20|");
    assertThat(cut.body()).isEqualTo("0123456789");
  }

  /** It ends early, or says nothing more: the other copy goes on where it stopped. */
  @ParameterizedTest
  @ValueSource(strings = {"", "~"})
  void aNodeThatStops(String how) throws Exception {
    Server good = server(AssemblyTest::good);
    Server dying =
        server(request -> {
          String answer = good(request);
          return answer.substring(0, answer.length() - 4) + how;
        });
    // The mark that keeps its connection open is a byte of the piece to the client.
    String kept = how.isEmpty() ? "10-15" : "10-16";
    Server next = server(AssemblyTest::good);
    Got got = ask("", List.of(good), List.of(dying, next));
    assertThat(got.outcome()).isEqualTo(new Outcome.Complete());
    assertThat(got.body()).hasSize(20).startsWith("0123456789abcdef");
    int from = Integer.parseInt(kept.substring(3)) + 1;
    assertThat(next.asked).singleElement().asString().contains("Range: bytes=" + from + "-19|If-M");
    assertThat(pieces.resumedSum()).isEqualTo(1);
  }

  @Test
  void nobodyAnswers() throws Exception {
    Server closed = server(AssemblyTest::good);
    closed.close();
    Server silent = server(request -> "~");
    Server endless = server(request -> "HTTP/1.1 200 OK\r\nX: " + "x".repeat(20_000));
    Got got = ask("", List.of(closed, silent, endless), List.of(closed));
    assertThat(got.text()).isEmpty();
    assertThat(got.outcome())
        .isInstanceOfSatisfying(
            Outcome.Refused.class, refused -> assertThat(refused.status()).isEqualTo(502));
  }

  @Test
  void withoutAValidatorNothingIsPutTogether() throws Exception {
    Server none = server(request -> good(request, ""));
    assertThat(ask("", List.of(none), List.of(none)).outcome()).isInstanceOf(Outcome.Refused.class);
    Server date = server(request -> good(request, "Last-Modified: d|"));
    assertThat(ask("", List.of(date), List.of(date)).body()).isEqualTo(CONTENT);
    assertThat(date.asked).last().asString().contains("|If-Unmodified-Since: d|");
  }

  @Test
  void conditionsAreTheNodes() throws Exception {
    Server a =
        server(request ->
            request.startsWith("HEAD") && request.contains("None-Match")
                ? "HTTP/1.1 304 Not Modified\r\nETag: \"v1\"\r\n\r\n"
                : good(request));
    Got same = ask("If-None-Match: \"v1\"|", List.of(a), List.of(a));
    assertThat(same.head()).isEqualTo("HTTP/1.1 304 Not Modified|ETag: \"v1\"|Connection: close||");
    assertThat(a.asked).singleElement().asString().startsWith("HEAD /f?q HTTP/1.1|");
    Got current = ask("Range: bytes=9-10|If-Range: \"v1\"|", List.of(a), List.of(a));
    assertThat(current.body()).isEqualTo("9a");
    Got old = ask("Range: bytes=9-10|If-Range: \"v0\"|", List.of(a), List.of(a));
    assertThat(old.body()).isEqualTo(CONTENT);
    Got behind = ask("Range: bytes=20-|If-Match: *|", List.of(a), List.of(a));
    assertThat(behind.outcome())
        .isInstanceOfSatisfying(
            Outcome.Refused.class,
            refused -> {
              assertThat(refused.status()).isEqualTo(416);
              assertThat(refused.size()).isEqualTo(20);
            });
  }

  @Test
  void whatTheNodesRefuseIsPassedOn() throws Exception {
    String answer = "HTTP/1.1 401 No|WWW-Authenticate: Basic|Content-Length: 2|Content-Type: t||no";
    Server a = server(request -> answer.replace("|", "\r\n"));
    Got got = ask("", List.of(a), List.of(a));
    assertThat(got.text().replace("\r\n", "|"))
        .isEqualTo("HTTP/1.1 401 No|WWW-Authenticate: Basic|Content-Length: 0|Connection: close||");
  }

  @Test
  void aNodeThatWantsAHeaderIsTold() throws Exception {
    Server a =
        server(
            ClientAddress.PROXY_V1,
            request -> good(request.substring(request.indexOf("\r\n") + 2)));
    assertThat(ask("", List.of(a), List.of(a)).body()).isEqualTo(CONTENT);
    assertThat(a.asked).first().asString().startsWith("PROXY TCP4 127.0.0.1 127.0.0.1 1234 80|GET");
  }

  /** A client that takes nothing holds its thread, and no more are begun than may be. */
  @Test
  void aClientThatIsGone() throws Exception {
    Server a = server(AssemblyTest::good);
    List<HandOver> stuck = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      stuck.add(new HandOver(() -> {}));
      assertThat(pieces.start(request("", List.of(a), List.of(a)), stuck.getLast())).isTrue();
    }
    HandOver third = new HandOver(() -> {});
    assertThat(pieces.start(request("", List.of(a), List.of(a)), third)).isFalse();
    Awaitility.await().until(() -> a.asked.size() == 2);
    assertThat(pieces.bytesSum()).isZero();
    stuck.forEach(HandOver::cancel);
    Awaitility.await().until(() -> pieces.running() == 0);
    assertThat(a.asked).hasSize(2);
    // One that waits for a silent node hears of it, too.
    Server silent = server(request -> "~");
    HandOver waiting = new HandOver(() -> {});
    long start = System.nanoTime();
    assertThat(pieces.start(request("", List.of(silent), List.of(a)), waiting)).isTrue();
    Awaitility.await().until(() -> silent.asked.size() == 1);
    waiting.cancel();
    Awaitility.await().until(() -> pieces.running() == 0);
    assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(5));
  }
}

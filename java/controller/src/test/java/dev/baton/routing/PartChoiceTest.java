package dev.baton.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.address.Ip;
import dev.baton.directory.ByteRange;
import dev.baton.directory.Copy;
import dev.baton.directory.Dataset;
import dev.baton.directory.Node;
import dev.baton.directory.Part;
import dev.baton.directory.Snapshot;
import dev.baton.head.HeadParser;
import dev.baton.http.HostCache;
import dev.baton.http.Http1Head;
import dev.baton.http2.Http2Head;
import dev.baton.reason.Reason;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PartChoiceTest {
  private static final Node NODE = new Node("n", List.of(new Ip().setV4(1)), 80, Node.State.UP, 1);
  private static final Node GONE =
      new Node("gone", List.of(new Ip().setV4(2)), 80, Node.State.DOWN, 1);

  private final PartChoice choice = new PartChoice();
  private final Decision decision = new Decision();
  private final Http1Head parser = new Http1Head(16_384, new HostCache());

  private static Part part(String path, @Nullable ByteRange range, Node node) {
    return new Part(
        path, range, "g", List.of(new Copy(node, Dataset.FIRST_VERSION, Copy.State.COMPLETE)));
  }

  private static Dataset dataset(List<Part> parts) {
    return new Dataset(
        1, Dataset.FIRST_VERSION, Dataset.Balance.LEAST_FLOWS, Dataset.KeepAlive.REUSE, parts);
  }

  private static final Dataset SPLIT =
      dataset(
          List.of(
              part("/", null, NODE),
              part("/videos/", null, NODE),
              part("/videos/old", null, NODE),
              part("/big.bin", new ByteRange(200, 299), NODE),
              part("/big.bin", new ByteRange(0, 99), GONE),
              part("/big.bin", new ByteRange(100, 199), NODE)));

  private String choose(Dataset dataset, String head) {
    byte[] bytes = head.replace("|", "\r\n").getBytes(StandardCharsets.ISO_8859_1);
    MemorySegment segment = MemorySegment.ofArray(bytes);
    parser.reset();
    assertThat(parser.parse(segment, bytes.length)).isEqualTo(HeadParser.Result.COMPLETE);
    return choose(dataset, parser, segment);
  }

  private String choose(Dataset dataset, HeadParser head, MemorySegment bytes) {
    decision.begin(Snapshot.empty());
    if (choice.choose(Snapshot.empty(), dataset, head, bytes, decision)) {
      Part part = decision.part;
      return part == null ? "null" : part.path() + (part.range() == null ? "" : " " + part.range());
    }
    return decision.kind == Decision.Kind.ASSEMBLE
        ? "ASSEMBLE"
        : decision.status + " " + decision.reason;
  }

  @ParameterizedTest
  @CsvSource({
    "/,                /",
    "/a/b,             /",
    "/videos,          /videos/",
    "/videos/,         /videos/",
    "/videos?/old,     /videos/",
    "/videos/a,        /videos/",
    "/%76ideos//a,     /videos/",
    "/videos/../a,     /",
    "/a/../videos/a,   /videos/",
    "/videos-old,      /",
    "/videos/old,      /videos/old",
    "/videos/old/a/b,  /videos/old",
    "/videos/older,    /videos/",
    "/big.bin,         ASSEMBLE",
    "/big.bin/,        /",
    "/big.bin2,        /",
    "/./big%2Ebin?a=b, ASSEMBLE",
    "http://a/videos/, /videos/",
    "http://a,         /",
    "/../x,            400 BAD_PATH",
    "/videos%2fold,    400 BAD_PATH",
    "/a%00,            400 BAD_PATH",
  })
  void theLongestPathHolds(String target, String expected) {
    assertThat(choose(SPLIT, "GET " + target + " HTTP/1.1|Host: a||")).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "GET;  Range: bytes=0-99|;                    /big.bin 0-99",
        "GET;  Range: bytes=100-150|;                 /big.bin 100-199",
        "GET;  Range: bytes=-100|;                    /big.bin 200-299",
        "GET;  Range: bytes=200-|;                    /big.bin 200-299",
        "GET;  Range: bytes=250-9999|;                /big.bin 200-299",
        "GET;  Range: bytes=100-199|If-Match: \"x\"|; /big.bin 100-199",
        "GET;  Range: bytes=99-100|;                  ASSEMBLE",
        "GET;  Range: bytes=-101|;                    ASSEMBLE",
        "GET;  Range: bytes=0-|;                      ASSEMBLE",
        "GET;  Range: bytes=0-1,5-6|;                 ASSEMBLE",
        "GET;  Range: bytes=0-1|Range: bytes=2-3|;    ASSEMBLE",
        "GET;  Range: bytes=5-4|;                     ASSEMBLE",
        "GET;  Range: lines=0-1|;                     ASSEMBLE",
        "GET;  Range: bytes=0-1|If-Range: \"x\"|;     ASSEMBLE",
        "GET;  Range: bytes=300-|;                    416 RANGE_UNSATISFIABLE",
        "GET;  Range: bytes=-0|;                      416 RANGE_UNSATISFIABLE",
        "GET;  Range: bytes=300-|If-None-Match: *|;   ASSEMBLE",
        "HEAD; Range: bytes=0-|;                      /big.bin 100-199",
        "HEAD; X: y|;                                 /big.bin 100-199",
        "PUT;  Range: bytes=0-|;                      /big.bin 100-199",
      })
  void thenTheRange(String method, String fields, String expected) {
    assertThat(choose(SPLIT, method + " /big.bin HTTP/1.1|Host: a|" + fields + "|"))
        .isEqualTo(expected);
    if (expected.startsWith("416")) {
      assertThat(decision.size).isEqualTo(300);
    }
  }

  @Test
  void noPartHoldsIt() {
    Dataset few = dataset(List.of(part("/a", null, NODE), part("/b/c", null, NODE)));
    assertThat(choose(few, "GET /a HTTP/1.1|Host: a||")).isEqualTo("/a");
    assertThat(choose(few, "GET / HTTP/1.1|Host: a||")).isEqualTo("404 NO_PART");
    assertThat(choose(few, "GET /b HTTP/1.1|Host: a||")).isEqualTo("404 NO_PART");
    assertThat(choose(few, "OPTIONS * HTTP/1.1|Host: a||")).isEqualTo("404 NO_PART");
  }

  @Test
  void aWholeSiteLooksAtNothing() {
    Dataset whole = dataset(List.of(part("/", null, NODE)));
    assertThat(choose(whole, "GET /../%00 HTTP/1.1|Host: a||")).isEqualTo("/");
  }

  @Test
  void http2IsToldToSpeakHttp1() {
    Http2Head http2 = new Http2Head(16_384, new HostCache());
    assertThat(choose(SPLIT, http2, MemorySegment.NULL)).isEqualTo("505 UNSUPPORTED_REQUEST");
    assertThat(decision.reason).isEqualTo(Reason.UNSUPPORTED_REQUEST);
  }

  @Test
  void rangesWithAGapAreNone() {
    List<Part> parts =
        List.of(part("/f", new ByteRange(0, 9), NODE), part("/f", new ByteRange(11, 19), NODE));
    assertThatThrownBy(() -> new SplitFile("/f", parts))
        .hasMessage("/f: no part begins at byte 10");
    assertThatThrownBy(() -> new SplitFile("/f", parts.subList(1, 2)))
        .hasMessage("/f: no part begins at byte 0");
  }

  /** Ten thousand parts: below a microsecond, and nothing is allocated. */
  @Test
  void manyParts() {
    List<Part> parts = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      parts.add(part("/videos/%d/season-%d/".formatted(i % 100, i), null, NODE));
    }
    Dataset many = dataset(parts);
    String target = "/videos/77/season-9977/episode-3/part%2D2.mp4";
    assertThat(choose(many, "GET " + target + " HTTP/1.1|Host: a||"))
        .isEqualTo("/videos/77/season-9977/");
    byte[] bytes =
        ("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1);
    MemorySegment head = MemorySegment.ofArray(bytes);
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    Snapshot snapshot = Snapshot.empty();
    assertThat(choice.choose(snapshot, many, parser, head, decision)).isTrue();
    long best = Long.MAX_VALUE;
    long allocated = Long.MAX_VALUE;
    int times = 20_000;
    for (int round = 0; round < 20; round++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      long start = System.nanoTime();
      for (int i = 0; i < times; i++) {
        choice.choose(snapshot, many, parser, head, decision);
      }
      best = Math.min(best, (System.nanoTime() - start) / times);
      allocated = Math.min(allocated, threads.getCurrentThreadAllocatedBytes() - before);
    }
    System.out.println("a part among 10000 is found in " + best + " ns");
    assertThat(best).isLessThan(1000);
    assertThat(allocated).isLessThan(times);
  }
}

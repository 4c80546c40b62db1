package dev.baton.e2e;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.lab.Child;
import dev.baton.lab.Content;
import dev.baton.lab.Controller;
import dev.baton.lab.Curl;
import dev.baton.lab.Family;
import dev.baton.lab.Lab;
import dev.baton.lab.LabPlan;
import dev.baton.lab.Nginx;
import dev.baton.lab.Result;
import dev.baton.lab.Target;
import dev.baton.reason.Reason;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A file of 300 MB whose bytes are spread over three nodes, as sparse files of the whole length;
 * the middle third is on two of them. Other paths of the site are on one node or another.
 */
@Tag("namespace")
@ExtendWith(SceneExtension.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PiecesTest {
  private static final String SITE = "split.example.com";
  private static final long THIRD = 100_000_000;
  private static final long SIZE = 3 * THIRD;
  private static final int ONE_COPY = 11;
  private static final Instant MODIFIED = Instant.parse("2026-01-02T03:04:05Z");
  private static final int LIMIT = 3;

  @TempDir static Path folder;

  private Lab lab;
  private Controller controller;
  private Curl curl;
  private final List<Nginx> servers = new ArrayList<>();
  private Path whole;

  @BeforeAll
  void open() throws IOException {
    lab = LabPlan.of(3).open();
    whole = folder.resolve("whole");
    Content.write(whole, SIZE, ONE_COPY);
    for (int i = 1; i <= 3; i++) {
      Target target = lab.target(i);
      sparse(target, "big.bin", (i - 1) * THIRD, THIRD, MODIFIED);
      Content.write(target.files().resolve("1k"), 1000, i);
      Content.write(target.files().resolve("videos/1k"), 1000, 10 + i);
      servers.add(Nginx.start(lab, target, 80));
    }
    sparse(lab.target(3), "big.bin", THIRD, THIRD, MODIFIED);
    // Of this one, the third node has another version.
    sparse(lab.target(1), "mixed.bin", 0, THIRD, MODIFIED);
    sparse(lab.target(3), "mixed.bin", THIRD, THIRD, MODIFIED.plusSeconds(1));
    controller =
        Controller.create(
            lab, Controller.standardFile(lab) + "max-assembled-answers: " + LIMIT + "\n");
    controller.apply(cluster());
    controller.start();
    curl = new Curl(lab, Scene.LIMIT);
  }

  @AfterAll
  void close() {
    lab.close();
  }

  private String cluster() {
    return Controller.standardCluster(lab)
        .replace(
            "sites:\n",
            """
            groups:
              - { name: g1, nodes: [qure-2] }
              - { name: g2, nodes: [qure-3, qure-4] }
              - { name: g3, nodes: [qure-4] }
            sites:
              - host: split.example.com
                parts:
                  - { path: /1k, group: g1 }
                  - { path: /up/, group: g1 }
                  - { path: /videos/, group: g3 }
                  - { path: /big.bin, range: 0-99999999, group: g1 }
                  - { path: /big.bin, range: 100000000-199999999, group: g2 }
                  - { path: /big.bin, range: 200000000-299999999, group: g3 }
                  - { path: /mixed.bin, range: 0-99999999, group: g1 }
                  - { path: /mixed.bin, range: 100000000-299999999, group: g3 }
            """);
  }

  /** As {@code truncate}, {@code dd conv=notrunc} and {@code touch -d} make it. */
  private void sparse(Target target, String name, long from, long length, Instant modified)
      throws IOException {
    Path file = target.files().resolve(name);
    try (RandomAccessFile sized = new RandomAccessFile(file.toFile(), "rw");
        FileChannel in = FileChannel.open(whole)) {
      sized.setLength(SIZE);
      FileChannel to = sized.getChannel().position(from);
      for (long done = 0; done < length; ) {
        done += in.transferTo(from + done, length - done, to);
      }
    }
    Files.setLastModifiedTime(file, FileTime.from(modified));
  }

  private long passed() {
    return number("bytes");
  }

  private long number(String name) {
    String status = controller.command("status", "--json").orThrow();
    Matcher pieces =
        Pattern.compile("\"pieces\" ?: ?\\{[^}]*\"" + name + "\" ?: ?([0-9]+)").matcher(status);
    assertThat(pieces.find()).as(status).isTrue();
    return Long.parseLong(pieces.group(1));
  }

  private long count(Reason reason) {
    String status = controller.command("status", "--json").orThrow();
    Matcher found =
        Pattern.compile("\"" + reason.name().toLowerCase(Locale.ROOT) + "\" ?: ?([0-9]+)")
            .matcher(status);
    return found.find() ? Long.parseLong(found.group(1)) : 0;
  }

  private String slice(long first, long last) {
    try (FileChannel in = FileChannel.open(whole)) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(in.map(FileChannel.MapMode.READ_ONLY, first, last - first + 1));
      return HexFormat.of().formatHex(digest.digest());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  private String get(Curl by, String path, Path into, int status, String... options) {
    Path head = folder.resolve("head");
    List<String> all = new ArrayList<>(List.of("-D", head.toString()));
    all.addAll(List.of(options));
    Curl.Reply reply = by.get(SITE, path, into, all.toArray(String[]::new));
    assertThat(reply).returns(0, Curl.Reply::exit).returns(status, Curl.Reply::status);
    try {
      return Files.readString(head, ISO_8859_1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @ParameterizedTest
  @EnumSource(Family.class)
  void theWhole(Family family) {
    Path copy = folder.resolve("copy");
    long before = passed();
    String head = get(new Curl(lab, Scene.LIMIT, family), "/big.bin", copy, 200);
    assertThat(Content.sha256(copy)).isEqualTo(Content.sha256(whole));
    assertThat(head)
        .contains("Content-Length: " + SIZE, "Accept-Ranges: bytes", "ETag: \"")
        .contains("Last-Modified: Fri, 02 Jan 2026 03:04:05 GMT", "Connection: close")
        .doesNotContain("Content-Range");
    assertThat(passed() - before).isEqualTo(SIZE);
  }

  @ParameterizedTest
  @CsvSource({
    "0-999,               0,         999,       false",
    "0-99999999,          0,         99999999,  false",
    "100000000-100999999, 100000000, 100999999, false",
    "299999990-400000000, 299999990, 299999999, false",
    "-500,                299999500, 299999999, false",
    "200000000-,          200000000, 299999999, false",
    "99999000-100001000,  99999000,  100001000, true",
    "99999999-200000000,  99999999,  200000000, true",
    "199999999-,          199999999, 299999999, true",
  })
  void aRange(String range, long first, long last, boolean assembled) {
    Path copy = folder.resolve("copy");
    long before = passed();
    String head = get(curl, "/big.bin", copy, 206, "-r", range);
    assertThat(Scene.size(copy)).isEqualTo(last - first + 1);
    assertThat(Content.sha256(copy)).isEqualTo(slice(first, last));
    assertThat(head)
        .contains("Content-Range: bytes %d-%d/%d\r\n".formatted(first, last, SIZE))
        .contains("Connection: close");
    assertThat(passed() - before).isEqualTo(assembled ? last - first + 1 : 0);
  }

  /** Two ranges of different parts, one curl, which would use its connection again. */
  @Test
  void oneCurlAsksForTwoRanges() {
    Path a = folder.resolve("a");
    Path b = folder.resolve("b");
    List<String> line = new ArrayList<>(Arrays.asList(command(a, "0-999")));
    line.add("--next");
    line.addAll(Arrays.asList(command(b, "250000000-250000999")).subList(1, line.size() - 1));
    Result result = lab.client().run(Scene.LIMIT, line.toArray(String[]::new));
    assertThat(result.exit()).as(result.toString()).isZero();
    assertThat(Content.sha256(a)).isEqualTo(slice(0, 999));
    assertThat(Content.sha256(b)).isEqualTo(slice(250_000_000, 250_000_999));
  }

  private String[] command(Path into, String range) {
    List<String> line =
        new ArrayList<>(Arrays.asList(curl.command(SITE, "/big.bin", into, "-r", range)));
    line.remove("-q"); // only the first argument of all may be that
    return line.toArray(String[]::new);
  }

  @Test
  void inParallel() throws IOException {
    int slices = 8;
    long each = SIZE / slices;
    List<String> line = new ArrayList<>(List.of("curl", "-Z"));
    for (int i = 0; i < slices; i++) {
      String range = i * each + "-" + ((i + 1) * each - 1);
      List<String> one = Arrays.asList(command(folder.resolve("slice-" + i), range));
      line.addAll(one.subList(1, one.size()));
      if (i + 1 < slices) {
        line.add("--next");
      }
    }
    Result result = lab.client().run(Scene.LIMIT, line.toArray(String[]::new));
    assertThat(result.exit()).as(result.toString()).isZero();
    for (int i = 0; i < slices; i++) {
      Path slice = folder.resolve("slice-" + i);
      assertThat(Content.sha256(slice))
          .as("slice " + i)
          .isEqualTo(slice(i * each, (i + 1) * each - 1));
      Files.delete(slice);
    }
  }

  @ParameterizedTest
  @CsvSource({"150000000", "100000000", "299999999"})
  void resumed(long had) throws IOException {
    Path copy = folder.resolve("resumed");
    Files.copy(whole, copy, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    try (FileChannel cut = FileChannel.open(copy, java.nio.file.StandardOpenOption.WRITE)) {
      cut.truncate(had);
    }
    get(curl, "/big.bin", copy, 206, "-C", "-");
    assertThat(Content.sha256(copy)).isEqualTo(Content.sha256(whole));
  }

  @Test
  void severalRangesInOneRequest() throws IOException {
    Path copy = folder.resolve("several");
    String ranges = "99999995-100000004,0-4,150000000-150000009,3-9,-10";
    String head = get(curl, "/big.bin", copy, 206, "-r", ranges);
    Matcher boundary =
        Pattern.compile("Content-Type: multipart/byteranges; boundary=([0-9a-f]{16})\r\n")
            .matcher(head);
    assertThat(boundary.find()).as(head).isTrue();
    var expected = new ByteArrayOutputStream();
    for (long[] span :
        new long[][] {
          {99_999_995, 100_000_004}, {0, 9}, {150_000_000, 150_000_009}, {SIZE - 10, SIZE - 1}
        }) {
      expected.writeBytes(
          "\r\n--%s\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes %d-%d/%d\r\n\r\n"
              .formatted(boundary.group(1), span[0], span[1], SIZE)
              .getBytes(ISO_8859_1));
      expected.writeBytes(bytes(span[0], span[1]));
    }
    expected.writeBytes("\r\n--%s--\r\n".formatted(boundary.group(1)).getBytes(ISO_8859_1));
    assertThat(head.replaceAll("(?s)boundary=[0-9a-f]{16}", ""))
        .contains("Content-Length: " + expected.size() + "\r\n");
    byte[] got = Files.readAllBytes(copy);
    String type = "Content-Type: ";
    // nginx's own default type is not ours to know.
    assertThat(new String(got, ISO_8859_1).replaceAll(type + "[a-z/-]+", type))
        .isEqualTo(expected.toString(ISO_8859_1).replaceAll(type + "[a-z/-]+", type));
  }

  private byte[] bytes(long first, long last) throws IOException {
    try (RandomAccessFile in = new RandomAccessFile(whole.toFile(), "r")) {
      byte[] bytes = new byte[(int) (last - first + 1)];
      in.seek(first);
      in.readFully(bytes);
      return bytes;
    }
  }

  @Test
  void headAndConditions() {
    String head = get(curl, "/big.bin", Scene.NOWHERE, 200, "-I");
    assertThat(head).contains("Content-Length: " + SIZE).contains("Connection: close");
    Matcher etag = Pattern.compile("ETag: (\"[^\"]+\")").matcher(head);
    assertThat(etag.find()).isTrue();
    String same = etag.group(1);
    Path copy = folder.resolve("conditional");
    get(curl, "/big.bin", Scene.NOWHERE, 304, "-H", "If-None-Match: " + same);
    get(curl, "/big.bin", Scene.NOWHERE, 412, "-H", "If-Match: \"other\"");
    get(
        curl,
        "/big.bin",
        Scene.NOWHERE,
        304,
        "-H",
        "If-Modified-Since: Fri, 02 Jan 2026 03:04:05 GMT");
    get(curl, "/big.bin", copy, 206, "-r", "5-9", "-H", "If-Range: " + same);
    assertThat(Content.sha256(copy)).isEqualTo(slice(5, 9));
    get(curl, "/big.bin", copy, 206, "-r", "99999999-100000000", "-H", "If-Match: " + same);
    assertThat(Content.sha256(copy)).isEqualTo(slice(99_999_999, 100_000_000));
    get(curl, "/big.bin", copy, 200, "-r", "5-9", "-H", "If-Range: \"other\"");
    assertThat(Content.sha256(copy)).isEqualTo(Content.sha256(whole));
  }

  @Test
  void whatIsNotThere() {
    String head = get(curl, "/big.bin", Scene.NOWHERE, 416, "-r", SIZE + "-");
    assertThat(head).contains("Content-Range: bytes */" + SIZE + "\r\n");
    assertThat(count(Reason.RANGE_UNSATISFIABLE)).isPositive();
    get(curl, "/nothing", Scene.NOWHERE, 404);
    assertThat(count(Reason.NO_PART)).isPositive();
    get(curl, "/videos/../../1k", Scene.NOWHERE, 400, "--path-as-is");
    get(curl, "/videos%2f1k", Scene.NOWHERE, 400);
    assertThat(count(Reason.BAD_PATH)).isEqualTo(2);
  }

  /** Each path comes from its node, and the client, which would go on, is told that it cannot. */
  @ParameterizedTest
  @EnumSource(Family.class)
  void aPath(Family family) throws IOException {
    Curl by = new Curl(lab, Scene.LIMIT, family);
    Path copy = folder.resolve("copy");
    for (String path : List.of("/1k", "//%31k", "/videos/../1k")) {
      String head = get(by, path, copy, 200, "--path-as-is", "-H", "Connection: keep-alive");
      assertThat(head).contains("Connection: close", "X-Node: qure-2");
      assertThat(Content.sha256(copy))
          .isEqualTo(Content.sha256(lab.target(1).files().resolve("1k")));
    }
    assertThat(get(by, "/videos//1k", copy, 200)).contains("Connection: close", "X-Node: qure-4");
    Path sent = folder.resolve("sent");
    Content.write(sent, 5_000_000, 3);
    Path up = lab.target(1).files().resolve("up/sent");
    Files.deleteIfExists(up);
    get(by, "/up/sent", Scene.NOWHERE, 201, "-T", sent.toString());
    assertThat(Content.sha256(up)).isEqualTo(Content.sha256(sent));
    Files.delete(up);
    get(
        by,
        "/up/sent",
        Scene.NOWHERE,
        201,
        "-T",
        sent.toString(),
        "-H",
        "Transfer-Encoding: chunked");
    assertThat(Content.sha256(up)).isEqualTo(Content.sha256(sent));
  }

  @Test
  void aSecondRequestBehindTheFirstIsRefused() {
    long before = count(Reason.SECOND_REQUEST);
    String request = "GET /1k HTTP/1.1\\r\\nHost: " + SITE + "\\r\\n\\r\\n";
    String answer =
        lab.client().sh("printf '%s%s' | nc -w 5 %s 80".formatted(request, request, Lab.PUBLIC));
    assertThat(answer).startsWith("HTTP/1.1 400 ");
    assertThat(count(Reason.SECOND_REQUEST) - before).isEqualTo(1);
  }

  @Test
  void http2IsSentToHttp1() {
    Result result =
        lab.client()
            .run(
                Scene.LIMIT,
                curl.command(SITE, "/1k", Scene.NOWHERE, "--http2-prior-knowledge", "-v"));
    assertThat(result.exit()).as(result.toString()).isNotZero();
    assertThat(result.err()).containsAnyOf("HTTP_1_1_REQUIRED", "error=13");
  }

  @Test
  void anotherVersionEndsTheAnswerShort() {
    long before = count(Reason.PIECE_LOST);
    Path copy = folder.resolve("mixed");
    Curl.Reply reply = curl.get(SITE, "/mixed.bin", copy);
    assertThat(reply).returns(18, Curl.Reply::exit).returns(200, Curl.Reply::status);
    assertThat(Content.sha256(copy)).isEqualTo(slice(0, THIRD - 1));
    assertThat(count(Reason.PIECE_LOST) - before).isEqualTo(1);
  }

  /** One slow client each for as many answers as there may be; the memory is the kernel's. */
  @Test
  void oneAnswerTooManyIsRefused() {
    List<Child> slow = new ArrayList<>();
    try {
      for (int i = 0; i < LIMIT; i++) {
        String[] line = curl.command(SITE, "/big.bin", Scene.NOWHERE, "--limit-rate", "100k");
        slow.add(lab.client().start("slow-" + i, line));
      }
      Scene.await("as many as may be", Scene.LIMIT, () -> number("running") == LIMIT);
      get(curl, "/big.bin", Scene.NOWHERE, 503);
      assertThat(count(Reason.TOO_MANY_ASSEMBLED)).isEqualTo(1);
      get(curl, "/big.bin", Scene.NOWHERE, 206, "-r", "0-9");
    } finally {
      slow.forEach(Child::kill);
    }
    Scene.await("their end", Scene.LIMIT, () -> number("running") == 0);
  }

  /** The node of the middle third dies in the middle of it: the other copy goes on. */
  @Test
  void aNodeThatDies() throws IOException {
    Path copy = folder.resolve("survivor");
    Files.deleteIfExists(copy);
    long before = number("resumed");
    String[] line =
        curl.command(SITE, "/big.bin", copy, "-r", "90000000-210000000", "--limit-rate", "40M");
    try (Child client = lab.client().start("survivor", line)) {
      Scene.await("half of it", Scene.LIMIT, () -> Scene.size(copy) > 40_000_000);
      servers.get(1).close();
      Scene.await("the end", Scene.LIMIT, () -> !client.isAlive());
    } finally {
      servers.set(1, Nginx.start(lab, lab.target(2), 80));
    }
    assertThat(Content.sha256(copy)).isEqualTo(slice(90_000_000, 210_000_000));
    assertThat(number("resumed") - before).isEqualTo(1);
  }
}

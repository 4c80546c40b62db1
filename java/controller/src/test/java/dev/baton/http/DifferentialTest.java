package dev.baton.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.http.Reading.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.Arguments;

/**
 * Our reader of HTTP/1 heads beside two others, Netty's and Jetty's: a target may read as either
 * does, and must find the same host, the same body and the same end in every head that we pass on.
 * That one of them refuses what we accept does no harm, and still every such case is named here.
 *
 * <p>{@code -Dbaton.heads=…} for more than the usual 20,000, {@code -Dbaton.heads.seed=…} for
 * others.
 */
class DifferentialTest {
  private static final int HEADS = Integer.getInteger("baton.heads", 20_000);
  private static final long SEED = Long.getLong("baton.heads.seed", 1);

  /** What is refused here and by neither of the two: the reason why we are stricter than both. */
  private static final Set<HeadProblem> STRICTER =
      EnumSet.of(
          // They leave the name to their users; Netty reads none.
          HeadProblem.BAD_HOST,
          // RFC 9112, section 3 lets a reader take any white space apart. We take one space.
          HeadProblem.BAD_REQUEST_LINE,
          HeadProblem.BAD_TARGET,
          // They take the scheme of their connection from elsewhere.
          HeadProblem.WRONG_SCHEME,
          // "http/1.1": RFC 9112, section 2.3 says that the name is case-sensitive.
          HeadProblem.BAD_VERSION,
          HeadProblem.VERSION_NOT_SUPPORTED,
          HeadProblem.HTTP2_PREFACE,
          HeadProblem.CONNECT_REFUSED,
          // Before the request line: there both pass over it.
          HeadProblem.BARE_LF,
          // "chunked," and the like: RFC 9110, section 5.6.1 lets an element of a list be empty.
          HeadProblem.BAD_TRANSFER_ENCODING,
          // "gzip, chunked".
          HeadProblem.TRANSFER_ENCODING_NOT_SUPPORTED);

  /** What we accept and Jetty refuses. Netty has to accept it, and reads what we do. */
  private static final Set<String> JETTY_REFUSES =
      Set.of(
          // "a:" (RFC 3986, section 3.2.3 allows the colon alone), and names in UTF-8.
          "400 Bad HostPort", "target: Bad authority");

  private static final List<String> HEADS_BY_HAND = new ArrayList<>();
  private static int valid;

  private int agreed;
  private final Set<HeadProblem> stricter = EnumSet.noneOf(HeadProblem.class);
  private final Set<String> jettyRefused = new TreeSet<>();

  @BeforeAll
  static void gather() throws IOException {
    HeadTable.accepted().map(DifferentialTest::head).forEach(HEADS_BY_HAND::add);
    valid = HEADS_BY_HAND.size();
    HeadTable.refused().map(DifferentialTest::head).forEach(HEADS_BY_HAND::add);
    Path inputs = Path.of("src/test/resources/dev/baton/http/RequestHeadFuzzTestInputs/anyBytes");
    try (Stream<Path> files = Files.list(inputs)) {
      for (Path file : files.sorted().toList()) {
        HEADS_BY_HAND.add(Files.readString(file, ISO_8859_1));
      }
    }
  }

  private static String head(Arguments row) {
    return (String) row.get()[1];
  }

  @Test
  void headsByHandAreReadAlike() {
    HEADS_BY_HAND.forEach(this::compare);
    assertThat(agreed).as("heads that all three accept").isGreaterThan(valid * 3 / 4);
    assertThat(STRICTER).containsAll(stricter);
  }

  @Test
  void headsByChanceAreReadAlike() {
    Mutations heads = new Mutations(SEED, HEADS_BY_HAND, valid);
    for (int i = 0; i < HEADS; i++) {
      compare(heads.next());
    }
    assertThat(agreed).as("heads that all three accept").isGreaterThan(HEADS / 6);
    assertThat(stricter).isEqualTo(STRICTER);
    assertThat(jettyRefused).isEqualTo(JETTY_REFUSES);
  }

  private void compare(String head) {
    byte[] bytes = head.getBytes(ISO_8859_1);
    Reading ours = Reading.of(bytes);
    Reading netty = NettyReader.read(bytes);
    Reading jetty = JettyReader.read(bytes);
    switch (ours.verdict()) {
      case ACCEPTED -> accepted(head, ours, netty, jetty);
      case MORE -> {
        assertThat(netty.verdict()).as(head).isNotEqualTo(Verdict.ACCEPTED);
        assertThat(jetty.verdict()).as(head).isNotEqualTo(Verdict.ACCEPTED);
      }
      case REFUSED -> {
        if (netty.verdict() == Verdict.ACCEPTED && jetty.verdict() == Verdict.ACCEPTED) {
          stricter.add(HeadProblem.valueOf(ours.refusal()));
        }
      }
    }
  }

  private void accepted(String head, Reading ours, Reading netty, Reading jetty) {
    assertThat(netty).as("Netty reads %s", head).isEqualTo(ours);
    if (jetty.verdict() == Verdict.REFUSED) {
      assertThat(JETTY_REFUSES).as("why Jetty refuses %s", head).contains(jetty.refusal());
      jettyRefused.add(jetty.refusal());
    } else {
      assertThat(jetty).as("Jetty reads %s", head).isEqualTo(ours);
      agreed++;
    }
  }
}

package dev.baton.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.e2e.Impairment.Counter;
import dev.baton.e2e.Impairment.Rates;
import dev.baton.lab.Content;
import dev.baton.lab.Curl;
import dev.baton.lab.Lab;
import dev.baton.lab.Nginx;
import dev.baton.lab.Target;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Handshakes that do not go by the book, on either leg: SYN cookies, SYN,ACKs lost. A hundred
 * downloads out of a hundred are whole in each case.
 */
@Tag("namespace")
@ExtendWith(SceneExtension.class)
class HandshakeTest {
  private static final int DOWNLOADS = 100;
  private static final int AT_A_TIME = 10;
  private static final int SIZE = 300_000;
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @ParameterizedTest
  @MethodSource("dev.baton.e2e.Combination#tc")
  void clientLegsOpenedByASynCookie(Combination combination) throws Exception {
    try (Lab lab = combination.wire()) {
      lab.dmz().sysctl("net.ipv4.tcp_syncookies", "2");
      var before = NetworkCounters.read(lab.dmz());
      downloads(combination, lab);
      var since = NetworkCounters.read(lab.dmz()).since(before);
      assertThat(since.get("TcpExtSyncookiesRecv")).isEqualTo(DOWNLOADS);
    }
  }

  @ParameterizedTest
  @MethodSource("dev.baton.e2e.Combination#tc")
  void targetsThatAnswerWithASynCookie(Combination combination) throws Exception {
    try (Lab lab = combination.wire()) {
      lab.target(1).namespace().sysctl("net.ipv4.tcp_syncookies", "2");
      var before = NetworkCounters.read(lab.target(1).namespace());
      downloads(combination, lab);
      var since = NetworkCounters.read(lab.target(1).namespace()).since(before);
      assertThat(since.get("TcpExtSyncookiesRecv")).isEqualTo(DOWNLOADS);
    }
  }

  @ParameterizedTest
  @MethodSource("dev.baton.e2e.Combination#tc")
  void bothLegsByASynCookie(Combination combination) throws Exception {
    try (Lab lab = combination.wire()) {
      lab.dmz().sysctl("net.ipv4.tcp_syncookies", "2");
      lab.target(1).namespace().sysctl("net.ipv4.tcp_syncookies", "2");
      downloads(combination, lab);
    }
  }

  static Stream<Arguments> combinationsAndLosses() {
    return Combination.tc()
        .flatMap(each -> Stream.of(Arguments.of(each, 1), Arguments.of(each, 2)));
  }

  @ParameterizedTest(name = "{0}, {1} lost")
  @MethodSource("combinationsAndLosses")
  void theTargetsSynAckIsLost(Combination combination, int times) throws Exception {
    try (Lab lab = combination.wire();
        Impairment bad =
            Impairment.of(lab.target(1).namespace(), "t0", new Rates(0, 0, 0, times), Rates.NONE)) {
      downloads(combination, lab);
      assertThat(bad.sent().count(Counter.SYNACKS_LOST))
          .as("%s", bad.sent())
          .isGreaterThanOrEqualTo((long) DOWNLOADS * times);
    }
  }

  @ParameterizedTest(name = "{0}, {1} lost")
  @MethodSource("combinationsAndLosses")
  void theDmzNodesSynAckIsLost(Combination combination, int times) throws Exception {
    try (Lab lab = combination.wire();
        Impairment bad = Impairment.of(lab.client(), "c0", Rates.NONE, new Rates(0, 0, 0, times))) {
      downloads(combination, lab);
      assertThat(bad.received().count(Counter.SYNACKS_LOST))
          .as("%s", bad.received())
          .isEqualTo((long) DOWNLOADS * times);
    }
  }

  private static void downloads(Combination combination, Lab lab) throws Exception {
    Target target = lab.target(1);
    Nginx.start(lab, target, 80);
    Path file = target.files().resolve("file");
    Content.write(file, SIZE, 13);
    String hash = Content.sha256(file);
    combination.start(lab);
    var curl = new Curl(lab, LIMIT, combination.family());
    Path folder = Files.createDirectories(lab.folder().resolve("www").resolve("down"));
    List<Future<String>> results = new ArrayList<>();
    try (ExecutorService workers = Executors.newFixedThreadPool(AT_A_TIME)) {
      for (int i = 0; i < DOWNLOADS; i++) {
        Path copy = folder.resolve(Integer.toString(i));
        results.add(
            workers.submit(() -> {
              Curl.Reply reply = curl.get(Scene.SITE, "/file", copy);
              return reply.exit() == 0 && reply.status() == 200
                  ? Content.sha256(copy)
                  : reply.toString();
            }));
      }
    }
    List<String> hashes = new ArrayList<>();
    for (Future<String> result : results) {
      hashes.add(result.get());
    }
    assertThat(hashes).hasSize(DOWNLOADS).allMatch(hash::equals);
  }
}

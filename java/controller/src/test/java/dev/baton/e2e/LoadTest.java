package dev.baton.e2e;

import static dev.baton.e2e.Scene.SITE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.lab.Content;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Many connections at a time. */
@Tag("namespace")
@ExtendWith(SceneExtension.class)
class LoadTest {
  private static final Duration LONG = Duration.ofMinutes(5);
  private static final Pattern REQUESTS = Pattern.compile("(\\d+) requests in");

  @TempDir Path folder;

  @Test
  void fiveHundredDownloadsFiftyAtATime(Scene scene) {
    String hash = Content.sha256(scene.lab.target(1).files().resolve("medium"));
    String out =
        scene
            .lab
            .client()
            .run(
                LONG,
                "sh",
                "-c",
                """
                seq 500 | xargs -P 50 -I+ sh -c '
                  curl -q -sSf --noproxy "*" --resolve www.example.com:80:10.0.1.1 http://www.example.com/medium |
                    sha256sum' | sort | uniq -c
                """)
            .orThrow();
    assertThat(out.strip()).isEqualTo("500 " + hash + "  -");
  }

  @Test
  void aHundredUploadsTenAtATime(Scene scene) {
    Content.write(folder.resolve("file"), Scene.LARGE, 9);
    scene
        .lab
        .client()
        .run(
            LONG,
            "sh",
            "-c",
            """
            seq 100 | xargs -P 10 -I+ curl -q -sSf --noproxy "*" --resolve www.example.com:80:10.0.1.1 -T %s \
              -o /dev/null http://www.example.com/up/many-+
            """
                .formatted(folder.resolve("file")))
        .orThrow();
    String sums =
        scene
            .lab
            .target(1)
            .namespace()
            .sh(
                "sha256sum %s/up/many-* | cut -d' ' -f1 | sort | uniq -c"
                    .formatted(scene.lab.target(1).files()));
    assertThat(sums.strip()).isEqualTo("100 " + Content.sha256(folder.resolve("file")));
  }

  @Test
  void wrkWithANewConnectionForEachRequestTwiceInARow(Scene scene) {
    assertThat(wrk(scene, "-c32", "-d10s", "-H", "Connection: close")).isPositive();
    assertThat(wrk(scene, "-c32", "-d10s", "-H", "Connection: close")).isPositive();
  }

  @Test
  void wrkWithAHundredKeptAliveConnections(Scene scene) {
    assertThat(wrk(scene, "-c100", "-d5s")).isPositive();
  }

  @Test
  void lingeringPairsAreReplacedWhenPortsRunShort() {
    try (Scene few = Scene.open("10000-11999")) {
      long deadline = System.nanoTime() + LONG.toNanos();
      long requests = 0;
      while (requests < 300_000 && System.nanoTime() < deadline) {
        requests += wrk(few, "-c32", "-d10s", "-H", "Connection: close");
      }
      assertThat(requests).isGreaterThanOrEqualTo(300_000);
    }
  }

  /** Runs wrk; every request must have been answered with a 2xx. Returns how many there were. */
  private static long wrk(Scene scene, String... options) {
    String[] line = new String[options.length + 5];
    line[0] = "wrk";
    line[1] = "-t1";
    System.arraycopy(options, 0, line, 2, options.length);
    line[line.length - 3] = "-H";
    line[line.length - 2] = "Host: " + SITE;
    line[line.length - 1] = "http://10.0.1.1:80/1k";
    String out = scene.lab.client().run(LONG, line).orThrow();
    assertThat(out).doesNotContain("Socket errors").doesNotContain("Non-2xx");
    Matcher requests = REQUESTS.matcher(out);
    assertThat(requests.find()).as(out).isTrue();
    return Long.parseLong(requests.group(1));
  }
}

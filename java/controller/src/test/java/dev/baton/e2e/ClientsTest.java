package dev.baton.e2e;

import static dev.baton.e2e.Scene.SITE;
import static dev.baton.e2e.Scene.WILDCARD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.lab.Content;
import dev.baton.lab.Probe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Clients that people use, each with its own way of speaking HTTP. */
@Tag("namespace")
@ExtendWith(SceneExtension.class)
class ClientsTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @TempDir Path folder;

  private static void need(String program) {
    List<String> missing = Probe.missing(program);
    assumeTrue(missing.isEmpty(), () -> "missing: " + missing);
  }

  @Test
  void wgetGetsAFileWhole(Scene scene) {
    need("wget");
    Path copy = folder.resolve("copy");
    scene
        .lab
        .client()
        .run(
            LIMIT,
            "wget",
            "-q",
            "--no-proxy",
            "--header",
            "Host: " + WILDCARD,
            "-O",
            copy.toString(),
            "http://10.0.1.1/medium")
        .orThrow();
    assertThat(Content.sha256(copy))
        .isEqualTo(Content.sha256(scene.lab.target(2).files().resolve("medium")));
  }

  @Test
  void printfAndNetcatGetAnAnswer(Scene scene) {
    String answer =
        scene
            .lab
            .client()
            .sh(
                "printf 'GET /1k HTTP/1.0\\r\\nHost: %s\\r\\n\\r\\n' | nc -w 5 10.0.1.1 80 | head -1"
                    .formatted(SITE));
    assertThat(answer.strip()).isEqualTo("HTTP/1.1 200 OK");
  }

  @Test
  void chromiumShowsAPageWithItsParts(Scene scene) throws IOException {
    need("chromium");
    Path files = scene.lab.target(2).files();
    Files.writeString(
        files.resolve("page.html"),
        """
        <!doctype html><title>page</title><p id="p">nothing yet</p>
        <script>
          Promise.all(["/1k", "/medium"].map(part => fetch(part).then(reply => reply.arrayBuffer())))
            .then(parts => p.textContent = "got " + parts.map(part => part.byteLength).join(" and "))
        </script>
        """);
    String page =
        scene
            .lab
            .client()
            .run(
                LIMIT,
                "chromium",
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--user-data-dir=" + folder.resolve("chromium"),
                "--host-resolver-rules=MAP %s 10.0.1.1".formatted(WILDCARD),
                "--virtual-time-budget=10000",
                "--dump-dom",
                "http://%s/page.html".formatted(WILDCARD))
            .orThrow();
    assertThat(page).contains("got 1000 and 1000000");
  }
}

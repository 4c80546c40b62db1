package dev.baton.e2e;

import static dev.baton.e2e.Scene.LIMIT;
import static dev.baton.e2e.Scene.SITE;
import static dev.baton.e2e.Scene.WILDCARD;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.lab.Content;
import dev.baton.lab.Curl;
import dev.baton.lab.Target;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One connection at a time through the real controller and the real program. */
@Tag("namespace")
@ExtendWith(SceneExtension.class)
class HandoffTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({SITE + ",1", WILDCARD + ",2"})
  void aSitesFileArrivesWholeFromItsOwnNode(String host, int number, Scene scene) throws Exception {
    Target target = scene.lab.target(number);
    Curl.Reply reply =
        scene.curl.get(
            host, "/large", folder.resolve("copy"), "-D", folder.resolve("head").toString());
    assertThat(reply).returns(0, Curl.Reply::exit).returns(200, Curl.Reply::status);
    assertThat(Content.sha256(folder.resolve("copy")))
        .isEqualTo(Content.sha256(target.files().resolve("large")));
    assertThat(Files.readAllLines(folder.resolve("head"))).contains("X-Node: " + target.name());
  }

  @Test
  void anUploadArrivesWhole(Scene scene) {
    Content.write(folder.resolve("file"), Scene.LARGE, 5);
    Curl.Reply reply =
        scene.curl.get(SITE, "/up/one", Scene.NOWHERE, "-T", folder.resolve("file").toString());
    assertThat(reply).returns(0, Curl.Reply::exit).returns(201, Curl.Reply::status);
    assertThat(Content.sha256(scene.lab.target(1).files().resolve("up").resolve("one")))
        .isEqualTo(Content.sha256(folder.resolve("file")));
  }

  @Test
  void aKeptAliveConnectionServesASecondRequest(Scene scene) {
    String url = "http://" + SITE + "/medium";
    String out =
        scene
            .lab
            .client()
            .run(
                LIMIT,
                "curl",
                "-q",
                "-sS",
                "--noproxy",
                "*",
                "--resolve",
                SITE + ":80:10.0.1.1",
                "-w",
                "%{http_code} %{size_download} %{num_connects}\n",
                "-o",
                "/dev/null",
                "-o",
                "/dev/null",
                url,
                url)
            .orThrow();
    assertThat(out).isEqualTo("200 1000000 1\n200 1000000 0\n");
  }

  @Test
  void aRequestThatComesByteForByteIsHandedOff(Scene scene) {
    // Bash writes each character by a system call of its own; TCP sends what has no predecessor
    // under way at once.
    String out =
        scene
            .lab
            .client()
            .run(
                LIMIT,
                "bash",
                "-c",
                """
                exec 3<>/dev/tcp/10.0.1.1/80
                request=$'GET /1k HTTP/1.1\\r\\nHost: www.example.com\\r\\nConnection: close\\r\\n\\r\\n'
                for ((i = 0; i < ${#request}; i++)); do printf '%s' "${request:i:1}" >&3; done
                cat <&3
                """)
            .orThrow();
    assertThat(out).startsWith("HTTP/1.1 200").contains("X-Node: qure-2");
  }

  @Test
  void aClientThatIsDoneSendingStillGetsItsAnswer(Scene scene) {
    String out =
        scene
            .lab
            .client()
            .run(
                LIMIT,
                "bash",
                "-c",
                "printf 'GET /1k HTTP/1.0\\r\\nHost: www.example.com\\r\\n\\r\\n' | timeout 20 nc -N 10.0.1.1 80 | wc -c")
            .orThrow();
    assertThat(Integer.parseInt(out.strip())).isGreaterThan(1000);
  }
}

package dev.baton.e2e;

import static dev.baton.e2e.Scene.SITE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.lab.Content;
import dev.baton.lab.Controller;
import dev.baton.lab.Curl;
import dev.baton.lab.Target;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * What cannot be handed off is answered by the DMZ node: a complete response, from the living
 * socket.
 */
@Tag("namespace")
@ExtendWith(SceneExtension.class)
class ErrorPageTest {
  @TempDir Path folder;

  private Curl.Reply get(Scene scene, String host, String... options) {
    String[] all = new String[options.length + 2];
    all[0] = "-D";
    all[1] = folder.resolve("head").toString();
    System.arraycopy(options, 0, all, 2, options.length);
    return scene.curl.get(host, "/1k", folder.resolve("body"), all);
  }

  /** curl ends with 0 only if the body is as long as its head says. */
  private void assertCompletePage(Curl.Reply reply, int status) throws Exception {
    assertThat(reply).returns(0, Curl.Reply::exit).returns(status, Curl.Reply::status);
    List<String> head = Files.readAllLines(folder.resolve("head"));
    assertThat(head).anyMatch(line -> line.equalsIgnoreCase("Content-Length: " + reply.bytes()));
    assertThat(head).noneMatch(line -> line.startsWith("X-Node:"));
  }

  @Test
  void anUnknownHostIs404(Scene scene) throws Exception {
    assertCompletePage(get(scene, "nobody.example.net"), 404);
  }

  @Test
  void noHostIs400(Scene scene) throws Exception {
    assertCompletePage(get(scene, SITE, "-H", "Host:"), 400);
  }

  @Test
  void aHeadTooLargeIs431(Scene scene) throws Exception {
    assertCompletePage(get(scene, SITE, "-H", "X-Filler: " + "x".repeat(100_000)), 431);
  }

  @Test
  void aSilentTargetIs504AndServesAgainWhenItIsBack(Scene scene) throws Exception {
    Target target = scene.lab.target(1);
    target
        .namespace()
        .nft(
            "table ip lab { chain in { type filter hook input priority 0; tcp dport 80 drop; }; }");
    try {
      assertCompletePage(get(scene, SITE), 504);
    } finally {
      target.namespace().sh("nft delete table ip lab");
    }
    assertThat(get(scene, SITE)).returns(200, Curl.Reply::status);
  }

  @Test
  void aTargetThatRefusesIs502(Scene scene) throws Exception {
    Target target = scene.lab.target(1);
    target
        .namespace()
        .nft(
            "table ip lab { chain in { type filter hook input priority 0; tcp dport 80 reject with tcp reset; }; }");
    try {
      assertCompletePage(get(scene, SITE), 502);
    } finally {
      target.namespace().sh("nft delete table ip lab");
    }
  }

  @Test
  void aSiteWhoseNodesAreDownIs503(Scene scene) throws Exception {
    String cluster = Controller.standardCluster(scene.lab);
    scene.controller.apply(cluster.replaceFirst("port: 80 }", "port: 80, state: down }"));
    try {
      Scene.await(
          "the node to be down", Duration.ofSeconds(1), () -> get(scene, SITE).status() != 200);
      assertCompletePage(get(scene, SITE), 503);
    } finally {
      // A file that says nothing of the state leaves it as it is.
      scene.controller.apply(cluster.replaceFirst("port: 80 }", "port: 80, state: up }"));
    }
    Scene.await(
        "the node to be up again", Duration.ofSeconds(1), () -> get(scene, SITE).status() == 200);
  }

  @Test
  void whatDoesNotComeInByThePublicInterfaceIs503(Scene scene) {
    String[] line = {
      "curl",
      "-q",
      "-sS",
      "-m",
      "5",
      "--noproxy",
      "*",
      "-o",
      "/dev/null",
      "-w",
      "%{http_code}",
      "-H",
      "Host: " + SITE,
      "http://10.0.1.1/1k"
    };
    assertThat(scene.lab.dmz().run(Duration.ofSeconds(10), line).orThrow()).isEqualTo("503");
    assertThat(scene.controller.command("status").orThrow()).contains("not_through_program: 1");
  }

  @Test
  void aHeadTooLargeWhileTheClientStillSendsIs431(Scene scene) throws Exception {
    Content.write(folder.resolve("upload"), Scene.LARGE, 3);
    assertCompletePage(
        get(
            scene,
            SITE,
            "-H",
            "Expect:",
            "-H",
            "X-Filler: " + "x".repeat(60_000),
            "--data-binary",
            "@" + folder.resolve("upload")),
        431);
  }

  @Test
  void eachPageHasAnIdOfItsOwnThatTheLogHasToo(Scene scene) throws Exception {
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      assertCompletePage(get(scene, "nobody.example.net"), 404);
      String id = head("X-Request-Id");
      assertThat(Files.readString(folder.resolve("body"))).contains(id);
      ids.add(id);
    }
    assertThat(ids).doesNotHaveDuplicates().allMatch(id -> id.matches("[0-9a-f]{16}"));
    for (String id : ids) {
      Scene.await(
          "the line of " + id,
          Duration.ofSeconds(5),
          () ->
              scene.controller.output().stream()
                  .anyMatch(line ->
                      line.contains("id=" + id) && line.contains("host=nobody.example.net")));
    }
  }

  private String head(String name) throws IOException {
    return Files.readAllLines(folder.resolve("head")).stream()
        .filter(line -> line.startsWith(name + ": "))
        .map(line -> line.substring(name.length() + 2))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void headGetsNoBody(Scene scene) throws Exception {
    Curl.Reply reply = get(scene, "nobody.example.net", "--head");
    assertThat(reply).returns(0, Curl.Reply::exit).returns(404, Curl.Reply::status);
    assertThat(reply.bytes()).isZero();
    assertThat(Integer.parseInt(head("Content-Length"))).isPositive();
    assertThat(head("Connection")).isEqualTo("close");
    assertThat(head("Date")).endsWith(" GMT");
  }

  @Test
  void aBrowserGetsHtml(Scene scene) throws Exception {
    String accept = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    assertCompletePage(get(scene, "nobody.example.net", "-H", accept), 404);
    assertThat(head("Content-Type")).isEqualTo("text/html; charset=utf-8");
    assertThat(Files.readString(folder.resolve("body"))).startsWith("<!DOCTYPE html>");
  }

  @Test
  void pagesCanBeOnesOwn() throws Exception {
    Path page = Files.writeString(folder.resolve("page.html"), "<p>{{host}} {{status}} {{id}}</p>");
    Path missing = Files.writeString(folder.resolve("404.txt"), "gone: {{host}}\n");
    String pages = "error-pages: { default: %s, 404: %s }\n".formatted(page, missing);
    try (Scene own = Scene.open(settings -> settings + pages)) {
      assertCompletePage(get(own, "nobody.example.net"), 404);
      assertThat(Files.readString(folder.resolve("body"))).isEqualTo("gone: nobody.example.net\n");
      assertCompletePage(get(own, "nobody.example.net", "-H", "Accept: text/html"), 404);
      assertThat(Files.readString(folder.resolve("body")))
          .matches("<p>nobody\\.example\\.net 404 [0-9a-f]{16}</p>");
    }
  }

  @Test
  void aPageArrivesWhileTheClientStillSends(Scene scene) throws Exception {
    Content.write(folder.resolve("upload"), Scene.LARGE, 3);
    assertCompletePage(
        get(
            scene,
            "nobody.example.net",
            "-H",
            "Expect:",
            "--data-binary",
            "@" + folder.resolve("upload")),
        404);
  }
}

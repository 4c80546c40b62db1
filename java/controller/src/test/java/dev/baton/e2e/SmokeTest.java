package dev.baton.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.lab.Content;
import dev.baton.lab.Curl;
import dev.baton.lab.Family;
import dev.baton.lab.Lab;
import dev.baton.lab.Nginx;
import dev.baton.lab.Target;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The least that says something: one file, handed off. For machines that are slow ({@link
 * GuestTest}).
 */
@Tag("namespace")
class SmokeTest {
  private static final int SIZE = 500_000;

  @Test
  void aFileArrivesWholeFromItsNode() {
    try (Lab lab = Lab.open(1)) {
      Target target = lab.target(1);
      Nginx.start(lab, target, 80);
      Content.write(target.files().resolve("file"), SIZE, 1);
      new Combination(Family.IPV4, "tc").start(lab);
      Path copy = lab.folder().resolve("www").resolve("copy");
      Path head = lab.folder().resolve("www").resolve("head");
      Curl.Reply reply =
          new Curl(lab, Scene.LIMIT).get(Scene.SITE, "/file", copy, "-D", head.toString());
      assertThat(reply).returns(0, Curl.Reply::exit).returns(200, Curl.Reply::status);
      assertThat(Content.sha256(copy)).isEqualTo(Content.sha256(target.files().resolve("file")));
      assertThat(head).content().contains("X-Node: " + target.name());
    }
  }
}

package dev.baton.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.lab.Child;
import dev.baton.lab.Content;
import dev.baton.lab.Controller;
import dev.baton.lab.Curl;
import dev.baton.lab.Lab;
import dev.baton.lab.Nginx;
import dev.baton.lab.Target;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** New versions under load: each answer says which node it is from, and which version it is. */
@Tag("namespace")
class DeployTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int PER_SECOND = 200;

  /** More than buffers between the ends take, which curl's limit of the rate does not slow down. */
  private static final long HUGE = 100_000_000;

  private static final String SITE = "www.example.com";

  @Test
  void aNewVersionUnderLoadLosesNoRequestAndMixesNoVersions() throws Exception {
    try (Lab lab = Lab.open(3)) {
      Controller controller = begin(lab);
      List<Visitors.Visit> visits;
      try (Visitors visitors = new Visitors(lab, SITE, "/up/version", PER_SECOND)) {
        awaitMore(visitors, PER_SECOND);
        say(controller, "deploy begin", SITE, "--copies", "2");
        for (Target target : lab.targets()) {
          say(controller, "deploy node", SITE, target.name(), "updating");
          awaitMore(visitors, PER_SECOND / 2);
          put(target, "2");
          String done = say(controller, "deploy node", SITE, target.name(), "complete");
          assertThat(done.contains("version 2 serves from now on"))
              .as("the switch comes with the second copy: %s", done)
              .isEqualTo(target.equals(lab.target(2)));
          awaitMore(visitors, PER_SECOND / 2);
        }
        say(controller, "deploy finish", SITE);
        awaitMore(visitors, PER_SECOND);
        visits = visitors.visits();
      }
      assertThat(visits).allMatch(Visitors.Visit::served, "is served");
      assertNoneMixed(visits, lab);
      assertThat(controller.command("deploy status", SITE).orThrow())
          .contains("version 2 serves, 2 finished (before: 1)");
    }
  }

  /** Once a node has answered with the new version it never does with the old one. */
  private static void assertNoneMixed(List<Visitors.Visit> visits, Lab lab) {
    Map<String, String> newest = new HashMap<>();
    for (Visitors.Visit visit : visits) {
      String[] said = visit.body().split(" ", -1);
      String before = newest.put(said[0], said[1]);
      assertThat(said[1])
          .as("%s after %s", visit, before)
          .isGreaterThanOrEqualTo(before == null ? "1" : before);
    }
    assertThat(newest)
        .containsExactlyInAnyOrderEntriesOf(
            lab.targets().stream().collect(Collectors.toMap(Target::name, target -> "2")));
    // The site as a whole: nothing old that was asked for after something new had been served.
    long firstNew =
        visits.stream()
            .filter(visit -> visit.body().endsWith(" 2"))
            .mapToLong(Visitors.Visit::ended)
            .min()
            .orElseThrow();
    assertThat(visits)
        .filteredOn(visit -> visit.begun() > firstNew)
        .allMatch(visit -> visit.body().endsWith(" 2"), "is of the new version");
  }

  @Test
  void aNodesFlowsOfTheSiteAreWaitedForOrResetAndNoOthers() throws Exception {
    try (Lab lab = Lab.open(2)) {
      Controller controller = begin(lab);
      Target target = lab.target(1);
      Content.write(target.files().resolve("large"), Scene.LARGE, 1);
      try (RandomAccessFile huge =
          new RandomAccessFile(target.files().resolve("huge").toFile(), "rw")) {
        huge.setLength(HUGE);
      }
      controller.apply(
          cluster(lab)
              + "  - { host: other.example.com, nodes: [%s] }\n".formatted(target.name())
              + "  - { host: single.example.com, nodes: [%s] }\n".formatted(target.name()));
      Curl curl = new Curl(lab, LIMIT);
      Path copy = lab.folder().resolve("copy");
      assertThat(controller.command("deploy node", "single.example.com", target.name(), "updating"))
          .extracting("exit")
          .isEqualTo(1);
      Child mine =
          lab.client()
              .start(
                  "mine",
                  curl.command("single.example.com", "/huge", Scene.NOWHERE, "--limit-rate", "8M"));
      Child other =
          lab.client()
              .start(
                  "other",
                  curl.command("other.example.com", "/large", copy, "--limit-rate", "400k"));
      Scene.await("both to be under way", LIMIT, () -> flows(controller) >= 2);

      long begun = System.nanoTime();
      String waited =
          say(
              controller,
              "deploy node",
              "single.example.com",
              target.name(),
              "updating",
              "--force");
      assertThat(waited).contains("flows are left").doesNotContain("reset");
      assertThat(mine.awaitEnd(LIMIT)).as("it was waited for").isZero();
      assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(LIMIT);
      assertThat(curl.get("single.example.com", "/up/version", Scene.NOWHERE).status())
          .isEqualTo(503);

      say(controller, "deploy node", "single.example.com", target.name(), "complete");
      Child again =
          lab.client()
              .start(
                  "again",
                  curl.command("single.example.com", "/huge", Scene.NOWHERE, "--limit-rate", "4M"));
      Scene.await("it to be under way", LIMIT, () -> flows(controller) >= 2);
      String reset =
          say(
              controller,
              "deploy node",
              "single.example.com",
              target.name(),
              "updating",
              "--force",
              "--deadline",
              "1s");
      assertThat(reset).contains("1 flows were reset");
      assertThat(again.awaitEnd(LIMIT)).as("curl: recv failure").isEqualTo(56);
      assertThat(other.awaitEnd(LIMIT)).as("another site's").isZero();
      assertThat(Content.sha256(copy)).isEqualTo(Content.sha256(target.files().resolve("large")));
    }
  }

  private static long flows(Controller controller) {
    return controller
        .command("flows")
        .orThrow()
        .lines()
        .filter(l -> l.contains("to-client"))
        .filter(line -> line.contains(" live "))
        .count();
  }

  private static Controller begin(Lab lab) throws IOException {
    for (Target target : lab.targets()) {
      Nginx.start(lab, target, 80);
      put(target, "1");
    }
    Controller controller = Controller.create(lab, Controller.standardFile(lab));
    controller.apply(cluster(lab));
    controller.start();
    return controller;
  }

  private static String cluster(Lab lab) {
    String names = lab.targets().stream().map(Target::name).collect(Collectors.joining(", "));
    String standard = Controller.standardCluster(lab);
    return standard.substring(0, standard.indexOf("sites:"))
        + "sites:\n  - { host: %s, nodes: [%s] }\n".formatted(SITE, names);
  }

  private static void put(Target target, String version) throws IOException {
    // Where nginx keeps no file open: else it would serve the old one for a while.
    Path folder = Files.createDirectories(target.files().resolve("up"));
    Path file = folder.resolve("version");
    Path made = folder.resolve("version.new");
    Files.writeString(made, target.name() + " " + version + "\n");
    Files.writeString(target.files().resolve("index.html"), "here\n");
    Files.move(made, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private static String say(Controller controller, String command, String... arguments) {
    return controller.command(command, arguments).orThrow();
  }

  private static void awaitMore(Visitors visitors, int more) {
    int before = visitors.count();
    Scene.await("more visits", LIMIT, () -> visitors.count() >= before + more);
  }
}

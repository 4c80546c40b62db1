package dev.baton.e2e;

import dev.baton.lab.Content;
import dev.baton.lab.Controller;
import dev.baton.lab.Curl;
import dev.baton.lab.Lab;
import dev.baton.lab.LabException;
import dev.baton.lab.LabPlan;
import dev.baton.lab.Nginx;
import dev.baton.lab.Patience;
import dev.baton.lab.Target;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/**
 * What the namespace tests share: a lab with two targets, nginx on each, files, and the real
 * controller with the standard cluster. A test class with {@link SceneExtension} gets one for all
 * its tests.
 */
final class Scene implements AutoCloseable {
  static final Duration LIMIT = Duration.ofSeconds(60);
  static final Path NOWHERE = Path.of("/dev/null");
  static final String SITE = "www.example.com";
  static final String WILDCARD = "files.example.org";
  static final int LARGE = 20_000_000;
  static final int MEDIUM = 1_000_000;
  private static final int POLL_MILLIS = 20;

  final Lab lab;
  final Controller controller;
  final Curl curl;
  private final Map<Target, Nginx> servers = new HashMap<>();

  private Scene(Lab lab, Controller controller) {
    this.lab = lab;
    this.controller = controller;
    this.curl = new Curl(lab, LIMIT);
  }

  /** Everything running, with the standard settings. */
  static Scene open() {
    return open(UnaryOperator.identity());
  }

  /** Everything running. */
  static Scene open(String sourcePorts) {
    return open(settings -> settings.replace("10000-32767", sourcePorts));
  }

  /** Everything running, with the standard settings changed. */
  static Scene open(UnaryOperator<String> change) {
    Scene scene = stopped(change);
    try {
      scene.controller.start();
      return scene;
    } catch (RuntimeException e) {
      scene.close();
      throw e;
    }
  }

  /** Everything but the controller running. */
  static Scene stopped() {
    return stopped(UnaryOperator.identity());
  }

  /** Everything but the controller running, with the standard settings changed. */
  static Scene stopped(UnaryOperator<String> change) {
    return stopped("tc", change);
  }

  /**
   * Everything but the controller running, with the standard settings changed, and the interfaces
   * as a data plane needs them.
   */
  static Scene stopped(String dataPlane, UnaryOperator<String> change) {
    LabPlan.Offload offload =
        dataPlane.startsWith("xdp") ? LabPlan.Offload.XDP : LabPlan.Offload.DEFAULT;
    Lab lab = LabPlan.of(2).withOffload(offload).open();
    try {
      String settings = change.apply(Controller.standardFile(lab, dataPlane));
      var scene = new Scene(lab, Controller.create(lab, settings));
      for (Target target : lab.targets()) {
        scene.servers.put(target, Nginx.start(lab, target, 80));
        Content.write(target.files().resolve("large"), LARGE, target.address().hashCode());
        Content.write(target.files().resolve("medium"), MEDIUM, target.address().hashCode());
        Content.write(target.files().resolve("1k"), 1000, target.address().hashCode());
      }
      scene.controller.apply(Controller.standardCluster(lab));
      return scene;
    } catch (RuntimeException e) {
      lab.close();
      throw e;
    }
  }

  /** The nginx of a target. */
  Nginx server(Target target) {
    Nginx server = servers.get(target);
    if (server == null) {
      throw new IllegalArgumentException("no nginx on " + target);
    }
    return server;
  }

  /** Waits on a condition; fails the test when the time is up. */
  static void await(String what, Duration limit, BooleanSupplier condition) {
    Awaitility.await(what)
        .atMost(Patience.with(limit))
        .pollInterval(Duration.ofMillis(POLL_MILLIS))
        .until(condition::getAsBoolean);
  }

  static long size(Path file) {
    try {
      return Files.exists(file) ? Files.size(file) : 0;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Keeps logs, the controller's own words and the DMZ node's network for those who look for a
   * failure's cause.
   */
  void keep(Path folder) throws IOException {
    Files.createDirectories(folder);
    try (Stream<Path> logs = Files.list(lab.folder().resolve("logs"))) {
      for (Path log : logs.toList()) {
        Files.copy(log, folder.resolve(log.getFileName()), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    write(folder.resolve("status.json"), () -> controller.command("status", "--json").toString());
    write(folder.resolve("flows.json"), () -> controller.command("flows", "--json").toString());
    write(
        folder.resolve("network.txt"),
        () ->
            lab.dmz()
                .sh("ip -s address; ss -tanoi; tc filter show dev d0 ingress; nft list ruleset"));
  }

  private static void write(Path file, Supplier<String> text) throws IOException {
    String content;
    try {
      content = text.get();
    } catch (LabException e) {
      content = e.toString();
    }
    Files.writeString(file, content);
  }

  @Override
  public void close() {
    lab.close();
  }
}

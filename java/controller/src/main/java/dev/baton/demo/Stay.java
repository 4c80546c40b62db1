package dev.baton.demo;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.baton.lab.Controller;
import dev.baton.lab.Lab;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The demo's network, left running for whoever wants to try things: how, and what comes of it. */
final class Stay {
  private static final DateTimeFormatter CLOCK = DateTimeFormatter.ofPattern("HH:mm:ss");

  private final Lab lab;
  private final Controller controller;
  private final Report report;

  Stay(Lab lab, Controller controller, Report report) {
    this.lab = lab;
    this.controller = controller;
    this.report = report;
  }

  /**
   * Says how to use it, then its status as often as that has changed, until the lab is closed.
   *
   * @param site one that is served
   * @param interval between looks at the status
   */
  void untilClosed(String site, Duration interval) throws IOException {
    Path file = controller.file();
    report.title("It stays until Ctrl-C. Elsewhere on this machine, as root:");
    row(
        "a request",
        lab.client().name(),
        "curl -i -H 'Host: %s' http://%s/".formatted(site, Lab.PUBLIC));
    row("all of its status", lab.dmz().name(), "baton status --config " + file);
    row("its flows", lab.dmz().name(), "baton flows --config " + file);
    row("its packets", lab.dmz().name(), "tcpdump -ni any port 80");
    report.title("Its status, when that has changed");
    String last = "";
    while (!lab.isClosed()) {
      String now = status();
      if (!now.equals(last)) {
        report.line(LocalTime.now(ZoneId.systemDefault()).format(CLOCK) + "  " + now);
      }
      last = now;
      try {
        Thread.sleep(interval);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private void row(String what, String namespace, String command) {
    report.line("%-18s nsenter --net=/run/netns/%s %s".formatted(what, namespace, command));
  }

  private String status() throws IOException {
    Map<String, Object> all = JSON.std.mapFrom(controller.command("status", "--json").orThrow());
    Map<?, ?> connections = (Map<?, ?>) Objects.requireNonNull(all.get("connections"));
    Map<?, ?> directory = (Map<?, ?>) Objects.requireNonNull(all.get("directory"));
    StringBuilder text = new StringBuilder();
    text.append(connections.get("handed_off")).append(" connections handed off, ");
    text.append(connections.get("flows_live")).append(" live now");
    for (Object each : (List<?>) Objects.requireNonNull(directory.get("nodes"))) {
      Map<?, ?> node = (Map<?, ?>) each;
      text.append("; ").append(node.get("name"));
      text.append(Boolean.TRUE.equals(node.get("well")) ? " is up, " : " is down, ");
      text.append(node.get("flows")).append(" flows");
    }
    return text.toString();
  }
}

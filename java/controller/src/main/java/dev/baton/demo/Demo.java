package dev.baton.demo;

import dev.baton.demo.Packet.Leg;
import dev.baton.demo.Packet.Redirect;
import dev.baton.lab.Content;
import dev.baton.lab.Controller;
import dev.baton.lab.Curl;
import dev.baton.lab.Lab;
import dev.baton.lab.LabException;
import dev.baton.lab.Nginx;
import dev.baton.lab.Probe;
import dev.baton.lab.Target;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * The main job on one machine: a client, a DMZ node with the real controller, and two targets with
 * a site each, all in network namespaces that are gone afterwards.
 */
public final class Demo {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(3);
  private static final Duration STATUS_INTERVAL = Duration.ofSeconds(10);
  private static final long MEBIBYTE = 1 << 20;
  private static final long SITE_FILE = 64 * MEBIBYTE;
  private static final long LADDER_FILE = MEBIBYTE;
  private static final Path NOWHERE = Path.of("/dev/null");
  private static final String SITE = "www.example.com";
  private static final String WILDCARD = "files.example.org";

  private final Report report;
  private final long bulkBytes;
  private final boolean stays;

  /**
   * @param out where to print
   * @param colour whether to use colours
   * @param mebibytes size of the file that throughput is measured with
   * @param stays whether the network is left running afterwards, until the JVM is told to end
   */
  public Demo(PrintStream out, boolean colour, int mebibytes, boolean stays) {
    this.report = new Report(out, colour);
    this.stays = stays;
    this.bulkBytes = mebibytes * MEBIBYTE;
  }

  /**
   * Runs it; everything is removed when it returns, or when the JVM ends.
   *
   * @return the exit code: 0 if every check held, 1 if not, 2 if this machine lacks something
   *     (which is said)
   */
  public int run() {
    List<String> missing =
        Probe.missingForDataPlane("nginx", "curl", "tcpdump", "strace", "ss", "nft");
    if (!missing.isEmpty()) {
      report.plain("baton demo: missing on this machine: " + String.join(", ", missing));
      return 2;
    }
    try (Lab lab = Lab.open(2)) {
      if (!completes(lab)) {
        report.plain("Stopped; everything is removed.");
        return 1;
      }
    }
    report.summary();
    return report.failed() == 0 ? 0 : 1;
  }

  /**
   * Runs all steps; a step that fails is a failed check. Returns false if the JVM is told to end
   * meanwhile.
   */
  private boolean completes(Lab lab) {
    try {
      steps(lab);
    } catch (LabException | IOException | UncheckedIOException e) {
      if (lab.isClosed()) {
        return false;
      }
      report.check(
          false, e instanceof LabException ? String.valueOf(e.getMessage()) : e.toString());
    }
    return !lab.isClosed();
  }

  private void steps(Lab lab) throws IOException {
    report.title("The network: four namespaces");
    report.line("client   %s".formatted(Lab.CLIENT));
    report.line(
        "DMZ node %s towards the client, %s towards the targets; ip_forward is off"
            .formatted(Lab.PUBLIC, Lab.CLUSTER));
    for (Target target : lab.targets()) {
      Nginx.start(lab, target, 80);
      Content.write(target.files().resolve("file"), SITE_FILE, target.address().hashCode());
      report.line("%s   %s, an unmodified nginx".formatted(target.name(), target.address()));
    }
    Content.write(lab.target(1).files().resolve("small"), LADDER_FILE, 7);
    Content.write(lab.target(1).files().resolve("bulk"), bulkBytes, 8);

    report.title("The controller on the DMZ node");
    Controller controller = Controller.create(lab, Controller.standardFile(lab));
    controller.apply(Controller.standardCluster(lab)).lines().forEach(line -> report.line(line));
    controller.start();
    controller.output().stream()
        .filter(line -> line.startsWith("ready"))
        .forEach(line -> report.line(line));

    var curl = new Curl(lab, LIMIT);
    report.title(
        "Downloads over handed-off connections, %d MiB each".formatted(SITE_FILE / MEBIBYTE));
    download(lab, curl, SITE, lab.target(1));
    download(lab, curl, WILDCARD, lab.target(2));
    ladder(lab, curl);
    throughput(lab, curl);
    new UserSpace(lab, curl, controller, report).check(SITE, bulkBytes);
    if (stays) {
      report.summary();
      new Stay(lab, controller, report).untilClosed(SITE, STATUS_INTERVAL);
    }
  }

  private void download(Lab lab, Curl curl, String host, Target target) throws IOException {
    Path copy = lab.folder().resolve("copy");
    Path headers = lab.folder().resolve("headers");
    Curl.Reply reply = curl.get(host, "/file", copy, "-D", headers.toString());
    boolean complete = reply.exit() == 0 && reply.status() == 200;
    if (!complete) {
      report.check(
          false,
          "%s: curl ended with %d, status %d %s"
              .formatted(host, reply.exit(), reply.status(), reply.error()));
      return;
    }
    String sent = Content.sha256(target.files().resolve("file"));
    String got = Content.sha256(copy);
    boolean fromTarget =
        Files.readAllLines(headers).stream()
            .anyMatch(line -> line.equalsIgnoreCase("X-Node: " + target.name()));
    report.check(
        sent.equals(got),
        "%-17s SHA-256 %s… %s"
            .formatted(host, got.substring(0, 16), sent.equals(got) ? "equal" : "differs"));
    report.check(fromTarget, "%-17s answered by %s itself".formatted(host, target.name()));
    Files.delete(copy);
  }

  private void ladder(Lab lab, Curl curl) {
    report.title(
        "The packets of one download of %d MiB, as they passed".formatted(LADDER_FILE / MEBIBYTE));
    report.line(
        "(100+20: 20 bytes from sequence number 100 on; numbers count from the start of each leg.");
    report.line(
        "┿: rewritten and forwarded by eBPF. Super-packets are whole: many segments in one row.)");
    report.plain("");
    List<Packet> packets;
    Curl.Reply reply;
    try (Capture capture = Capture.start(lab)) {
      reply = curl.get(SITE, "/small", NOWHERE);
      packets = capture.await(Demo::isClosed, CLOSE_LIMIT);
    }
    Ladder ladder;
    try {
      ladder = new Ladder(packets);
    } catch (IllegalArgumentException e) {
      report.check(false, "no ladder from %d packets: %s".formatted(packets.size(), e));
      return;
    }
    ladder.lines().forEach(report::plain);
    report.plain("");
    Redirect redirect = ladder.redirect();
    boolean named = redirect != null && redirect.client().equals(ladder.client());
    report.check(named, "the SYN to the target names the client, %s".formatted(ladder.client()));
    report.check(
        reply.status() == 200 && reply.bytes() == LADDER_FILE,
        "%,d bytes arrived, by %,d packets from leg to leg"
            .formatted(reply.bytes(), ladder.forwarded()));
    report.check(isClosed(packets), "both legs were closed by client and target themselves");
  }

  /** Whether both ends of both legs have sent their FIN and each FIN is acknowledged. */
  private static boolean isClosed(List<Packet> packets) {
    for (Leg leg : Leg.values()) {
      List<Packet> fins =
          packets.stream().filter(each -> each.leg() == leg && each.has(Packet.FIN)).toList();
      for (boolean fromOpener : new boolean[] {true, false}) {
        boolean acknowledged =
            fins.stream()
                .filter(fin -> fromOpener == (fin.destination().port() == 80))
                .anyMatch(fin -> isAcknowledged(fin, packets));
        if (!acknowledged) {
          return false;
        }
      }
    }
    return true;
  }

  private static boolean isAcknowledged(Packet fin, List<Packet> packets) {
    long end = fin.seq() + fin.payload() + 1 & 0xffffffffL;
    return packets.stream()
        .anyMatch(each ->
            each.leg() == fin.leg()
                && each.source().equals(fin.destination())
                && each.ack() == end);
  }

  private void throughput(Lab lab, Curl curl) {
    report.title(
        "One connection, %,d MiB, %d times each in turn, medians"
            .formatted(bulkBytes / MEBIBYTE, Throughput.ROUNDS));
    Throughput.Medians medians = new Throughput(lab, curl, SITE, bulkBytes).measure();
    report.line("plain IP forwarding    %6.2f Gbit/s".formatted(medians.forwarded()));
    report.line("handed off by Baton    %6.2f Gbit/s".formatted(medians.handedOff()));
    report.check(
        medians.ratio() >= 0.90,
        "%.2f of plain forwarding (at least 0.90)".formatted(medians.ratio()));
  }
}

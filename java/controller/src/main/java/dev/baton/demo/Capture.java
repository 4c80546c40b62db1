package dev.baton.demo;

import dev.baton.demo.Packet.Leg;
import dev.baton.lab.Child;
import dev.baton.lab.Lab;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** Captures on both interfaces of the DMZ node, by tcpdump, until closed. */
final class Capture implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(5);
  private static final int POLL_MILLIS = 20;

  private final List<Child> children = new ArrayList<>();
  private final Path clientFile;
  private final Path targetFile;

  private Capture(Lab lab) {
    clientFile = lab.folder().resolve("client-leg.pcap");
    targetFile = lab.folder().resolve("target-leg.pcap");
  }

  /** Starts; when it returns, both captures run. */
  static Capture start(Lab lab) {
    var capture = lab.own(new Capture(lab));
    try {
      capture.children.add(capture.tcpdump(lab, "d0", capture.clientFile));
      capture.children.add(capture.tcpdump(lab, "d1", capture.targetFile));
      capture.children.forEach(
          child -> child.awaitLine(line -> line.contains("listening on"), LIMIT));
      return capture;
    } catch (RuntimeException e) {
      capture.close();
      throw e;
    }
  }

  private Child tcpdump(Lab lab, String device, Path file) {
    // -U and immediate mode: a packet is in the file at once. Root stays root, for the folder is
    // root's.
    return lab.dmz()
        .start(
            "tcpdump-" + device,
            "tcpdump",
            "-i",
            device,
            "-Z",
            "root",
            "-n",
            "-U",
            "--immediate-mode",
            "-s",
            "128",
            "-B",
            "16384",
            "--time-stamp-precision",
            "nano",
            "-w",
            file.toString(),
            "tcp");
  }

  /**
   * Waits until the capture is as wanted.
   *
   * @param wanted told of all packets so far
   * @param limit how long to wait
   * @return the packets of both legs, also when the time is up
   */
  List<Packet> await(Predicate<List<Packet>> wanted, Duration limit) {
    long deadline = System.nanoTime() + limit.toNanos();
    while (true) {
      List<Packet> packets = packets();
      if (wanted.test(packets) || System.nanoTime() > deadline) {
        return packets;
      }
      try {
        Thread.sleep(POLL_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return packets;
      }
    }
  }

  private List<Packet> packets() {
    try {
      var packets = new ArrayList<>(Pcap.read(Files.readAllBytes(clientFile), Leg.CLIENT));
      packets.addAll(Pcap.read(Files.readAllBytes(targetFile), Leg.TARGET));
      return packets;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the capture", e);
    }
  }

  @Override
  public void close() {
    children.forEach(Child::close);
  }
}

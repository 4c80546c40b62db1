package dev.baton.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.lab.Child;
import dev.baton.lab.Lab;
import dev.baton.lab.Namespace;
import java.nio.file.Path;
import java.time.Duration;

/** A capture of whole TCP packets at a test host's interface, by tcpdump, until closed. */
final class WireCapture implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  private final Path file;
  private final Child tcpdump;
  private boolean ended;

  private WireCapture(Path file, Child tcpdump) {
    this.file = file;
    this.tcpdump = tcpdump;
  }

  static WireCapture start(Lab lab, Namespace host, String device, String name) {
    Path file = lab.folder().resolve(name + ".pcap");
    // Packets are taken when the buffer fills or every tenth of a second: none is lost that way.
    Child tcpdump =
        host.start(
            "tcpdump-" + name,
            "tcpdump",
            "-i",
            device,
            "-Z",
            "root",
            "-n",
            "-s",
            "65535",
            "-B",
            "65536",
            "-w",
            file.toString(),
            "ip proto 6 or ip6 proto 6");
    tcpdump.awaitLine(line -> line.contains("listening on"), LIMIT);
    return new WireCapture(file, tcpdump);
  }

  /** Ends the capture; whatever passed before is in the file. */
  Path finish() {
    if (!ended) {
      ended = true;
      // Not by its Process, which would let go of the output before the last words.
      assertThat(ProcessHandle.of(tcpdump.pid()).map(ProcessHandle::destroy)).contains(true);
      String last = tcpdump.awaitLine(line -> line.contains("dropped by kernel"), LIMIT);
      assertThat(last).isEqualTo("0 packets dropped by kernel");
      tcpdump.awaitEnd(LIMIT);
    }
    return file;
  }

  @Override
  public void close() {
    tcpdump.close();
  }
}

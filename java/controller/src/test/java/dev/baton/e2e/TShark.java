package dev.baton.e2e;

import dev.baton.lab.Commands;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The second judge: what tshark's own analysis says of a capture. */
final class TShark {
  private static final Duration LIMIT = Duration.ofMinutes(5);

  // Not "0xffff instead of 0x0000 (see RFC 1624)": in one's complement both are zero, and TCP's
  // receivers take either; an update of a checksum cannot always tell which it was.
  private static final Pattern KINDS =
      Pattern.compile(
          "checksum(?!.*RFC 1624)|ACKed segment|Malformed|option length", Pattern.CASE_INSENSITIVE);

  private TShark() {}

  /**
   * The kinds of faults it names: wrong checksums, acknowledgments of what was not seen, malformed
   * packets and options.
   *
   * @param capture a pcap file
   * @param remote only connections with this address at one end
   */
  static Set<String> faults(Path capture, String remote) {
    String address = (remote.contains(":") ? "ipv6.addr==" : "ip.addr==") + remote;
    String faults =
        "tcp.checksum.status==0 || ip.checksum.status==0 || tcp.analysis.ack_lost_segment"
            + " || _ws.malformed || tcp.option.len.invalid";
    String out =
        Commands.run(
                LIMIT,
                List.of(
                    "tshark",
                    "-n",
                    "-r",
                    capture.toString(),
                    "-o",
                    "tcp.check_checksum:TRUE",
                    "-o",
                    "ip.check_checksum:TRUE",
                    "-o",
                    "tcp.desegment_tcp_streams:FALSE",
                    "-d",
                    "tcp.port==80,data", // the body's random bytes are not its business
                    "-Y",
                    address + " && (" + faults + ")",
                    "-T",
                    "fields",
                    "-e",
                    "_ws.expert.message"))
            .orThrow();
    // A frame's line has all that is remarkable about it, ordinary retransmissions included.
    return out.lines()
        .flatMap(line -> Stream.of(line.split(",", -1)))
        .filter(message -> KINDS.matcher(message).find())
        .collect(Collectors.toCollection(TreeSet::new));
  }
}

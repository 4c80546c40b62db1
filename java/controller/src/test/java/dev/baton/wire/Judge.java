package dev.baton.wire;

import dev.baton.wire.Frame.Block;
import dev.baton.wire.Frame.Endpoint;
import dev.baton.wire.Frame.Timestamps;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Judges the connections of a capture made at one of their ends, where all that the end has sent
 * and received passes: behind what a bad network did to the segments it sends, before what it does
 * to those it receives. Loss, repetition and reordering are no faults; see {@link Fault}.
 */
public final class Judge {
  /**
   * One fault.
   *
   * @param fault which
   * @param frame the segment, in words
   */
  public record Finding(Fault fault, String frame) {
    @Override
    public String toString() {
      return fault + " " + frame;
    }
  }

  private record Way(Endpoint from, Endpoint to) {
    Way back() {
      return new Way(to, from);
    }
  }

  /** What has been seen of one direction of a connection. */
  private static final class Half {
    boolean seen;
    boolean scaled;
    int scale;
    int mss;
    boolean timestamps;
    boolean acknowledges; // "ack" and "edge" hold something
    int end; // highest sequence number sent, + 1
    int ack; // highest acknowledgment sent
    int edge; // highest right edge of a window offered
    boolean finished;
    int finEnd;
    @Nullable Timestamps ofEnd; // of the segment that moved "end" last
    @Nullable Timestamps ofAck; // ... "ack"
    int newest; // highest timestamp
    final Map<Long, Long> contents = new HashMap<>();
  }

  private final Set<String> publicAddresses;
  private final Map<Way, Half> halves = new HashMap<>();
  private final List<Finding> findings = new ArrayList<>();

  private Judge(Set<String> publicAddresses) {
    this.publicAddresses = publicAddresses;
  }

  /**
   * Judges a capture.
   *
   * @param capture a pcap file with whole packets
   * @param remote only connections with this address at one end; empty: all
   * @param publicAddresses all that may be seen on the public side; empty: this is not the public
   *     side
   */
  public static List<Finding> judge(Path capture, String remote, Set<String> publicAddresses)
      throws IOException {
    List<Frame> frames = CaptureFile.read(capture);
    if (frames.isEmpty()) {
      throw new IllegalArgumentException("nothing in " + capture);
    }
    return judge(
        frames.stream()
            .filter(frame ->
                remote.isEmpty()
                    || frame.source().address().equals(remote)
                    || frame.destination().address().equals(remote))
            .toList(),
        publicAddresses);
  }

  static List<Finding> judge(List<Frame> frames, Set<String> publicAddresses) {
    var judge = new Judge(publicAddresses);
    frames.forEach(judge::see);
    return judge.findings;
  }

  private void see(Frame frame) {
    demand(frame.checksums(), Fault.BAD_CHECKSUM, frame);
    demand(!frame.options().malformed(), Fault.BAD_OPTIONS, frame);
    if (!publicAddresses.isEmpty()) {
      demand(
          publicAddresses.contains(frame.source().address())
              && publicAddresses.contains(frame.destination().address()),
          Fault.FOREIGN_ADDRESS,
          frame);
      demand(!frame.options().experimental(), Fault.EXPERIMENTAL_OPTION, frame);
    }
    var way = new Way(frame.source(), frame.destination());
    Half from = halves.computeIfAbsent(way, key -> new Half());
    Half to = halves.computeIfAbsent(way.back(), key -> new Half());
    if (frame.has(Frame.SYN)) {
      from = begin(way, frame, from, to);
    }
    if (!from.seen) {
      demand(frame.has(Frame.RST), Fault.NO_SYN, frame);
      return;
    }
    // Who has closed for good answers a straggler so (RFC 9293 3.10.7.1); it ends nothing then.
    boolean over = from.finished && to.finished;
    demand(!frame.has(Frame.RST) || over, Fault.RESET, frame);
    if (frame.has(Frame.RST)) {
      return;
    }
    if (frame.has(Frame.ACK)) {
      acknowledge(frame, from, to);
    }
    timestamps(frame, from, to);
    data(frame, from, to);
  }

  private void demand(boolean condition, Fault fault, Frame frame) {
    if (!condition) {
      findings.add(new Finding(fault, frame.toString()));
    }
  }

  /** A SYN: the first of a connection, or the same again. */
  private Half begin(Way way, Frame frame, Half from, Half to) {
    boolean opens = !frame.has(Frame.ACK);
    if (from.seen && (!opens || from.end - frame.seq() >= 0) && !to.finished) {
      return from;
    }
    Half fresh = new Half();
    if (opens) {
      halves.put(way.back(), new Half());
    }
    halves.put(way, fresh);
    fresh.seen = true;
    fresh.scaled = frame.options().scale() >= 0;
    fresh.scale = Math.max(0, frame.options().scale());
    fresh.mss = frame.options().mss() == 0 ? 536 : frame.options().mss();
    fresh.end = frame.seq();
    Timestamps timestamps = frame.options().timestamps();
    if (timestamps != null) {
      fresh.timestamps = true;
      fresh.newest = timestamps.value();
    }
    return fresh;
  }

  private void acknowledge(Frame frame, Half from, Half to) {
    demand(to.seen && frame.ack() - to.end <= 0, Fault.ACK_OF_UNSEEN, frame);
    for (Block block : frame.options().sack()) {
      demand(
          block.right() - block.left() > 0 && block.right() - to.end <= 0,
          Fault.SACK_OF_UNSEEN,
          frame);
    }
    boolean scaled = from.scaled && to.scaled && !frame.has(Frame.SYN);
    int edge = frame.ack() + (frame.window() << (scaled ? from.scale : 0));
    if (!from.acknowledges || edge - from.edge > 0) {
      from.edge = edge;
    }
    if (!from.acknowledges) {
      from.acknowledges = true;
      from.ack = frame.ack();
    }
  }

  private void timestamps(Frame frame, Half from, Half to) {
    Timestamps timestamps = frame.options().timestamps();
    if (timestamps == null) {
      demand(frame.has(Frame.SYN) || !from.timestamps || !to.timestamps, Fault.NO_TIMESTAMP, frame);
      return;
    }
    // A segment overtaken by another moves nothing on; so reordering is no fault.
    if (frame.end() - from.end > 0) {
      demand(notBefore(timestamps, from.ofEnd), Fault.TIMESTAMP_BACK, frame);
      from.ofEnd = timestamps;
    }
    if (frame.has(Frame.ACK)) {
      if (from.ofAck == null || frame.ack() - from.ack > 0) {
        demand(notBefore(timestamps, from.ofAck), Fault.TIMESTAMP_BACK, frame);
        from.ofAck = timestamps;
        from.ack = frame.ack();
      }
      if (timestamps.echo() == 0 && to.newest != 0) {
        demand(!to.timestamps, Fault.NO_ECHO, frame);
      } else {
        demand(!to.timestamps || timestamps.echo() - to.newest <= 0, Fault.ECHO_OF_UNSEEN, frame);
      }
    }
    if (timestamps.value() - from.newest > 0) {
      from.newest = timestamps.value();
    }
  }

  private static boolean notBefore(Timestamps timestamps, @Nullable Timestamps before) {
    return before == null || timestamps.value() - before.value() >= 0;
  }

  private void data(Frame frame, Half from, Half to) {
    int end = frame.end();
    if (frame.payload() > 0) {
      demand(
          to.acknowledges && frame.seq() + frame.payload() - to.edge <= 0,
          Fault.OUT_OF_WINDOW,
          frame);
      demand(frame.payload() <= to.mss, Fault.LONGER_THAN_MSS, frame);
      long place = (long) frame.seq() << 32 | frame.payload();
      Long before = from.contents.putIfAbsent(place, frame.content());
      demand(before == null || before == frame.content(), Fault.OTHER_BYTES, frame);
    }
    demand(!from.finished || end - from.finEnd <= 0, Fault.BEHIND_FIN, frame);
    if (frame.has(Frame.FIN)) {
      demand(end - from.end >= 0 || from.finished, Fault.BEHIND_FIN, frame);
      from.finished = true;
      from.finEnd = end;
    }
    if (end - from.end > 0) {
      from.end = end;
    }
  }
}

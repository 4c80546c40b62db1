package dev.baton.demo;

import dev.baton.demo.Packet.Endpoint;
import dev.baton.demo.Packet.Leg;
import dev.baton.demo.Packet.Redirect;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Draws one handed-off connection as a ladder: client on the left, DMZ node in the middle, target
 * on the right, a row for each packet. A packet that eBPF took from one leg to the other is one
 * row, with its numbers on both.
 *
 * <p>Sequence and acknowledgment numbers count from the start of each leg, so that both begin at 0
 * whatever the real numbers are; the REDIRECT option's too.
 */
final class Ladder {
  private static final int CELL = 39;

  /**
   * A packet forwarded within the kernel is on the other leg this soon, or it is another packet.
   */
  private static final long FORWARDED_WITHIN_NANOS = 100_000_000;

  /** How many rows with data to show before the middle is left out. */
  private static final int FIRST_DATA_ROWS = 3;

  private static final int ROWS_BEFORE_CLOSE = 2;

  private final List<Row> rows;
  private final Map<Leg, Start> starts;

  /** What relative numbers of a leg count from; which end is which. */
  private record Start(Endpoint opener, long openerIsn, long answererIsn) {}

  /**
   * A row: a packet on one leg, or one on both.
   *
   * @param right whether it goes from the client towards the target
   */
  private record Row(boolean right, @Nullable Packet client, @Nullable Packet target) {
    Packet first() {
      return client == null
          ? required(target)
          : target == null || client.nanos() <= target.nanos() ? client : target;
    }

    boolean hasData() {
      return first().payload() > 0;
    }

    boolean isForwarded() {
      return client != null && target != null;
    }

    private static Packet required(@Nullable Packet packet) {
      if (packet == null) {
        throw new IllegalStateException("a row without a packet");
      }
      return packet;
    }
  }

  /**
   * Takes one connection's packets of both legs.
   *
   * @param packets in any order; each leg must begin with a SYN and its SYN,ACK
   * @throws IllegalArgumentException if a leg's handshake is missing
   */
  Ladder(List<Packet> packets) {
    List<Packet> sorted = packets.stream().sorted(Comparator.comparingLong(Packet::nanos)).toList();
    starts = new EnumMap<>(Leg.class);
    for (Leg leg : Leg.values()) {
      starts.put(leg, start(leg, sorted));
    }
    rows = pair(sorted);
  }

  private static Start start(Leg leg, List<Packet> packets) {
    List<Packet> own =
        packets.stream().filter(packet -> packet.leg() == leg && packet.has(Packet.SYN)).toList();
    Packet syn = find(own, leg + " leg: no SYN seen", packet -> !packet.has(Packet.ACK));
    Packet answer =
        find(
            own,
            leg + " leg: no SYN,ACK seen",
            packet -> packet.has(Packet.ACK) && packet.destination().equals(syn.source()));
    return new Start(syn.source(), syn.seq(), answer.seq());
  }

  private static Packet find(List<Packet> packets, String otherwise, Predicate<Packet> wanted) {
    return packets.stream()
        .filter(wanted)
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(otherwise));
  }

  private Start start(Leg leg) {
    Start start = starts.get(leg);
    if (start == null) {
      throw new IllegalStateException("no " + leg + " leg");
    }
    return start;
  }

  private boolean goesRight(Packet packet) {
    return packet.source().equals(start(packet.leg()).opener());
  }

  private long relativeSeq(Packet packet) {
    Start start = start(packet.leg());
    return packet.seq() - (goesRight(packet) ? start.openerIsn : start.answererIsn) & 0xffffffffL;
  }

  private long relativeAck(Packet packet) {
    Start start = start(packet.leg());
    return packet.ack() - (goesRight(packet) ? start.answererIsn : start.openerIsn) & 0xffffffffL;
  }

  private List<Row> pair(List<Packet> packets) {
    var result = new ArrayList<Row>();
    var waiting = new ArrayList<Row>();
    boolean live = false;
    for (Packet packet : packets) {
      boolean right = goesRight(packet);
      Row row =
          packet.leg() == Leg.CLIENT ? new Row(right, packet, null) : new Row(right, null, packet);
      Row twin = live ? twin(waiting, packet, right) : null;
      if (twin != null) {
        Row both =
            packet.leg() == Leg.CLIENT
                ? new Row(right, packet, twin.target)
                : new Row(right, twin.client, packet);
        waiting.remove(twin);
        result.set(result.lastIndexOf(twin), both);
        continue;
      }
      result.add(row);
      // The ACK with the first of the backlog goes out last before the flow is live; nothing
      // earlier was forwarded.
      live |= packet.leg() == Leg.TARGET && right && !packet.has(Packet.SYN);
      boolean arriving = packet.leg() == (right ? Leg.CLIENT : Leg.TARGET);
      if (live && arriving) {
        waiting.add(row);
      }
    }
    return result;
  }

  /** The same packet as it arrived on the other leg, or null. */
  private @Nullable Row twin(List<Row> waiting, Packet packet, boolean right) {
    waiting.removeIf(row -> packet.nanos() - row.first().nanos() > FORWARDED_WITHIN_NANOS);
    for (Row row : waiting) {
      Packet other = row.first();
      if (row.right == right
          && other.leg() != packet.leg()
          && other.payload() == packet.payload()
          && other.flags() == packet.flags()
          && relativeSeq(other) == relativeSeq(packet)
          && relativeAck(other) == relativeAck(packet)) {
        return row;
      }
    }
    return null;
  }

  /** How many packets eBPF took from one leg to the other. */
  int forwarded() {
    return (int) rows.stream().filter(Row::isForwarded).count();
  }

  /** What the target leg's SYN carries in its REDIRECT option, or null if it has none. */
  @Nullable Redirect redirect() {
    return rows.stream()
        .map(Row::target)
        .filter(packet -> packet != null && packet.redirect() != null)
        .findFirst()
        .map(Packet::redirect)
        .orElse(null);
  }

  /** The client's address and port on the client leg. */
  Endpoint client() {
    return start(Leg.CLIENT).opener;
  }

  /** The diagram: handshakes, request, replay and first data; how much was left out; the close. */
  List<String> lines() {
    var lines = new ArrayList<String>();
    lines.add("%9s  %-38s%s%39s".formatted("ms", "Client", " DMZ node", "Target node"));
    int head = endOfHead();
    int tail = startOfTail(head);
    rows.subList(0, head).forEach(row -> lines.addAll(lines(row)));
    if (tail > head) {
      lines.add(elided(rows.subList(head, tail)));
    }
    rows.subList(tail, rows.size()).forEach(row -> lines.addAll(lines(row)));
    return lines;
  }

  private int endOfHead() {
    int seen = 0;
    for (int i = 0; i < rows.size(); i++) {
      Row row = rows.get(i);
      if (!row.right && row.hasData() && ++seen == FIRST_DATA_ROWS) {
        return i + 1;
      }
    }
    return rows.size();
  }

  private int startOfTail(int head) {
    for (int i = head; i < rows.size(); i++) {
      Packet packet = rows.get(i).first();
      if (packet.has(Packet.FIN) || packet.has(Packet.RST)) {
        return Math.max(head, i - ROWS_BEFORE_CLOSE);
      }
    }
    return rows.size();
  }

  private static String elided(List<Row> middle) {
    long bytes =
        middle.stream()
            .filter(row -> !row.right)
            .map(Row::client)
            .filter(Objects::nonNull)
            .mapToLong(Packet::payload)
            .sum();
    return "%9s  │ %s"
        .formatted(
            "…",
            "… %,d packets, %,d bytes of data to the client …".formatted(middle.size(), bytes));
  }

  private List<String> lines(Row row) {
    var lines = new ArrayList<String>();
    double ms = (row.first().nanos() - rows.getFirst().first().nanos()) / 1e6;
    String middle = row.isForwarded() ? "┿" : "│";
    lines.add(
        "%9.3f  │%s%s%s│"
            .formatted(ms, cell(row.right, row.client), middle, cell(row.right, row.target)));
    Redirect redirect = row.target == null ? null : row.target.redirect();
    if (redirect != null) {
      long sndNxt = redirect.sndNxt() - start(Leg.CLIENT).answererIsn & 0xffffffffL;
      lines.add(note("REDIRECT client %s".formatted(redirect.client())));
      lines.add(
          note(
              "  scale %s, snd_nxt %d, ts clock %s"
                  .formatted(
                      redirect.scale() == 15 ? "none" : redirect.scale(),
                      sndNxt,
                      redirect.clock() == null ? "none" : redirect.clock())));
    }
    return lines;
  }

  private static String note(String text) {
    return "%9s  │%s│ %-38s│".formatted("", " ".repeat(CELL), text);
  }

  private String cell(boolean right, @Nullable Packet packet) {
    if (packet == null) {
      return " ".repeat(CELL);
    }
    var text = new StringBuilder(packet.flagNames()).append(' ').append(relativeSeq(packet));
    if (packet.payload() > 0) {
      text.append('+').append(packet.payload());
    }
    if (packet.has(Packet.ACK)) {
      text.append(" ack ").append(relativeAck(packet));
    }
    String shaft = "─".repeat(Math.max(1, CELL - 4 - text.length()));
    return right ? "─ " + text + " " + shaft.substring(1) + "─▶" : "◀" + shaft + " " + text + " ─";
  }
}

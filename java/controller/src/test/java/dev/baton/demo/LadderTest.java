package dev.baton.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.demo.Packet.Endpoint;
import dev.baton.demo.Packet.Leg;
import dev.baton.demo.Packet.Redirect;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LadderTest {
  private static final Endpoint CLIENT = new Endpoint("10.0.1.2", 50000);
  private static final Endpoint PUBLIC = new Endpoint("10.0.1.1", 80);
  private static final Endpoint CLUSTER = new Endpoint("10.0.2.1", 10001);
  private static final Endpoint TARGET = new Endpoint("10.0.2.11", 80);

  /** Where each side begins; two of them wrap round soon. */
  private static final long CLIENT_ISN = 0xffffffffL;

  private static final long PUBLIC_ISN = 5000;
  private static final long CLUSTER_ISN = 777;
  private static final long TARGET_ISN = 0xfffffff0L;

  private final List<Packet> packets = new ArrayList<>();
  private long micros;

  private void client(boolean right, int flags, long seq, long ack, int payload) {
    add(
        Leg.CLIENT,
        right ? CLIENT : PUBLIC,
        right ? PUBLIC : CLIENT,
        flags,
        payload,
        null,
        seq + (right ? CLIENT_ISN : PUBLIC_ISN),
        ack + (right ? PUBLIC_ISN : CLIENT_ISN));
  }

  private void target(boolean right, int flags, long seq, long ack, int payload) {
    add(
        Leg.TARGET,
        right ? CLUSTER : TARGET,
        right ? TARGET : CLUSTER,
        flags,
        payload,
        null,
        seq + (right ? CLUSTER_ISN : TARGET_ISN),
        ack + (right ? TARGET_ISN : CLUSTER_ISN));
  }

  private void add(
      Leg leg,
      Endpoint from,
      Endpoint to,
      int flags,
      int payload,
      @Nullable Redirect redirect,
      long seq,
      long ack) {
    micros += 10;
    packets.add(
        new Packet(
            leg,
            micros * 1000,
            from,
            to,
            seq & 0xffffffffL,
            ack & 0xffffffffL,
            flags,
            500,
            payload,
            redirect));
  }

  /** A download in as many forwarded pieces, up to the close. */
  private void connection(int pieces) {
    client(true, Packet.SYN, 0, 0, 0);
    client(false, Packet.SYN | Packet.ACK, 0, 1, 0);
    client(true, Packet.ACK, 1, 1, 0);
    client(true, Packet.PSH | Packet.ACK, 1, 1, 80);
    add(
        Leg.TARGET,
        CLUSTER,
        TARGET,
        Packet.SYN,
        0,
        new Redirect(1, CLIENT, 7, PUBLIC_ISN + 1, 4711L),
        CLUSTER_ISN,
        PUBLIC_ISN + 1);
    target(false, Packet.SYN | Packet.ACK, 0, 1, 0);
    target(true, Packet.PSH | Packet.ACK, 1, 1, 80);
    long seq = 1;
    for (int i = 0; i < pieces; i++) {
      target(false, Packet.ACK, seq, 81, 1000);
      client(false, Packet.ACK, seq, 81, 1000);
      seq += 1000;
      client(true, Packet.ACK, 81, seq, 0);
      target(true, Packet.ACK, 81, seq, 0);
    }
    client(true, Packet.FIN | Packet.ACK, 81, seq, 0);
    target(true, Packet.FIN | Packet.ACK, 81, seq, 0);
    target(false, Packet.FIN | Packet.ACK, seq, 82, 0);
    client(false, Packet.FIN | Packet.ACK, seq, 82, 0);
    client(true, Packet.ACK, 82, seq + 1, 0);
    target(true, Packet.ACK, 82, seq + 1, 0);
  }

  @Test
  void oneConnectionFromHandshakeToClose() {
    connection(2);
    Collections.shuffle(packets, new Random(1));
    Ladder ladder = new Ladder(packets);
    assertThat(ladder.client()).isEqualTo(CLIENT);
    assertThat(ladder.forwarded()).isEqualTo(7);
    assertThat(String.join("\n", ladder.lines()) + "\n").isEqualTo(EXPECTED);
  }

  @Test
  void theMiddleIsCounted() {
    connection(1000);
    List<String> lines = new Ladder(packets).lines();
    assertThat(lines).hasSizeLessThan(30);
    // 3 of 1000 pieces are shown, and 2 rows before the close, one of which is a piece.
    assertThat(lines)
        .filteredOn(line -> line.contains("… 1,993 packets, 996,000 bytes"))
        .hasSize(1);
    assertThat(lines).allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(100));
  }

  @Test
  void theRequestIsNotTakenForTheReplayedOne() {
    connection(1);
    assertThat(new Ladder(packets).lines())
        .filteredOn(line -> line.contains("PSH,ACK 1+80"))
        .hasSize(2);
  }

  @Test
  void aCaptureWithoutAHandshakeIsRefused() {
    connection(1);
    packets.removeIf(packet -> packet.leg() == Leg.TARGET && packet.has(Packet.SYN));
    assertThatThrownBy(() -> new Ladder(packets)).hasMessage("TARGET leg: no SYN seen");
  }

  private static final String EXPECTED =
      """
             ms  Client                                 DMZ node                            Target node
          0.000  │─ SYN 0 ──────────────────────────────▶│                                       │
          0.010  │◀──────────────────── SYN,ACK 0 ack 1 ─│                                       │
          0.020  │─ ACK 1 ack 1 ────────────────────────▶│                                       │
          0.030  │─ PSH,ACK 1+80 ack 1 ─────────────────▶│                                       │
          0.040  │                                       │─ SYN 0 ──────────────────────────────▶│
                 │                                       │ REDIRECT client 10.0.1.2:50000        │
                 │                                       │   scale 7, snd_nxt 1, ts clock 4711   │
          0.050  │                                       │◀──────────────────── SYN,ACK 0 ack 1 ─│
          0.060  │                                       │─ PSH,ACK 1+80 ack 1 ─────────────────▶│
          0.070  │◀────────────────── ACK 1+1000 ack 81 ─┿◀────────────────── ACK 1+1000 ack 81 ─│
          0.090  │─ ACK 81 ack 1001 ────────────────────▶┿─ ACK 81 ack 1001 ────────────────────▶│
          0.110  │◀─────────────── ACK 1001+1000 ack 81 ─┿◀─────────────── ACK 1001+1000 ack 81 ─│
          0.130  │─ ACK 81 ack 2001 ────────────────────▶┿─ ACK 81 ack 2001 ────────────────────▶│
          0.150  │─ FIN,ACK 81 ack 2001 ────────────────▶┿─ FIN,ACK 81 ack 2001 ────────────────▶│
          0.170  │◀──────────────── FIN,ACK 2001 ack 82 ─┿◀──────────────── FIN,ACK 2001 ack 82 ─│
          0.190  │─ ACK 82 ack 2002 ────────────────────▶┿─ ACK 82 ack 2002 ────────────────────▶│
      """;
}

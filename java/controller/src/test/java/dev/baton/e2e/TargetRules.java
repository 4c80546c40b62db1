package dev.baton.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.dataplane.FlowView;
import dev.baton.net.RawSocket;
import dev.baton.net.Segment;
import dev.baton.net.SystemCalls;

/** How a stage's first target is made to fail. */
final class TargetRules {
  private TargetRules() {}

  /** Rules on the first target, for what comes to it and what leaves it, over IPv4 and IPv6. */
  static void set(Stage stage, String input, String output) {
    stage
        .scene
        .lab
        .target(1)
        .namespace()
        .nft(
            """
            table inet lab {
              set once4 { type ipv4_addr . inet_service; flags dynamic; }
              set once6 { type ipv6_addr . inet_service; flags dynamic; }
              set twice4 { type ipv4_addr . inet_service; flags dynamic; }
              set twice6 { type ipv6_addr . inet_service; flags dynamic; }
              chain input { type filter hook input priority 0; %s }
              chain output { type filter hook output priority 0; %s }
            }
            """
                .formatted(input, output));
  }

  /** Everything comes to it and leaves it again. */
  static void clear(Stage stage) {
    stage.scene.lab.target(1).namespace().sh("nft delete table inet lab 2>/dev/null || true");
  }

  /** The first segments of a kind on each tuple are dropped. */
  static String lost(boolean syn, int times) {
    return lost("ip", 4, syn, times) + lost("ip6", 6, syn, times);
  }

  private static String lost(String ip, int version, boolean syn, int times) {
    String match = "tcp flags & (syn | ack) == " + (syn ? "syn" : "(syn | ack)");
    String peer = (syn ? "%1$s saddr . tcp sport" : "%1$s daddr . tcp dport").formatted(ip);
    String drop = "%1$s %2$s != @%4$s%3$d add @%4$s%3$d { %2$s } drop;";
    String first = drop.formatted(match, peer, version, "once");
    return times == 1 ? first : first + drop.formatted(match, peer, version, "twice");
  }

  /** A SYN,ACK and a RST to the SYN that is out, one right behind the other. */
  static int answer(FlowView pending, boolean synAckFirst) {
    int exact = pending.sequenceNext() + 1;
    try (SystemCalls calls = new SystemCalls();
        RawSocket raw = new RawSocket(calls)) {
      for (boolean synAck : new boolean[] {synAckFirst, !synAckFirst}) {
        Segment segment =
            new Segment()
                .clear()
                .between(
                    pending.tuple().target,
                    pending.tuple().targetPort,
                    pending.tuple().own,
                    pending.tuple().ownPort)
                .sequence(synAck ? 1000 : 1001)
                .acknowledgment(exact)
                .window(65_535)
                .flags(Segment.ACK | (synAck ? Segment.SYN : Segment.RST));
        if (synAck) {
          segment.mss(1460).timestamps(1, 1);
        }
        assertThat(raw.send(segment)).isPositive();
      }
    }
    return exact;
  }
}

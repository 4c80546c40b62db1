package dev.baton.net;

import static dev.baton.net.Packets.u16;
import static dev.baton.net.Packets.u8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.bindings.libc.LibC;
import dev.baton.testing.OwnNetwork;
import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the kernel says of a connection, compared with what else is known of it. */
@Tag("namespace")
@ExtendWith(OwnNetwork.class)
class ClientLegTest {
  private static final int WINDOW_SCALE = 3;

  private static int initialSequence(byte[] syn) {
    return Packets.i32(syn, (syn[0] & 15) * 4 + 4);
  }

  /** An option's value, right-aligned; −1: not there. */
  private static int option(byte[] syn, int kind) {
    int at = (syn[0] & 15) * 4 + 20;
    while (at < syn.length && syn[at] != 0) {
      if (syn[at] == kind) {
        return u8(syn, at + 1) == 3 ? u8(syn, at + 2) : u16(syn, at + 2);
      }
      at += syn[at] == 1 ? 1 : u8(syn, at + 1);
    }
    return -1;
  }

  @ParameterizedTest(name = "{0} bytes sent, {1} read: {2}")
  @CsvSource({
    "0,     0,    nothing has come yet",
    "1000,  0,    nothing was read yet",
    "1000,  300,  some lie unread in the queue",
    "1000,  1000, all were read",
    "50000, 7,    more than a head"
  })
  void baseIsTheSynsNumberAndAllThatWasAcknowledgedCounts(int sent, int read, String why)
      throws IOException {
    try (Loopback pair = new Loopback()) {
      int first = initialSequence(pair.takeSyn()) + 1;
      if (sent > 0) {
        pair.clientSends(sent);
        assertThat(read == 0 ? 0 : pair.read(read)).isEqualTo(read);
      }
      assertThat(pair.leg.snapshot(pair.fd)).isZero();
      assertThat(pair.leg.base()).as(why).isEqualTo(first);
      assertThat(pair.leg.acknowledged()).isEqualTo(sent);
      assertThat(pair.leg.received()).isEqualTo(first + sent);
      assertThat(pair.leg.finReceived()).isFalse();
    }
  }

  @ParameterizedTest(name = "{0} bytes sent, {1} read: {2}")
  @CsvSource({
    "0,   0,   a FIN alone",
    "100, 0,   a FIN behind unread bytes",
    "100, 100, a FIN behind bytes that were read"
  })
  void finTakesOneNumber(int sent, int read, String why) throws IOException {
    try (Loopback pair = new Loopback()) {
      int first = initialSequence(pair.takeSyn()) + 1;
      if (sent > 0) {
        pair.clientSends(sent);
        assertThat(read == 0 ? 0 : pair.read(read)).isEqualTo(read);
      }
      pair.clientEnds();
      assertThat(pair.leg.snapshot(pair.fd)).isZero();
      assertThat(pair.leg.finReceived()).isTrue();
      assertThat(pair.leg.base()).as(why).isEqualTo(first);
      assertThat(pair.leg.acknowledged()).isEqualTo(sent + 1);
    }
  }

  @Test
  void rereadSeesWhatCameSinceTheSnapshot() throws IOException {
    try (Loopback pair = new Loopback()) {
      pair.clientSends(10);
      assertThat(pair.leg.snapshot(pair.fd)).isZero();
      pair.clientSends(90);
      assertThat(pair.leg.acknowledged()).as("as it was").isEqualTo(10);
      assertThat(pair.leg.rereadReceived(pair.fd)).isZero();
      assertThat(pair.leg.acknowledged()).isEqualTo(100);
      pair.clientEnds();
      assertThat(pair.leg.rereadReceived(pair.fd)).isZero();
      assertThat(pair.leg.acknowledged()).isEqualTo(101);
    }
  }

  @Test
  void sentIsTheNextByteToTheClient() throws IOException {
    try (Loopback pair = new Loopback()) {
      assertThat(pair.leg.negotiated(pair.fd)).isZero();
      int before = pair.leg.sent();
      assertThat(pair.answer("x".repeat(500))).isEqualTo(500);
      assertThat(pair.clientReads(500)).hasSize(500);
      assertThat(pair.leg.negotiated(pair.fd)).isZero();
      assertThat(pair.leg.sent()).isEqualTo(before + 500);
    }
  }

  @ParameterizedTest(name = "{0} = {1}: {6}")
  @CsvSource({
    "tcp_ecn,            0, true,  true,  true,  false, 'the usual, without ECN'",
    "tcp_ecn,            1, true,  true,  true,  true,  the client asks for ECN",
    "tcp_timestamps,     0, false, true,  true,  false, no timestamps",
    "tcp_sack,           0, true,  false, true,  false, no SACK",
    "tcp_window_scaling, 0, true,  true,  false, false, no window scaling"
  })
  void negotiatedOptions(
      String key,
      String value,
      boolean timestamps,
      boolean sack,
      boolean windowScaling,
      boolean ecn,
      String why)
      throws IOException {
    OwnNetwork.sysctl("net.ipv4.tcp_ecn", "0");
    OwnNetwork.sysctl("net.ipv4." + key, value);
    try (Loopback pair = new Loopback()) {
      ClientLeg leg = pair.leg;
      assertThat(leg.negotiated(pair.fd)).isZero();
      assertThat(leg.timestamps()).as(why).isEqualTo(timestamps);
      assertThat(leg.sack()).as(why).isEqualTo(sack);
      assertThat(leg.windowScaling()).as(why).isEqualTo(windowScaling);
      assertThat(leg.ecn()).as(why).isEqualTo(ecn);
      if (!windowScaling) {
        assertThat(leg.clientScale() + leg.ownScale()).isZero();
      }
    }
  }

  /** Two different scales, so that neither can stand for the other. */
  @Test
  void scalesAreTheClientsAndOurs() throws IOException {
    assumeTrue(OwnNetwork.program("ss"), "needs the program ss");
    try (Loopback pair = new Loopback(0, 300_000)) {
      String seen = OwnNetwork.run("ss", "-Htin", "dport", "=", ":" + Loopback.PORT);
      Matcher scales = Pattern.compile("wscale:(\\d+),(\\d+)").matcher(seen);
      assertThat(scales.find()).as("ss shows the client's socket: %s", seen).isTrue();
      int theirsInSyn = option(pair.takeSyn(), WINDOW_SCALE);
      assertThat(pair.leg.negotiated(pair.fd)).isZero();
      assertThat(pair.leg.clientScale()).isEqualTo(theirsInSyn);
      assertThat(pair.leg.clientScale()).isEqualTo(Integer.parseInt(scales.group(2)));
      assertThat(pair.leg.ownScale()).isEqualTo(Integer.parseInt(scales.group(1)));
      assertThat(pair.leg.clientScale()).isNotEqualTo(pair.leg.ownScale());
    }
  }

  /** Not what our own links carry: the target's segments go to the client. */
  @Test
  void clientsMssIsTheSyns() throws IOException {
    OwnNetwork.run("ip", "link", "set", "lo", "mtu", "9000");
    try (Loopback pair = new Loopback(1500, 0)) {
      assertThat(pair.leg.negotiated(pair.fd)).isZero();
      assertThat(pair.leg.clientMss()).isEqualTo(8960);
    }
  }

  /** A SYN cookie keeps no SYN, and knows only some sizes (net/ipv4/syncookies.c). */
  @Test
  void afterASynCookieTheKernelsMssIsTakenInstead() throws IOException {
    OwnNetwork.sysctl("net.ipv4.tcp_syncookies", "2");
    try (Loopback pair = new Loopback()) {
      pair.clientSends(100);
      assertThat(pair.takeSyn()).isEmpty();
      assertThat(pair.leg.negotiated(pair.fd)).isZero();
      assertThat(pair.leg.clientMss()).isEqualTo(1460);
      assertThat(pair.leg.acknowledged()).as("the base holds here too").isEqualTo(100);
      assertThat(pair.leg.clientScale()).as("kept in the timestamp").isPositive();
    }
  }

  @Test
  void clockIsNotBehindTheKernelsAndNotFarAhead() throws IOException {
    try (Loopback pair = new Loopback()) {
      assertThat(pair.leg.snapshot(pair.fd)).isZero();
      int kernels = (int) pair.calls.getOption(pair.fd, LibC.IPPROTO_TCP(), LibC.TCP_TIMESTAMP());
      assertThat(pair.leg.snapshot(pair.fd)).isZero();
      int later = (int) pair.calls.getOption(pair.fd, LibC.IPPROTO_TCP(), LibC.TCP_TIMESTAMP());
      assertThat(pair.leg.clock() - kernels).isGreaterThanOrEqualTo(2);
      assertThat(pair.leg.clock() - later).isLessThanOrEqualTo(2);
    }
  }

  @Test
  void clientsWindowFollowsWhatItReads() throws IOException {
    try (Loopback pair = new Loopback(0, 20_000)) {
      assertThat(pair.leg.negotiated(pair.fd)).isZero();
      assertThat(pair.leg.clientWindow()).isBetween(1L, 65_535L);
      String much = "x".repeat(100_000);
      int sent = 0;
      for (int n = pair.answer(much); n > 0; n = pair.answer(much)) {
        sent += n;
      }
      Loopback.eventually(() -> pair.leg.rereadState(pair.fd) == 0 && pair.leg.clientWindow() == 0);
      assertThat(pair.clientReads(sent)).hasSize(sent);
      Loopback.eventually(() -> pair.leg.rereadState(pair.fd) == 0 && pair.leg.clientWindow() > 0);
    }
  }

  @Test
  void resetConnectionIsReportedAsGone() throws IOException {
    try (Loopback pair = new Loopback()) {
      pair.client.setOption(java.net.StandardSocketOptions.SO_LINGER, 0);
      pair.client.close();
      Loopback.eventually(() -> pair.serverState().equals(Loopback.GONE));
      assertThat(pair.leg.negotiated(pair.fd)).isEqualTo(-LibC.ECONNRESET());
      assertThat(pair.leg.snapshot(pair.fd)).isEqualTo(-LibC.ECONNRESET());
    }
  }
}

package dev.baton.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.address.Ip;
import dev.baton.bindings.libc.LibC;
import dev.baton.testing.OwnNetwork;
import java.io.IOException;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Repair mode on a real connection: who gives up goes on as before, who closes is not heard. */
@Tag("namespace")
@ExtendWith(OwnNetwork.class)
class RepairTest {
  private static final int QUIET_MILLIS = 300;

  private static void assertBytesFlowBothWays(Loopback pair) throws IOException {
    pair.send("to the server");
    Loopback.eventually(() -> pair.peek() == 13);
    assertThat(pair.read(100)).isEqualTo(13);
    assertThat(pair.text(13)).isEqualTo("to the server");
    assertThat(pair.answer("to the client")).isEqualTo(13);
    assertThat(pair.clientReads(13)).isEqualTo("to the client");
  }

  @Test
  void negotiatedLeavesTheConnectionAsItWas() throws IOException {
    try (Loopback pair = new Loopback()) {
      pair.clientSends(5);
      assertThat(pair.leg.negotiated(pair.fd)).isZero();
      assertThat(pair.read(5)).as("a plain read, which repair mode would refuse").isEqualTo(5);
      assertBytesFlowBothWays(pair);
    }
  }

  @Test
  void handoffThatIsGivenUpLeavesTheConnectionUsable() throws IOException {
    try (Loopback pair = new Loopback()) {
      pair.clientSends(5);
      assertThat(pair.leg.snapshot(pair.fd)).isZero();
      assertThat(pair.leg.leaveRepair(pair.fd)).isZero();
      assertThat(pair.read(5)).isEqualTo(5);
      assertBytesFlowBothWays(pair);
      assertThat(pair.leg.snapshot(pair.fd)).as("and can be tried again").isZero();
      assertThat(pair.leg.leaveRepair(pair.fd)).isZero();
      pair.clientEnds();
      assertThat(pair.read(100)).as("the end of the stream").isZero();
      assertThat(pair.calls.shutdown(pair.fd, LibC.SHUT_WR())).isZero();
      assertThat(pair.client.socket().getInputStream().read()).as("in order").isEqualTo(-1);
    }
  }

  @Test
  void closeInRepairIsSilent() throws IOException {
    try (Loopback pair = new Loopback()) {
      pair.clientSends(5);
      assertThat(pair.leg.snapshot(pair.fd)).isZero();
      assertThat(pair.calls.close(pair.fd)).isZero();
      assertThat(pair.serverState()).as("the server's side").isEqualTo(Loopback.GONE);
      pair.client.socket().setSoTimeout(QUIET_MILLIS);
      assertThatThrownBy(() -> pair.client.socket().getInputStream().read())
          .as("neither FIN nor RST came")
          .isInstanceOf(SocketTimeoutException.class);
      assertThat(pair.clientState()).isEqualTo(Loopback.ESTABLISHED);
    }
  }

  /** What the test above would see if the close were heard. */
  @Test
  void closeAfterRepairIsHeard() throws IOException {
    try (Loopback pair = new Loopback()) {
      assertThat(pair.leg.snapshot(pair.fd)).isZero();
      assertThat(pair.leg.leaveRepair(pair.fd)).isZero();
      assertThat(pair.calls.close(pair.fd)).isZero();
      Loopback.eventually(() -> pair.clientState().equals(Loopback.CLOSE_WAIT));
      pair.client.socket().setSoTimeout(5000);
      assertThat(pair.client.socket().getInputStream().read()).isEqualTo(-1);
    }
  }

  /** A client that has ended its stream, and one whose bytes lie unread: still no sound. */
  @Test
  void closeInRepairIsSilentAfterTheClientsFin() throws IOException {
    try (Loopback pair = new Loopback()) {
      pair.clientSends(5);
      pair.clientEnds();
      Loopback.eventually(() -> pair.clientState().equals("05")); // FIN-WAIT-2
      assertThat(pair.leg.snapshot(pair.fd)).isZero();
      assertThat(pair.calls.close(pair.fd)).isZero();
      pair.client.socket().setSoTimeout(QUIET_MILLIS);
      assertThatThrownBy(() -> pair.client.socket().getInputStream().read())
          .isInstanceOf(SocketTimeoutException.class);
      assertThat(pair.clientState()).isEqualTo("05");
    }
  }

  /** DESIGN 9: a plain recv is EPERM; a peek with the receive queue selected reads and keeps. */
  @Test
  void unreadBytesCanBePeekedInRepair() throws IOException {
    try (Loopback pair = new Loopback()) {
      pair.send("GET / HTTP/1.1\r\n");
      Loopback.eventually(() -> pair.peek() == 16);
      assertThat(pair.read(3)).isEqualTo(3);
      assertThat(pair.leg.snapshot(pair.fd)).isZero();
      assertThat(pair.read(100)).as("a plain read").isEqualTo(-LibC.EPERM());
      for (int i = 0; i < 2; i++) {
        assertThat(pair.peek()).as("time %d", i).isEqualTo(13);
        assertThat(pair.text(13)).isEqualTo(" / HTTP/1.1\r\n");
      }
    }
  }

  @Test
  void bytesThatComeInRepairArePeekedToo() throws IOException {
    try (Loopback pair = new Loopback()) {
      assertThat(pair.leg.snapshot(pair.fd)).isZero();
      pair.send("late");
      Loopback.eventually(() -> pair.peek() == 4);
      assertThat(pair.text(4)).isEqualTo("late");
      assertThat(pair.leg.rereadReceived(pair.fd)).isZero();
      assertThat(pair.leg.acknowledged()).isEqualTo(4);
    }
  }

  /** SO_OOBINLINE: an urgent byte would otherwise be acknowledged and in no queue. */
  @Test
  void urgentByteStaysInTheStream() throws IOException {
    try (Loopback pair = new Loopback()) {
      pair.send("ab");
      pair.client.socket().sendUrgentData('!');
      pair.send("cd");
      Loopback.eventually(() -> pair.leg.snapshot(pair.fd) == 0 && pair.leg.acknowledged() == 5);
      assertThat(pair.leg.leaveRepair(pair.fd)).isZero();
      StringBuilder got = new StringBuilder();
      for (int n = pair.read(100); n > 0; n = pair.read(100)) {
        got.append(pair.text(n)); // a read stops at the mark
      }
      assertThat(got).hasToString("ab!cd");
    }
  }

  /** A dual-stack socket that holds an IPv4 connection is read like any. */
  @ParameterizedTest(name = "{1} to a listener on {0}")
  @CsvSource({"127.0.0.1, 127.0.0.1", "::1, ::1", "::, ::1", "::, 127.0.0.1"})
  void everyFamilyIsReadAlike(String listen, String connect) throws IOException {
    try (Loopback pair = new Loopback(listen, connect)) {
      int loopback = java.net.NetworkInterface.getByName("lo").getIndex();
      assertThat(pair.calls.arrivalInterface(pair.fd, pair.family())).isEqualTo(loopback);
      Ip peer = new Ip();
      pair.calls.peerAddress(peer);
      assertThat(peer).isEqualTo(Ip.of(InetAddress.ofLiteral(connect)));
      pair.calls.localAddress(pair.fd, peer);
      assertThat(peer).isEqualTo(Ip.of(InetAddress.ofLiteral(connect)));
      pair.clientSends(1000);
      assertThat(pair.leg.negotiated(pair.fd)).isZero();
      assertThat(pair.leg.acknowledged()).isEqualTo(1000);
      assertThat(pair.leg.clientMss()).isEqualTo(peer.isV4() ? 65_495 : 65_476);
      assertThat(pair.leg.snapshot(pair.fd)).isZero();
    }
  }

  /** Without IP_PKTINFO on the listener nobody knows; what was read before must not show. */
  @Test
  void arrivalInterfaceIsUnknownWhereItWasNotKept() throws IOException {
    try (Loopback pair = new Loopback()) {
      assertThat(pair.calls.arrivalInterface(pair.fd, pair.family())).isPositive();
      pair.calls.setOption(pair.fd, LibC.IPPROTO_IP(), LibC.IP_PKTINFO(), 0);
      assertThat(pair.calls.arrivalInterface(pair.fd, pair.family())).isEqualTo(-LibC.ENOENT());
    }
  }
}

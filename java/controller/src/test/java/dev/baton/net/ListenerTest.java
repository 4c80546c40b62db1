package dev.baton.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.address.Ip;
import dev.baton.bindings.libc.LibC;
import dev.baton.bindings.libc.tcp_info;
import dev.baton.testing.OwnNetwork;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Listeners of both families side by side, and what they tell clients of segments. */
@Tag("namespace")
@ExtendWith(OwnNetwork.class)
class ListenerTest {
  private static final int PORT = 8080;

  private static Listener listener(SystemCalls calls, String address, boolean onlyIpv6, int mtu) {
    return new Listener(calls, Ip.of(InetAddress.ofLiteral(address)), PORT, onlyIpv6, mtu, 16);
  }

  private static int accept(SystemCalls calls, Listener listener) {
    int[] accepted = {-1};
    Loopback.eventually(() -> (accepted[0] = calls.accept(listener.fd())) >= 0);
    return accepted[0];
  }

  /** Connects; the listener that gets it, of two. */
  private static Listener taker(SystemCalls calls, String to, Listener one, Listener other)
      throws IOException {
    try (SocketChannel client =
        SocketChannel.open(new InetSocketAddress(InetAddress.ofLiteral(to), PORT))) {
      int[] accepted = {-1};
      Listener[] taker = {one};
      Loopback.eventually(() -> {
        for (Listener listener : new Listener[] {one, other}) {
          if (accepted[0] < 0) {
            accepted[0] = calls.accept(listener.fd());
            taker[0] = listener;
          }
        }
        return accepted[0] >= 0;
      });
      assertThat(client.isConnected()).isTrue();
      Ip peer = new Ip();
      calls.peerAddress(peer);
      assertThat(peer.isV4()).as("IPv4 is told as such").isEqualTo(to.indexOf(':') < 0);
      calls.close(accepted[0]);
      return taker[0];
    }
  }

  @Test
  void bothWildcardsShareAPort() throws IOException {
    try (SystemCalls calls = new SystemCalls();
        Listener v4 = listener(calls, "0.0.0.0", false, 0);
        Listener v6 = listener(calls, "::", true, 0)) {
      assertThat(taker(calls, "127.0.0.1", v4, v6)).isSameAs(v4);
      assertThat(taker(calls, "::1", v4, v6)).isSameAs(v6);
    }
  }

  @Test
  void anAddressOfIpv4GoesBeforeADualStackWildcard() throws IOException {
    try (SystemCalls calls = new SystemCalls();
        Listener v6 = listener(calls, "::", false, 0);
        Listener v4 = listener(calls, "127.0.0.1", false, 0)) {
      assertThat(taker(calls, "127.0.0.1", v4, v6)).isSameAs(v4);
      assertThat(taker(calls, "127.0.0.2", v4, v6)).isSameAs(v6);
      assertThat(taker(calls, "::1", v4, v6)).isSameAs(v6);
    }
  }

  /**
   * One number serves both families of a dual-stack listener; less than 88 is refused, and more
   * than 32767.
   */
  @ParameterizedTest(name = "listener {0}, client to {1}, link {2}: {3} bytes")
  @CsvSource({
    "127.0.0.1, 127.0.0.1, 1400, 1360",
    "::1,       ::1,       1400, 1340",
    "::,        ::1,       1400, 1340",
    "::,        127.0.0.1, 1400, 1340",
    "127.0.0.1, 127.0.0.1, 60,   88",
    "127.0.0.1, 127.0.0.1, 40000, 32767"
  })
  void clientsAreToldOfTheSmallestLink(String listen, String to, int mtu, int mss)
      throws IOException {
    OwnNetwork.sysctl("net.ipv4.tcp_timestamps", "0"); // TCP_INFO has taken their 12 bytes off
    try (SystemCalls calls = new SystemCalls();
        Listener listener = listener(calls, listen, false, mtu)) {
      assertThat(told(calls, listener, to)).isEqualTo(mss);
      listener.limitSegments(1300);
      int headers = listen.indexOf(':') < 0 ? 40 : 60;
      assertThat(told(calls, listener, to))
          .as("the link's MTU has changed")
          .isEqualTo(1300 - headers);
      listener.limitSegments(0);
      assertThat(told(calls, listener, to)).as("the route's own").isGreaterThan(60_000);
    }
  }

  /** What the SYN,ACK to a new client said. */
  private static int told(SystemCalls calls, Listener listener, String to) throws IOException {
    try (SocketChannel client =
            SocketChannel.open(new InetSocketAddress(InetAddress.ofLiteral(to), PORT));
        Arena arena = Arena.ofConfined()) {
      int accepted = accept(calls, listener);
      assertThat(client.isConnected()).isTrue();
      MemorySegment info = arena.allocate(tcp_info.layout());
      int got = calls.getOption(accepted, LibC.IPPROTO_TCP(), LibC.TCP_INFO(), info);
      assertThat(got).isPositive();
      calls.close(accepted);
      return tcp_info.tcpi_advmss(info);
    }
  }
}

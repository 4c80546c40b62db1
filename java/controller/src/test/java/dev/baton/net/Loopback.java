package dev.baton.net;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.baton.address.Ip;
import dev.baton.bindings.libc.LibC;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;

/** A client and the connection that a {@link Listener} accepted from it, over loopback. */
final class Loopback implements AutoCloseable {
  static final int PORT = 8080;
  static final String ESTABLISHED = "01";
  static final String CLOSE_WAIT = "08";
  static final String GONE = "gone";

  final SystemCalls calls = new SystemCalls();
  final ClientLeg leg = new ClientLeg(calls);
  final SocketChannel client;
  final int fd;
  private final Arena arena = Arena.ofConfined();
  private final Listener listener;
  private final MemorySegment buffer = arena.allocate(1 << 20);
  private boolean closed;

  Loopback() {
    this(0, 0);
  }

  /**
   * A new connection.
   *
   * @param mtu what the listener is told
   * @param receiveBuffer the client's; 0: the kernel's choice
   */
  Loopback(int mtu, int receiveBuffer) {
    this("127.0.0.1", "127.0.0.1", mtu, receiveBuffer);
  }

  /** A new connection of either family, to a listener that may take both. */
  Loopback(String listen, String connect) {
    this(listen, connect, 0, 0);
  }

  private Loopback(String listen, String connect, int mtu, int receiveBuffer) {
    InetAddress to = InetAddress.ofLiteral(connect);
    listener = new Listener(calls, Ip.of(InetAddress.ofLiteral(listen)), PORT, false, mtu, 16);
    try {
      client =
          SocketChannel.open(
              to instanceof Inet4Address
                  ? StandardProtocolFamily.INET
                  : StandardProtocolFamily.INET6);
      if (receiveBuffer > 0) {
        client.setOption(StandardSocketOptions.SO_RCVBUF, receiveBuffer);
      }
      client.connect(new InetSocketAddress(to, PORT));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    int[] accepted = {-1};
    eventually(() -> (accepted[0] = calls.accept(listener.fd())) >= 0);
    fd = accepted[0];
  }

  /** The socket's family. */
  int family() {
    return listener.family();
  }

  /** On this thread, for it is in the namespace and owns the memory. */
  static void eventually(Callable<Boolean> condition) {
    await()
        .pollInSameThread()
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(1))
        .atMost(Duration.ofSeconds(5))
        .until(condition);
  }

  /** The SYN as the kernel kept it; it forgets it with that. */
  byte[] takeSyn() {
    int length = calls.getOption(fd, LibC.IPPROTO_TCP(), LibC.TCP_SAVED_SYN(), buffer);
    assertThat(length).as("TCP_SAVED_SYN").isNotNegative();
    return Packets.bytes(buffer, length);
  }

  /** The client sends so many bytes, and they are in the kernel's receive queue. */
  void clientSends(int count) throws IOException {
    int before = Math.max(0, peek());
    send("x".repeat(count));
    eventually(() -> peek() == before + count);
  }

  void send(String text) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(ISO_8859_1));
    while (bytes.hasRemaining()) {
      client.write(bytes);
    }
  }

  void clientEnds() throws IOException {
    client.shutdownOutput();
    eventually(() -> leg.rereadState(fd) == 0 && leg.finReceived());
  }

  /** How much lies unread in the receive queue; −EAGAIN: nothing. */
  int peek() {
    return receive(1 << 20, LibC.MSG_PEEK() | LibC.MSG_DONTWAIT());
  }

  int read(int max) {
    return receive(max, LibC.MSG_DONTWAIT());
  }

  int receive(int max, int flags) {
    return calls.receive(fd, buffer, 0, max, flags);
  }

  /** What the last read or peek gave. */
  String text(int length) {
    return new String(Packets.bytes(buffer, length), ISO_8859_1);
  }

  int answer(String text) {
    byte[] bytes = text.getBytes(ISO_8859_1);
    MemorySegment.copy(bytes, 0, buffer, java.lang.foreign.ValueLayout.JAVA_BYTE, 0, bytes.length);
    return calls.send(fd, buffer, 0, bytes.length);
  }

  /** Reads exactly so much at the client, within a time. */
  String clientReads(int count) throws IOException {
    client.socket().setSoTimeout(5000);
    return new String(client.socket().getInputStream().readNBytes(count), ISO_8859_1);
  }

  int clientPort() {
    return client.socket().getLocalPort();
  }

  /** The client socket's state as the kernel's table has it (net/tcp_states.h, two digits). */
  String clientState() throws IOException {
    return state(clientPort());
  }

  /** The accepted socket's state. */
  String serverState() throws IOException {
    try (var lines = table()) {
      String remote = ":%04X".formatted(clientPort());
      return lines.filter(f -> f[2].endsWith(remote)).map(f -> f[3]).findFirst().orElse(GONE);
    }
  }

  private static String state(int localPort) throws IOException {
    try (var lines = table()) {
      String local = ":%04X".formatted(localPort);
      return lines.filter(f -> f[1].endsWith(local)).map(f -> f[3]).findFirst().orElse(GONE);
    }
  }

  private static java.util.stream.Stream<String[]> table() throws IOException {
    // A thread's own: /proc/net would be the process's, in another namespace.
    return Files.readAllLines(Path.of("/proc/thread-self/net/tcp")).stream()
        .skip(1)
        .map(line -> line.strip().split("\\s+", -1));
  }

  @Override
  public void close() throws IOException {
    if (!closed) {
      closed = true;
      client.close();
      calls.close(fd);
      listener.close();
      leg.close();
      calls.close();
      arena.close();
    }
  }
}

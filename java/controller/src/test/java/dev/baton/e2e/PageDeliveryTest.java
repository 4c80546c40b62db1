package dev.baton.e2e;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.lab.Lab;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A page arrives whole by a narrow way. */
@Tag("namespace")
@ExtendWith(SceneExtension.class)
@SuppressWarnings("NullAway.Init")
class PageDeliveryTest {
  private static final String REQUEST = "GET / HTTP/1.1\r\nHost: nobody.example.net\r\n\r\n";
  private static final int PAGE = 12_000;
  private static final int SMALL = 2048;

  @TempDir Path folder;

  private Scene scene;
  private Sockets clients;

  @BeforeEach
  void open() throws IOException {
    Path page = Files.writeString(folder.resolve("page.txt"), "x".repeat(PAGE));
    scene = Scene.open(settings -> settings + "error-pages: { default: " + page + " }\n");
    clients = new Sockets(scene.lab.client());
  }

  @AfterEach
  void close() throws IOException {
    clients.close();
    scene.close();
  }

  private SocketChannel connected() throws IOException {
    SocketChannel channel = clients.socket(StandardProtocolFamily.INET);
    channel.setOption(StandardSocketOptions.SO_RCVBUF, SMALL);
    channel.connect(new InetSocketAddress(InetAddress.ofLiteral(Lab.PUBLIC), 80));
    return channel;
  }

  private static void assertWhole(SocketChannel channel) throws IOException {
    channel.socket().setSoTimeout(30_000);
    StringBuilder all = new StringBuilder();
    byte[] chunk = new byte[SMALL];
    for (int got = channel.socket().getInputStream().read(chunk);
        got >= 0;
        got = channel.socket().getInputStream().read(chunk)) {
      all.append(new String(chunk, 0, got, US_ASCII));
    }
    assertThat(all).startsWith("HTTP/1.1 404 ").contains("\r\nContent-Length: " + PAGE + "\r\n");
    assertThat(all.length() - (all.indexOf("\r\n\r\n") + 4)).isEqualTo(PAGE);
  }

  /** Neither socket holds a page: the rest of it waits until there is room. */
  @Test
  void aPageThatIsSentInPartsArrivesWhole() throws IOException {
    scene.lab.dmz().sysctl("net.ipv4.tcp_wmem", "4096 4096 4096");
    try (SocketChannel channel = connected()) {
      channel.socket().getOutputStream().write(REQUEST.getBytes(US_ASCII));
      assertWhole(channel);
    }
  }
}

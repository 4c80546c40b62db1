package dev.baton.e2e;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.InputStream;
import java.net.StandardProtocolFamily;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;

/** Ordinary requests, one after the other, each on a connection of its own, with their times. */
final class HonestClients {
  private static final byte[] REQUEST =
      "GET /1k HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"
          .formatted(Scene.SITE)
          .getBytes(US_ASCII);
  private static final int LEAST = 1000;

  private final Stage stage;

  HonestClients(Stage stage) {
    this.stage = stage;
  }

  /** Nanoseconds from connecting to the end of each answer; every one must be whole. */
  List<Long> run(int count) throws IOException {
    List<Long> times = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      try (SocketChannel channel = stage.clients.socket(StandardProtocolFamily.INET)) {
        long begin = System.nanoTime();
        channel.connect(stage.viaBaton());
        channel.socket().setSoTimeout(30_000);
        channel.socket().getOutputStream().write(REQUEST);
        InputStream in = channel.socket().getInputStream();
        byte[] answer = in.readAllBytes();
        times.add(System.nanoTime() - begin);
        if (answer.length < LEAST || !new String(answer, 0, 12, US_ASCII).equals("HTTP/1.1 200")) {
          throw new IOException("not served: " + new String(answer, US_ASCII));
        }
      }
    }
    return times;
  }

  /** The value below which a share of all lies. */
  static long share(List<Long> times, double share) {
    return times.stream().sorted().toList().get((int) (share * (times.size() - 1)));
  }
}

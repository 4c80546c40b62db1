package dev.baton.e2e;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * One end of a scripted connection. What it sends after a request head is a pattern that depends on
 * the place in the stream, and what it receives is held against the other end's: a byte lost,
 * doubled or put elsewhere is seen.
 */
final class Peer implements AutoCloseable {
  /** How the other end's stream came to its end, as far as this one looked. */
  enum End {
    /** It has not been seen to end. */
    OPEN,
    /** By a FIN. */
    FIN,
    /** By a RST. */
    RESET
  }

  /** The two directions' patterns. */
  enum Side {
    CLIENT,
    SERVER
  }

  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final int CHUNK = 64 * 1024;

  private final SocketChannel channel;
  private final Side side;
  private final InputStream in;
  private final OutputStream out;
  private final byte[] chunk = new byte[CHUNK];
  private long sent;
  private long received;
  private End end = End.OPEN;

  Peer(SocketChannel channel, Side side) throws IOException {
    this.channel = channel;
    this.side = side;
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    patience(PATIENCE);
    in = channel.socket().getInputStream();
    out = channel.socket().getOutputStream();
  }

  /** How long to wait for bytes. */
  void patience(Duration limit) throws IOException {
    channel.socket().setSoTimeout((int) limit.toMillis());
  }

  SocketChannel channel() {
    return channel;
  }

  private static byte pattern(Side from, long offset) {
    long word = offset >>> 3;
    return (byte) (((word * 0x9E3779B97F4A7C15L + (from == Side.CLIENT ? 0 : 1)) >>> 32) + offset);
  }

  /** Sends text that is not part of the pattern, such as a request head. */
  void say(String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.US_ASCII));
  }

  /** Sends so many bytes of the pattern. */
  void send(long bytes) throws IOException {
    for (long left = bytes; left > 0; ) {
      int length = (int) Math.min(left, CHUNK);
      for (int i = 0; i < length; i++) {
        chunk[i] = pattern(side, sent + i);
      }
      out.write(chunk, 0, length);
      sent += length;
      left -= length;
    }
  }

  /** Receives text up to and including an empty line. */
  String receiveHead() throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = in.read();
      if (next < 0) {
        throw new IOException("the stream ended in the head: " + head);
      }
      head.append((char) next);
    }
    return head.toString();
  }

  /** Receives so many bytes that are not part of the pattern. */
  void skip(int bytes) throws IOException {
    in.skipNBytes(bytes);
  }

  /** Receives so many bytes of the other side's pattern. */
  void receive(long bytes) throws IOException {
    for (long left = bytes; left > 0; ) {
      int got = in.read(chunk, 0, (int) Math.min(left, CHUNK));
      if (got < 0) {
        throw new IOException("the stream ended after " + received + " bytes");
      }
      take(got);
      left -= got;
    }
  }

  /** Receives what comes until the stream ends, one way or another. */
  void receiveToEnd() throws IOException {
    try {
      for (int got = in.read(chunk); got >= 0; got = in.read(chunk)) {
        take(got);
      }
      end = End.FIN;
    } catch (SocketException e) {
      end = End.RESET;
    }
  }

  /** Sends until the other end is seen to have reset. */
  void sendToReset() throws IOException {
    try {
      while (true) {
        send(1);
        Thread.sleep(10);
      }
    } catch (IOException e) {
      end = End.RESET;
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  private void take(int got) throws IOException {
    Side from = side == Side.CLIENT ? Side.SERVER : Side.CLIENT;
    for (int i = 0; i < got; i++) {
      if (chunk[i] != pattern(from, received + i)) {
        throw new IOException("byte %d is not what was sent".formatted(received + i));
      }
    }
    received += got;
  }

  /** Ends its own direction. */
  void halfClose() throws IOException {
    channel.shutdownOutput();
  }

  /** Ends both directions by a RST. */
  void reset() throws IOException {
    channel.setOption(StandardSocketOptions.SO_LINGER, 0);
    channel.close();
  }

  /** Closes the socket, as a program's end does. */
  void leave() throws IOException {
    channel.close();
  }

  /** What it has seen: bytes of pattern, and the end. */
  Seen seen() {
    return new Seen(received, end);
  }

  /** What one end has seen of the other. */
  record Seen(long bytes, End end) {}

  @Override
  public void close() throws IOException {
    channel.close();
  }
}

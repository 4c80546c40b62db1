package dev.baton.pieces;

import dev.baton.address.Ip;
import dev.baton.directory.Node;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** One request to a node, on a connection of its own, and the answer to it. */
final class NodeAnswer implements AutoCloseable {
  /** What the kernel keeps of an answer that the client is slow to take, bytes. */
  private static final int RECEIVE_BUFFER = 256 * 1024;

  private static final int INTERIM_MAX = 4;

  private final Node node;
  private final Socket socket = new Socket();
  private final byte[] early = new byte[ResponseHead.SIZE_MAX];
  private int earlyFrom;
  private int earlyTo;
  private @Nullable ResponseHead head;

  private NodeAnswer(Node node) {
    this.node = node;
  }

  /**
   * Sends a request and waits for the head of the answer.
   *
   * @param node who is asked
   * @param own the address to ask from
   * @param target the node's, of the same family
   * @param connect how long a connection may take
   * @param silence how long the node may be silent
   * @throws IOException if that does not come to a valid answer
   */
  static NodeAnswer to(
      Node node, Ip own, Ip target, byte[] request, Duration connect, Duration silence)
      throws IOException {
    NodeAnswer answer = new NodeAnswer(node);
    try {
      Socket socket = answer.socket;
      socket.setReceiveBufferSize(RECEIVE_BUFFER);
      socket.setTcpNoDelay(true);
      socket.setSoTimeout((int) silence.toMillis());
      socket.bind(new InetSocketAddress(own.toInet(), 0));
      socket.connect(new InetSocketAddress(target.toInet(), node.port()), (int) connect.toMillis());
      socket.getOutputStream().write(request);
      answer.head = answer.readHead();
      return answer;
    } catch (IOException | RuntimeException e) {
      answer.close();
      throw e;
    }
  }

  private ResponseHead readHead() throws IOException {
    for (int i = 0; i < INTERIM_MAX; i++) {
      int end = headEnd();
      ResponseHead read = ResponseHead.parse(early, end);
      if (read == null) {
        throw new IOException("the head of the answer is not valid");
      }
      System.arraycopy(early, end, early, 0, earlyTo - end);
      earlyTo -= end;
      if (read.status() >= 200) {
        return read;
      }
    }
    throw new IOException("the answer never comes");
  }

  /** Behind the blank line, which is read for if need be. */
  private int headEnd() throws IOException {
    InputStream in = socket.getInputStream();
    int at = 0;
    while (true) {
      for (; at + 4 <= earlyTo; at++) {
        if (early[at] == '\r'
            && early[at + 1] == '\n'
            && early[at + 2] == '\r'
            && early[at + 3] == '\n') {
          return at + 4;
        }
      }
      int got = earlyTo == early.length ? -1 : in.read(early, earlyTo, early.length - earlyTo);
      if (got < 0) {
        throw new EOFException("the head of the answer does not end");
      }
      earlyTo += got;
    }
  }

  Node node() {
    return node;
  }

  ResponseHead head() {
    if (head == null) {
      throw new IllegalStateException("no answer");
    }
    return head;
  }

  /** Reads some of the body, at least a byte; −1: the node has ended it. */
  int read(byte[] into, int offset, int max) throws IOException {
    int left = earlyTo - earlyFrom;
    if (left == 0) {
      return socket.getInputStream().read(into, offset, max);
    }
    int bytes = Math.min(left, max);
    System.arraycopy(early, earlyFrom, into, offset, bytes);
    earlyFrom += bytes;
    return bytes;
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      // It is over either way.
    }
  }
}

package dev.baton.e2e;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.baton.lab.InNamespace;
import dev.baton.lab.Lab;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Clients that ask without pause while controllers come and go, and note how each request ended.
 */
final class RestartLoad {
  /** How a request ended, as its client sees it. */
  enum End {
    /** Whole, byte for byte. */
    WHOLE,
    /** Whole, but of another status: a page of the controller's. */
    PAGE,
    REFUSED,
    RESET,
    /** Ended by a FIN before the first byte of an answer. */
    EMPTY,
    /** Ended by a FIN within an answer. */
    SHORT,
    WRONG_BYTES,
    /** Nothing for {@link #PATIENCE_MILLIS}. */
    HANGING
  }

  enum Kind {
    DOWNLOAD,
    UPLOAD,
    SLOW_UPLOAD,
    REQUEST
  }

  /**
   * One request; times are {@link System#nanoTime}.
   *
   * @param under when it was certainly under way: a download's first byte came, an upload's first
   *     part was sent; 0: never
   */
  record Outcome(Kind kind, long begun, long under, long ended, End end, String name) {}

  static final int PATIENCE_MILLIS = 10_000;
  private static final int SMALL_BUFFER = 64 << 10;
  private static final int PART = 32 << 10;
  private static final int SLOW_SECONDS = 13;

  private final Scene scene;
  private final byte[] large;
  private final byte[] body;
  private final ConcurrentLinkedQueue<Outcome> outcomes = new ConcurrentLinkedQueue<>();
  private final AtomicInteger number = new AtomicInteger();
  private final List<Future<Boolean>> clients = new ArrayList<>();
  private volatile boolean over;

  /**
   * @param large what /large holds
   * @param body what uploads send
   */
  RestartLoad(Scene scene, byte[] large, byte[] body) {
    this.scene = scene;
    this.large = large;
    this.body = body;
  }

  void start() {
    for (Kind kind : List.of(Kind.DOWNLOAD, Kind.DOWNLOAD, Kind.DOWNLOAD, Kind.SLOW_UPLOAD)) {
      begin(kind);
    }
    for (Kind kind :
        List.of(Kind.SLOW_UPLOAD, Kind.UPLOAD, Kind.UPLOAD, Kind.REQUEST, Kind.REQUEST)) {
      begin(kind);
    }
  }

  private void begin(Kind kind) {
    clients.add(
        InNamespace.start(
            scene.lab.client(),
            () -> {
              while (!over) {
                Outcome outcome = once(kind);
                outcomes.add(outcome);
                if (outcome.end != End.WHOLE) {
                  Thread.sleep(20);
                }
              }
              return true;
            }));
  }

  /** No new requests; waits for those under way. */
  List<Outcome> finish() throws Exception {
    over = true;
    for (Future<Boolean> client : clients) {
      client.get();
    }
    return List.copyOf(outcomes);
  }

  private Outcome once(Kind kind) throws InterruptedException {
    String name =
        kind == Kind.UPLOAD || kind == Kind.SLOW_UPLOAD
            ? "/up/r" + number.incrementAndGet()
            : kind == Kind.DOWNLOAD ? "/large" : "/1k";
    long begun = System.nanoTime();
    long[] under = {0};
    End end;
    try (Socket socket = new Socket()) {
      socket.setSoTimeout(PATIENCE_MILLIS);
      if (kind == Kind.DOWNLOAD) {
        socket.setReceiveBufferSize(SMALL_BUFFER);
      } else if (kind == Kind.SLOW_UPLOAD) {
        socket.setSendBufferSize(SMALL_BUFFER);
      }
      socket.connect(new InetSocketAddress(Lab.PUBLIC, 80), PATIENCE_MILLIS);
      end =
          switch (kind) {
            case DOWNLOAD -> download(socket, under);
            case REQUEST -> request(socket);
            case UPLOAD, SLOW_UPLOAD -> upload(socket, name, kind == Kind.SLOW_UPLOAD, under);
          };
    } catch (SocketTimeoutException e) {
      end = End.HANGING;
    } catch (ConnectException e) {
      end = End.REFUSED;
    } catch (IOException e) {
      end = End.RESET;
    }
    return new Outcome(kind, begun, under[0], System.nanoTime(), end, name);
  }

  private static void ask(Socket socket, String head) throws IOException {
    socket
        .getOutputStream()
        .write(
            (head + "Host: " + Scene.SITE + "\r\nConnection: close\r\n\r\n").getBytes(ISO_8859_1));
  }

  private End request(Socket socket) throws IOException {
    ask(socket, "GET /1k HTTP/1.1\r\n");
    InputStream in = socket.getInputStream();
    try {
      return answer(in, in.readNBytes(1)).read(in) == 1000 ? End.WHOLE : End.PAGE;
    } catch (EOFException e) {
      return e.getMessage() == null ? End.SHORT : End.EMPTY;
    }
  }

  private End download(Socket socket, long[] under) throws IOException, InterruptedException {
    ask(socket, "GET /large HTTP/1.1\r\n");
    InputStream in = socket.getInputStream();
    try {
      Answer answer = answer(in, in.readNBytes(1));
      under[0] = System.nanoTime();
      if (answer.status != 200) {
        answer.read(in);
        return End.PAGE;
      }
      for (int at = 0; at < large.length; ) {
        pause(under[0], at, large.length);
        byte[] part = in.readNBytes(Math.min(PART, large.length - at));
        if (!Arrays.equals(part, 0, part.length, large, at, at + part.length)) {
          return End.WRONG_BYTES;
        }
        at += part.length;
        if (part.length == 0) {
          return End.SHORT;
        }
      }
      return End.WHOLE;
    } catch (EOFException e) {
      return e.getMessage() == null ? End.SHORT : End.EMPTY;
    }
  }

  private End upload(Socket socket, String name, boolean slow, long[] under)
      throws IOException, InterruptedException {
    ask(socket, "PUT " + name + " HTTP/1.1\r\nContent-Length: " + body.length + "\r\n");
    OutputStream out = socket.getOutputStream();
    long begun = System.nanoTime();
    for (int at = 0; at < body.length; at += PART) {
      if (slow) {
        pause(begun, at, body.length);
      }
      out.write(body, at, Math.min(PART, body.length - at));
      under[0] = begun;
    }
    InputStream in = socket.getInputStream();
    try {
      Answer answer = answer(in, in.readNBytes(1));
      answer.read(in);
      return answer.status == 201 ? End.WHOLE : End.PAGE;
    } catch (EOFException e) {
      return e.getMessage() == null ? End.SHORT : End.EMPTY;
    }
  }

  /** So that the whole takes {@link #SLOW_SECONDS}. */
  private static void pause(long begun, long done, long all) throws InterruptedException {
    long due = begun + SLOW_SECONDS * 1_000_000_000L * done / all;
    long wait = (due - System.nanoTime()) / 1_000_000;
    if (wait > 0) {
      Thread.sleep(wait);
    }
  }

  /** A response's head. EOFException: with a message if not a byte of it came. */
  private static Answer answer(InputStream in, byte[] first) throws IOException {
    if (first.length == 0) {
      throw new EOFException("no answer");
    }
    StringBuilder head = new StringBuilder(new String(first, ISO_8859_1));
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = in.read();
      if (next < 0) {
        throw new EOFException();
      }
      head.append((char) next);
    }
    int status = Integer.parseInt(head.substring(9, 12));
    int length = 0;
    for (String line : head.toString().split("\r\n", -1)) {
      if (line.toLowerCase(java.util.Locale.ROOT).startsWith("content-length:")) {
        length = Integer.parseInt(line.substring(line.indexOf(':') + 1).strip());
      }
    }
    return new Answer(status, length);
  }

  private record Answer(int status, int length) {
    /** The body; its length, if it is whole. */
    int read(InputStream in) throws IOException {
      if (in.readNBytes(length).length < length) {
        throw new EOFException();
      }
      return length;
    }
  }
}

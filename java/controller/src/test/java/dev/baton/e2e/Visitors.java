package dev.baton.e2e;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.baton.lab.InNamespace;
import dev.baton.lab.Lab;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Requests at an even rate, each on a connection of its own, from the client's namespace; notes
 * what each was answered.
 */
final class Visitors implements AutoCloseable {
  private static final int THREADS = 8;
  private static final int TIMEOUT_MILLIS = 10_000;
  private static final int HEAD_MIN = 12;

  private final ConcurrentLinkedQueue<Visit> visits = new ConcurrentLinkedQueue<>();
  private final List<FutureTask<Integer>> tasks = new ArrayList<>();
  private final InetSocketAddress address;
  private final byte[] request;
  private volatile boolean running = true;

  /**
   * One request and its answer.
   *
   * @param begun System.nanoTime()
   * @param ended likewise
   * @param status 0: there was no answer
   * @param body without white space at its ends, or what went wrong
   */
  record Visit(long begun, long ended, int status, String body) {
    boolean served() {
      return status == 200;
    }
  }

  /** Begins at once. */
  Visitors(Lab lab, String host, String path, int perSecond) {
    address = new InetSocketAddress(Lab.PUBLIC, 80);
    request =
        "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"
            .formatted(path, host)
            .getBytes(US_ASCII);
    long pause = TimeUnit.SECONDS.toNanos(1) * THREADS / perSecond;
    for (int i = 0; i < THREADS; i++) {
      long offset = pause * i / THREADS;
      tasks.add(InNamespace.start(lab.client(), () -> run(offset, pause)));
    }
  }

  private int run(long offset, long pause) {
    long due = System.nanoTime() + offset;
    int count = 0;
    while (running) {
      LockSupport.parkNanos(due - System.nanoTime());
      if (System.nanoTime() - due >= 0) {
        due = Math.max(due + pause, System.nanoTime() - pause);
        visits.add(visit());
        count++;
      }
    }
    return count;
  }

  private Visit visit() {
    long begun = System.nanoTime();
    try (Socket socket = new Socket()) {
      socket.setSoTimeout(TIMEOUT_MILLIS);
      socket.connect(address, TIMEOUT_MILLIS);
      socket.getOutputStream().write(request);
      String answer = new String(socket.getInputStream().readAllBytes(), US_ASCII);
      if (answer.length() < HEAD_MIN) {
        return new Visit(begun, System.nanoTime(), 0, "short: " + answer);
      }
      int status = Integer.parseInt(answer.substring(9, 12));
      String body = answer.substring(answer.indexOf("\r\n\r\n") + 4).strip();
      return new Visit(begun, System.nanoTime(), status, body);
    } catch (IOException e) {
      return new Visit(begun, System.nanoTime(), 0, e.toString());
    }
  }

  /** How many have been answered by now. */
  int count() {
    return visits.size();
  }

  /** All of them so far, in the order in which they ended. */
  List<Visit> visits() {
    List<Visit> all = new ArrayList<>(visits);
    all.sort((a, b) -> Long.compare(a.ended(), b.ended()));
    return all;
  }

  @Override
  public void close() {
    running = false;
    tasks.forEach(InNamespace::result);
  }
}

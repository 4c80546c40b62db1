package dev.baton.e2e;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.baton.lab.Lab;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Thousands of clients, of several addresses, each with half a request head and one byte more of it
 * every five seconds; who is left comes again.
 */
final class SlowClients implements AutoCloseable {
  private static final byte[] HALF =
      "GET / HTTP/1.1\r\nHost: www.example.com\r\nX-Slow: ".getBytes(US_ASCII);
  private static final int FIRST_HOST = 100;
  private static final long EACH_NANOS = TimeUnit.SECONDS.toNanos(5);
  private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
  private static final int AT_ONCE = 200;

  private final Stage stage;
  private final List<InetAddress> addresses;
  private final List<SocketChannel> channels = new ArrayList<>();
  private final Thread dripping;
  private volatile boolean running = true;
  private final AtomicLong sent = new AtomicLong();
  private final AtomicLong refused = new AtomicLong();

  SlowClients(Stage stage, List<InetAddress> addresses, int count) throws IOException {
    this.stage = stage;
    this.addresses = addresses;
    try {
      for (int i = 0; i < count; i++) {
        channels.add(connect(i));
        if (i % AT_ONCE == AT_ONCE - 1) {
          finish(i + 1 - AT_ONCE);
        }
      }
      finish(0);
    } catch (IOException | RuntimeException e) {
      closeAll();
      throw e;
    }
    dripping = Thread.ofPlatform().daemon().name("slow-clients").start(this::drip);
  }

  /** Addresses of the client's own, for many connections from several sides. */
  static List<InetAddress> addresses(Lab lab, int count) {
    List<InetAddress> addresses = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String address = "10.0.1." + (FIRST_HOST + i);
      lab.client().sh("ip address add " + address + "/24 dev c0");
      addresses.add(InetAddress.ofLiteral(address));
    }
    return addresses;
  }

  private SocketChannel connect(int number) throws IOException {
    SocketChannel channel = stage.clients.socket(StandardProtocolFamily.INET);
    channel.configureBlocking(false);
    channel.bind(new InetSocketAddress(addresses.get(number % addresses.size()), 0));
    channel.connect(stage.viaBaton());
    return channel;
  }

  /** Completes the handshakes that are under way, from one on, and sends the first half. */
  private void finish(int from) throws IOException {
    for (int i = from; i < channels.size(); i++) {
      SocketChannel channel = channels.get(i);
      if (!channel.isConnected()) {
        while (!channel.finishConnect()) {
          LockSupport.parkNanos(TICK_NANOS / 20);
        }
        channel.write(ByteBuffer.wrap(HALF));
      }
    }
  }

  /** A share of all at each tick, so that bytes come evenly. */
  private void drip() {
    int next = 0;
    double due = 0;
    while (running) {
      LockSupport.parkNanos(TICK_NANOS);
      due += (double) channels.size() * TICK_NANOS / EACH_NANOS;
      for (; due >= 1 && running; due--) {
        int number = next++ % channels.size();
        try {
          SocketChannel channel = channels.get(number);
          ByteBuffer answer = ByteBuffer.allocate(64);
          if (channel.read(answer) != 0) {
            refused.incrementAndGet();
            channel.close();
            SocketChannel again = connect(number);
            channels.set(number, again);
          } else if (channel.isConnected() || channel.finishConnect()) {
            sent.addAndGet(channel.write(ByteBuffer.wrap(new byte[] {'x'})));
          }
        } catch (IOException e) {
          refused.incrementAndGet(); // it was reset: it comes again at its next turn
          again(number);
        } catch (java.nio.channels.NotYetConnectedException e) {
          finishOne(number);
        }
      }
    }
  }

  private void again(int number) {
    try {
      channels.get(number).close();
      channels.set(number, connect(number));
    } catch (IOException e) {
      running = false;
    }
  }

  private void finishOne(int number) {
    try {
      if (channels.get(number).finishConnect()) {
        channels.get(number).write(ByteBuffer.wrap(HALF));
      }
    } catch (IOException e) {
      again(number);
    }
  }

  /** Bytes sent one by one. */
  long sent() {
    return sent.get();
  }

  /** How many were answered or reset. */
  long refused() {
    return refused.get();
  }

  private void closeAll() {
    for (SocketChannel channel : channels) {
      try {
        channel.close();
      } catch (IOException e) {
        // It is gone either way.
      }
    }
  }

  @Override
  public void close() {
    running = false;
    try {
      dripping.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    closeAll();
  }
}

package dev.baton.dns;

import dev.baton.config.BatonConfig;
import dev.baton.config.DnsSettings;
import dev.baton.directory.Snapshot;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Header;
import org.xbill.DNS.Message;
import org.xbill.DNS.Rcode;

/**
 * Listens over UDP and TCP (RFC 7766). What a stranger can hold of it is bounded: so many TCP
 * connections at a time, each for so long without a query.
 */
public final class DnsServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DnsServer.class);
  private static final int TCP_CONNECTIONS = 256;
  private static final int TCP_IDLE_MILLIS = 5000;
  private static final int HEADER_BYTES = 12;

  private final BatonConfig config;
  private final DnsSettings settings;
  private final Supplier<Snapshot> directory;
  private final Responder responder;
  private final Semaphore connections = new Semaphore(TCP_CONNECTIONS);
  private final List<AutoCloseable> sockets = new ArrayList<>();
  private volatile boolean closed;
  private volatile @Nullable Cached cached;

  private record Cached(Snapshot of, Zones zones) {}

  private DnsServer(BatonConfig config, DnsSettings settings, Supplier<Snapshot> directory) {
    this.config = config;
    this.settings = settings;
    this.directory = directory;
    responder = new Responder(settings);
  }

  /**
   * Binds all addresses and begins to answer.
   *
   * @param directory the newest snapshot, each time it is asked
   * @throws UncheckedIOException when an address cannot be bound
   */
  public static DnsServer start(
      BatonConfig config, DnsSettings settings, Supplier<Snapshot> directory) {
    DnsServer server = new DnsServer(config, settings, directory);
    try {
      for (InetSocketAddress address : settings.listen()) {
        server.bind(address);
      }
      return server;
    } catch (IOException e) {
      server.close();
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }

  private void bind(InetSocketAddress address) throws IOException {
    try {
      DatagramSocket udp = new DatagramSocket(address);
      sockets.add(udp);
      ServerSocket tcp = new ServerSocket();
      sockets.add(tcp);
      tcp.setReuseAddress(true);
      tcp.bind(address);
      Thread.ofPlatform().daemon().name("dns-udp " + address).start(() -> serveUdp(udp));
      Thread.ofPlatform().daemon().name("dns-tcp " + address).start(() -> serveTcp(tcp));
    } catch (IOException e) {
      throw new IOException("cannot listen at " + address + " (dns): " + e.getMessage(), e);
    }
  }

  private void serveUdp(DatagramSocket socket) {
    byte[] buffer = new byte[Message.MAXLENGTH];
    while (!closed) {
      DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
      try {
        socket.receive(packet);
        if (packet.getPort() == 0) {
          continue; // nobody can be there
        }
        byte[] answer = answer(Arrays.copyOf(buffer, packet.getLength()), true);
        if (answer != null) {
          socket.send(
              new DatagramPacket(answer, answer.length, packet.getAddress(), packet.getPort()));
        }
      } catch (IOException | RuntimeException e) {
        if (!closed) {
          LOG.debug("event=dns-udp-failed", e);
        }
      }
    }
  }

  private void serveTcp(ServerSocket server) {
    while (!closed) {
      try {
        Socket socket = server.accept();
        if (connections.tryAcquire()) {
          Thread.ofVirtual().name("dns-tcp").start(() -> converse(socket));
        } else {
          socket.close();
        }
      } catch (IOException e) {
        if (!closed) {
          LOG.debug("event=dns-tcp-failed", e);
        }
      }
    }
  }

  /** Queries one after the other, each behind its length in two bytes. */
  private void converse(Socket socket) {
    try (socket) {
      socket.setSoTimeout(TCP_IDLE_MILLIS);
      DataInputStream in = new DataInputStream(socket.getInputStream());
      OutputStream out = socket.getOutputStream();
      while (!closed) {
        byte[] query = new byte[in.readUnsignedShort()];
        in.readFully(query);
        byte[] answer = answer(query, false);
        if (answer == null) {
          return;
        }
        ByteBuffer framed = ByteBuffer.allocate(2 + answer.length);
        framed.putShort((short) answer.length).put(answer);
        out.write(framed.array());
      }
    } catch (EOFException e) {
      LOG.trace("event=dns-tcp-ended", e);
    } catch (IOException | RuntimeException e) {
      LOG.debug("event=dns-tcp-failed", e);
    } finally {
      connections.release();
    }
  }

  private byte @Nullable [] answer(byte[] wire, boolean udp) {
    Message query;
    try {
      query = new Message(wire);
    } catch (IOException e) {
      return malformed(wire);
    }
    return responder.answer(query, zones(), udp);
  }

  /** Only as far as its header can be read. */
  private static byte @Nullable [] malformed(byte[] wire) {
    if (wire.length < HEADER_BYTES) {
      return null;
    }
    Header asked = new Header(((wire[0] & 0xff) << 8) | (wire[1] & 0xff));
    boolean isAnswer = wire[2] < 0;
    if (isAnswer) {
      return null;
    }
    asked.setFlag(Flags.QR);
    asked.setRcode(Rcode.FORMERR);
    return asked.toWire();
  }

  private Zones zones() {
    Snapshot now = directory.get();
    Cached before = cached;
    if (before != null && before.of() == now) {
      return before.zones();
    }
    Zones zones = new Zones(now, config, settings);
    cached = new Cached(now, zones);
    return zones;
  }

  @Override
  public void close() {
    closed = true;
    for (AutoCloseable socket : sockets) {
      try {
        socket.close();
      } catch (Exception e) {
        LOG.debug("event=dns-close-failed", e);
      }
    }
  }
}

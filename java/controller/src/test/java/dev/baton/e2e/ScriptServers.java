package dev.baton.e2e;

import dev.baton.lab.Family;
import dev.baton.lab.Lab;
import dev.baton.lab.Target;
import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A server on each target, in both address families, that plays the parts it is told to: which one,
 * the request's path says.
 */
final class ScriptServers implements AutoCloseable {
  private record Performance(
      Script.Part part, Script.Play play, CompletableFuture<Peer.Seen> seen) {}

  private final List<Sockets> sockets;
  private final List<ServerSocketChannel> listeners = new ArrayList<>();
  private final Map<String, Performance> open = new ConcurrentHashMap<>();
  private final AtomicLong number = new AtomicLong();

  /** Listening, all of them. */
  ScriptServers(Lab lab, int port) throws IOException {
    sockets = lab.targets().stream().map(target -> new Sockets(target.namespace())).toList();
    for (int i = 0; i < sockets.size(); i++) {
      for (Family family : Family.SERVED) {
        listen(sockets.get(i), lab.target(i + 1), family, port);
      }
    }
  }

  private void listen(Sockets on, Target target, Family family, int port) throws IOException {
    ServerSocketChannel listener = on.listener(Stage.protocol(family));
    listeners.add(listener);
    listener.setOption(StandardSocketOptions.SO_REUSEADDR, true);
    listener.bind(Stage.address(target.address(family), port), 4096);
    Thread.ofPlatform().daemon().name("script-server").start(() -> serve(listener));
  }

  private void serve(ServerSocketChannel listener) {
    while (true) {
      try {
        SocketChannel channel = listener.accept();
        Thread.ofVirtual().start(() -> play(channel));
      } catch (AsynchronousCloseException e) {
        return;
      } catch (IOException e) {
        if (!listener.isOpen()) {
          return;
        }
      }
    }
  }

  private void play(SocketChannel channel) {
    try (Peer peer = new Peer(channel, Peer.Side.SERVER)) {
      String path = peer.receiveHead().split(" ", 3)[1];
      Performance performance = open.remove(path);
      if (performance != null) {
        perform(performance, peer);
      }
    } catch (IOException e) {
      // It ended before it said what it is about; the client's part tells.
    }
  }

  private static void perform(Performance performance, Peer peer) {
    try {
      performance.part.play(peer, performance.play);
      performance.seen.complete(peer.seen());
    } catch (Exception e) {
      performance.seen.completeExceptionally(e);
    }
  }

  /** A performance with a path that no other has. */
  Script.Play newPlay(String name) {
    return new Script.Play("/" + name + "/" + number.incrementAndGet());
  }

  /** Plays the server's part when a request for the performance comes; what it saw in the end. */
  CompletableFuture<Peer.Seen> expect(Script.Play play, Script.Part part) {
    var seen = new CompletableFuture<Peer.Seen>();
    open.put(play.path, new Performance(part, play, seen));
    return seen;
  }

  /** No request will come any more. */
  void forget(Script.Play play) {
    open.remove(play.path);
  }

  /** Sockets of the first target. */
  Sockets first() {
    return sockets.getFirst();
  }

  @Override
  public void close() throws IOException {
    for (ServerSocketChannel listener : listeners) {
      listener.close();
    }
    for (Sockets each : sockets) {
      each.close();
    }
  }
}

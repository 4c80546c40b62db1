package dev.baton.handoff;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.bindings.libc.LibC;
import dev.baton.bindings.libc.sockaddr_un;
import dev.baton.config.BatonConfig;
import dev.baton.dataplane.Detach;
import dev.baton.directory.Snapshot;
import dev.baton.net.ServiceManager;
import dev.baton.routing.Fleet;
import dev.baton.testing.OwnNetwork;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A whole controller in this process, on interfaces that lead nowhere. */
@Tag("root")
@ExtendWith(OwnNetwork.class)
class ControllerTest {
  private static final String ADDRESS = "10.99.1.1";
  private static final int PORT = 8080;
  private static final int READ_MILLIS = 20_000;
  private static final int BETWEEN_MILLIS = 50;

  @TempDir Path folder;

  private static BatonConfig config() {
    OwnNetwork.run("ip", "link", "add", "one", "type", "veth", "peer", "name", "far1");
    OwnNetwork.run("ip", "link", "add", "two", "type", "veth", "peer", "name", "far2");
    OwnNetwork.run("ip", "address", "add", ADDRESS + "/24", "dev", "one");
    OwnNetwork.run("ip", "address", "add", "10.99.2.1/24", "dev", "two");
    return BatonConfig.parse(
        "baton.yaml",
        """
        node: qure-1
        listen: [{ address: %s, port: %d }]
        interfaces: { public: one, cluster: two }
        cluster-address: [10.99.2.1]
        event-loops: 1
        max-flows: 1024
        notrack: false
        pin-path: /sys/fs/bpf/baton-test-%d
        """
            .formatted(ADDRESS, PORT, ProcessHandle.current().pid()));
  }

  /** A service manager that reads nothing, and so keeps what it was given. */
  private static int keeper(Arena arena, String name) {
    MemorySegment address = arena.allocate(sockaddr_un.layout());
    sockaddr_un.sun_family(address, (short) LibC.AF_UNIX());
    address.setString(sockaddr_un.sun_path$offset(), name);
    int fd = LibC.socket(LibC.AF_UNIX(), LibC.SOCK_DGRAM(), 0);
    assertThat(LibC.bind(fd, address, (int) address.byteSize())).isZero();
    return fd;
  }

  private static Socket client() throws IOException {
    Socket client = new Socket();
    client.setSoTimeout(READ_MILLIS);
    client.connect(new InetSocketAddress(InetAddress.ofLiteral(ADDRESS), PORT), READ_MILLIS);
    return client;
  }

  /** The loop's thread, as the kernel knows it. */
  private static Path loopThread() throws IOException {
    try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
      for (Path task : tasks.toList()) {
        if (Files.readString(task.resolve("comm")).equals("loop-0\n")) {
          return task;
        }
      }
    }
    throw new AssertionError("no thread loop-0");
  }

  /**
   * For how long it has run, or waited for a processor that others had: nanoseconds
   * (Documentation/scheduler/sched-stats.rst). So a thread that never sleeps is known on a busy
   * machine too. −1: it has ended.
   */
  private static long wokenFor(Path thread) {
    try {
      String[] words = Files.readString(thread.resolve("schedstat")).split(" ", 3);
      return Long.parseLong(words[0]) + Long.parseLong(words[1]);
    } catch (IOException e) {
      return -1;
    }
  }

  /** The queue stays open in the manager's hands; whoever waits there is the next run's. */
  @Test
  void aLoopThatEndsIsNotKeptBusyByClientsThatWaitForTheNextRun() throws Exception {
    String name = folder.resolve("notify").toString();
    BatonConfig config = config();
    AtomicBoolean died = new AtomicBoolean();
    try (Arena arena = Arena.ofConfined()) {
      int keeper = keeper(arena, name);
      try (ServiceManager manager = ServiceManager.of(Map.of("NOTIFY_SOCKET", name));
          Controller controller =
              Controller.start(
                  config, Snapshot::empty, new Fleet(), manager, () -> died.set(true));
          Socket asking = client()) {
        asking.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes(US_ASCII));
        assertThat(new String(asking.getInputStream().readAllBytes(), US_ASCII))
            .startsWith("HTTP/1.1 503");
        // It does not close, so the loop drains it for a second and cannot end before.
        Path loop = loopThread();
        assumeTrue(wokenFor(loop) > 0, "needs a kernel with CONFIG_SCHED_INFO");
        Thread ending = Thread.ofPlatform().start(controller::close);
        List<Socket> waiting = new ArrayList<>();
        long began = System.nanoTime();
        long before = wokenFor(loop);
        long woken = 0;
        long took = 0;
        for (long now = before; now >= 0; now = wokenFor(loop)) {
          woken = now - before;
          took = System.nanoTime() - began;
          waiting.add(client()); // the first may still be accepted
          Thread.sleep(BETWEEN_MILLIS);
        }
        for (Socket each : waiting) {
          each.close();
        }
        ending.join();
        assertThat(waiting).as("the loop has not ended at once").hasSizeGreaterThan(3);
        assertThat(woken).as("nanoseconds awake, of " + took).isLessThan(took / 2);
        assertThat(died).isFalse();
      } finally {
        LibC.close(keeper);
      }
    } finally {
      Detach.run(config);
    }
  }
}

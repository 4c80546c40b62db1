package dev.baton.e2e;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.lab.InNamespace;
import dev.baton.lab.Lab;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Listening sockets outlive the controller in its service manager's hands, queues included. */
@Tag("namespace")
@ExtendWith(SceneExtension.class)
class ListenerStoreTest {
  private static final int HALF = 50;
  private static final int READ_MILLIS = 20_000;

  private Scene scene;
  private ManagerDouble manager;

  @BeforeEach
  void prepare() {
    scene = Scene.stopped();
    manager =
        new ManagerDouble(
            scene.lab.folder().resolve("notify"),
            scene.lab.folder().resolve("logs").resolve("managed.log"));
  }

  @AfterEach
  void remove() {
    manager.close();
    scene.close();
  }

  private void start(String... environment) {
    manager.start(scene.lab.dmz().inside(scene.controller.runCommand()), environment);
  }

  @ParameterizedTest(name = "signal {0}")
  @ValueSource(ints = {ManagerDouble.SIGKILL, ManagerDouble.SIGTERM})
  void connectionsQueuedWhileThereIsNoControllerAreServed(int signal) {
    assertThat(served(signal)).isEqualTo(2 * HALF);
  }

  /** The same without a store shows that the test can fail. */
  @Test
  void withoutAStoreTheyAreLost() {
    manager.keepNothing();
    assertThat(served(ManagerDouble.SIGKILL)).isZero();
  }

  /** Half of them wait while the controller stands still, half while there is none. */
  private int served(int signal) {
    start();
    manager.signal(ManagerDouble.SIGSTOP);
    List<Socket> waiting = ask();
    if (signal == ManagerDouble.SIGTERM) {
      manager.signal(signal);
      manager.end(ManagerDouble.SIGCONT);
    } else {
      manager.end(signal);
    }
    waiting.addAll(ask());
    start();
    return answered(waiting);
  }

  @Test
  void queuesOfLoopsThatThereAreNoLongerAreServed() throws IOException {
    settings("event-loops: 4");
    start();
    assertThat(manager.stored())
        .containsExactlyInAnyOrder(
            "baton-0-10.0.1.1-80",
            "baton-1-10.0.1.1-80",
            "baton-2-10.0.1.1-80",
            "baton-3-10.0.1.1-80",
            "baton-0-fd00.0.0.1..1-80",
            "baton-1-fd00.0.0.1..1-80",
            "baton-2-fd00.0.0.1..1-80",
            "baton-3-fd00.0.0.1..1-80");
    manager.end(ManagerDouble.SIGKILL);
    List<Socket> waiting = ask();
    settings("event-loops: 1");
    start();
    waiting.addAll(ask());
    assertThat(answered(waiting)).isEqualTo(2 * HALF);
  }

  @Test
  void whatIsNoLongerConfiguredIsClosedAndForgotten() throws IOException {
    settings("event-loops: 1");
    start();
    manager.end(ManagerDouble.SIGTERM);
    assertThat(manager.states()).contains("STOPPING=1");
    Path file = file();
    Files.writeString(file, Files.readString(file).replace("port: 80,", "port: 81,"));
    start();
    Scene.await(
        "the store's change",
        Scene.LIMIT,
        () ->
            Set.copyOf(manager.stored())
                .equals(Set.of("baton-0-10.0.1.1-81", "baton-0-fd00.0.0.1..1-81")));
    assertThat(scene.lab.dmz().sh("ss -Hltn sport = :80")).isBlank();
    assertThat(scene.lab.dmz().sh("ss -Hltn sport = :81")).isNotBlank();
  }

  @Test
  void theWatchdogIsFedWhileLoopsTurn() {
    start("WATCHDOG_USEC=1000000");
    Scene.await("WATCHDOG=1", Scene.LIMIT, () -> manager.states().contains("WATCHDOG=1"));
  }

  private Path file() {
    return scene.lab.folder().resolve("baton").resolve("baton.yaml");
  }

  private void settings(String loops) throws IOException {
    String text = Files.readString(file()).replaceAll("event-loops: \\d+\n", "");
    Files.writeString(file(), text + loops + "\n");
  }

  /** Clients that have asked, whether or not anybody listens. */
  private List<Socket> ask() {
    return InNamespace.call(
        scene.lab.client(),
        () -> {
          List<Socket> clients = new ArrayList<>();
          for (int i = 0; i < HALF; i++) {
            Socket client = new Socket();
            client.setSoTimeout(READ_MILLIS);
            clients.add(client);
            try {
              client.connect(new InetSocketAddress(Lab.PUBLIC, 80), READ_MILLIS);
              client
                  .getOutputStream()
                  .write(
                      "GET /1k HTTP/1.1\r\nHost: www.example.com\r\nConnection: close\r\n\r\n"
                          .getBytes(ISO_8859_1));
            } catch (IOException e) {
              // Counted by answered().
            }
          }
          return clients;
        });
  }

  private static int answered(List<Socket> clients) {
    int whole = 0;
    for (Socket client : clients) {
      try (client) {
        String answer = new String(client.getInputStream().readAllBytes(), ISO_8859_1);
        boolean complete = answer.length() - answer.indexOf("\r\n\r\n") - 4 == 1000;
        whole += answer.startsWith("HTTP/1.1 200") && complete ? 1 : 0;
      } catch (IOException e) {
        // Lost.
      }
    }
    return whole;
  }
}

package dev.baton.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.bpf.BpfObject;
import dev.baton.bpf.SockOps;
import dev.baton.lab.Commands;
import dev.baton.lab.Content;
import dev.baton.lab.Controller;
import dev.baton.lab.Curl;
import dev.baton.lab.Family;
import dev.baton.lab.Lab;
import dev.baton.lab.LabPlan;
import dev.baton.lab.Nginx;
import dev.baton.lab.Target;
import dev.baton.testing.TestPrograms;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A target's own sock_ops program (src/test/bpf/redirect_option.bpf.c) reads the client's address
 * out of the REDIRECT option and its port out of the urgent pointer: docs/wire.md, from the other
 * side.
 */
@Tag("namespace")
@ExtendWith(SceneExtension.class)
class RedirectOptionTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final int REQUESTS = 20;
  private static final int VERSION = 1;
  private static final ValueLayout.OfShort NETWORK_SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  /** {@code struct client} of the program; a port of 0: the SYN could not be read. */
  private record Client(String address, int port, int optionLength, int version) {}

  @ParameterizedTest
  @MethodSource("dev.baton.e2e.Combination#tc")
  void theTargetLearnsWhoTheClientIs(Combination combination) throws Exception {
    try (Lab lab = LabPlan.of(1).withoutSwitch().withOffload(offload(combination)).open();
        BpfObject program = TestPrograms.open("redirect_option")) {
      program.load();
      Path group = group(lab);
      SockOps.attach(group, program.program("redirect_option"));
      Target target = lab.target(1);
      // Its listener must be the group's, to keep the SYNs.
      Nginx.start(
          lab,
          target,
          80,
          List.of("sh", "-ec", "echo 0 > %s/cgroup.procs; exec \"$@\"".formatted(group), "sh"));
      Content.write(target.files().resolve("file"), 1000, 1);
      Controller controller = combination.start(lab);
      var curl = new Curl(lab, LIMIT, combination.family());
      Map<Integer, Integer> asked = new HashMap<>();
      for (int i = 0; i < REQUESTS; i++) {
        Curl.Reply reply = curl.get(Scene.SITE, "/file", Scene.NOWHERE);
        assertThat(reply.status()).isEqualTo(200);
        asked.merge(reply.localPort(), 1, Integer::sum);
      }
      assertThat(controller.isRunning()).isTrue();
      List<Client> clients = clients(program, combination.family());
      assertThat(clients).hasSize(REQUESTS);
      String address =
          InetAddress.getByName(lab.clientAddress(combination.family())).getHostAddress();
      int length = combination.family() == Family.IPV4 ? 9 : 21;
      assertThat(clients)
          .allSatisfy(client -> {
            assertThat(client.address()).isEqualTo(address);
            assertThat(client.optionLength()).isEqualTo(length);
            assertThat(client.version()).isEqualTo(VERSION);
          })
          .extracting(Client::port)
          .containsExactlyInAnyOrderElementsOf(
              asked.entrySet().stream()
                  .flatMap(each -> Collections.nCopies(each.getValue(), each.getKey()).stream())
                  .toList());
      assertThat(program.map("without").sumPerCpuLong(0)).isZero();

      // Who asks without Baton is not taken for someone handed over.
      lab.dmz().sh("curl -qsSf -o /dev/null " + target.url(combination.family(), "/file"));
      assertThat(program.map("without").sumPerCpuLong(0)).isEqualTo(1);
      assertThat(clients(program, combination.family())).hasSize(REQUESTS);
    }
  }

  private static LabPlan.Offload offload(Combination combination) {
    return combination.dataPlane().equals("xdp") ? LabPlan.Offload.XDP : LabPlan.Offload.DEFAULT;
  }

  /** A control group, version 2, that goes with the lab. */
  private static Path group(Lab lab) throws IOException {
    Path mount = Files.createDirectory(lab.folder().resolve("cgroup"));
    assumeTrue(
        Commands.run(LIMIT, List.of("mount", "-t", "cgroup2", "none", mount.toString())).exit()
            == 0,
        "needs control groups, version 2");
    Path group = Files.createDirectory(mount.resolve(lab.name()));
    lab.own(() -> {
      // What runs in it is the lab's, which owns it longer than this: sent to the root.
      Commands.run(
              LIMIT,
              List.of(
                  "sh",
                  "-c",
                  """
                  while read -r pid; do echo "$pid" > %1$s/cgroup.procs; done < %2$s/cgroup.procs
                  rmdir %2$s && umount %1$s
                  """
                      .formatted(mount, group)))
          .orThrow();
    });
    return group;
  }

  private static List<Client> clients(BpfObject program, Family family) {
    List<Client> clients = new ArrayList<>();
    program
        .map("clients")
        .forEach((key, value) -> {
          byte[] address = Arrays.copyOf(value.toArray(ValueLayout.JAVA_BYTE), 16);
          try {
            clients.add(
                new Client(
                    InetAddress.getByAddress(Arrays.copyOf(address, family == Family.IPV4 ? 4 : 16))
                        .getHostAddress(),
                    value.get(NETWORK_SHORT, 16) & 0xffff,
                    value.get(ValueLayout.JAVA_BYTE, 18),
                    (value.get(ValueLayout.JAVA_BYTE, 19) & 0xff) >> 4));
          } catch (UnknownHostException e) {
            throw new AssertionError(e);
          }
        });
    return clients;
  }
}

package dev.baton.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.baton.lab.Content;
import dev.baton.lab.Controller;
import dev.baton.lab.Curl;
import dev.baton.lab.Family;
import dev.baton.lab.Lab;
import dev.baton.lab.LabPlan;
import dev.baton.lab.Nginx;
import dev.baton.lab.Target;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** One listener on {@code ::} for both families; each client stays within its own. */
@Tag("namespace")
@ExtendWith(SceneExtension.class)
@SuppressWarnings("NullAway.Init")
class DualStackTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int SIZE = 5_000_000;

  @TempDir Path folder;

  private Lab lab;
  private Controller controller;

  @BeforeEach
  void open() {
    lab = LabPlan.of(2).open();
    String settings =
        Controller.standardFile(lab)
            .replaceFirst("  - \\{ address: [^\\n]*\\n", "  - { address: \"::\", port: 80 }\n")
            .replaceFirst("  - \\{ address: \"fd[^\\n]*\\n", "");
    controller = Controller.create(lab, settings);
    for (Target target : lab.targets()) {
      Nginx.start(lab, target, 80);
      Content.write(target.files().resolve("file"), SIZE, target.name().hashCode());
    }
    controller.apply(
        """
        nodes:
          - { name: both, address: [%s, "%s"] }
          - { name: four, address: %s }
        sites:
          - { host: both.example, nodes: [both] }
          - { host: four.example, nodes: [four] }
          - { host: any.example, nodes: [four, both] }
        """
            .formatted(
                lab.target(1).address(Family.IPV4),
                lab.target(1).address(Family.IPV6),
                lab.target(2).address(Family.IPV4)));
    controller.start();
  }

  @AfterEach
  void close() {
    lab.close();
  }

  private Map<String, Object> status(String part) throws IOException {
    Map<String, Object> all = JSON.std.mapFrom(controller.command("status", "--json").out());
    @SuppressWarnings("unchecked") // so it is in docs/operations.md
    var map = (Map<String, Object>) all.get(part);
    return map == null ? Map.of() : map;
  }

  @ParameterizedTest
  @EnumSource(Family.class)
  void eachFamilyIsHandedOver(Family family) throws IOException {
    Path copy = folder.resolve("copy");
    var curl = new Curl(lab, LIMIT, family);
    assertThat(curl.get("both.example", "/file", copy)).returns(200, Curl.Reply::status);
    assertThat(Content.sha256(copy))
        .isEqualTo(Content.sha256(lab.target(1).files().resolve("file")));
    assertThat(status("connections")).containsEntry("handed_off", 1);
    String flows = controller.command("flows").out();
    assertThat(flows)
        .contains(
            family.inUrl(lab.clientAddress(family)) + ":",
            family.inUrl(family.clusterAddress()) + ":",
            family.inUrl(lab.target(1).address(family)) + ":80");
  }

  @Test
  void aNodeOfTheOtherFamilyIsPassedOver() throws IOException {
    var curl = new Curl(lab, LIMIT, Family.IPV6);
    for (int i = 0; i < 4; i++) {
      assertThat(curl.get("any.example", "/file", Scene.NOWHERE)).returns(200, Curl.Reply::status);
    }
    assertThat(status("reasons")).doesNotContainKey("no_address_in_family");
    assertThat(curl.get("four.example", "/file", Scene.NOWHERE)).returns(503, Curl.Reply::status);
    assertThat(status("reasons")).containsEntry("no_address_in_family", 1);
    assertThat(new Curl(lab, LIMIT).get("four.example", "/file", Scene.NOWHERE))
        .returns(200, Curl.Reply::status);
  }

  @Test
  void theHostsOwnConnectionsAreNotHandedOver() throws IOException {
    String[] own = {"127.0.0.1", "[::1]", Lab.PUBLIC, "[" + Lab.PUBLIC6 + "]"};
    for (String address : own) {
      assertThat(
              lab.dmz()
                  .sh(
                      "curl -qsS -o /dev/null -w '%%{http_code}' -H 'Host: both.example' http://%s/file"
                          .formatted(address)))
          .as(address)
          .isEqualTo("503");
    }
    assertThat(status("reasons")).containsEntry("not_through_program", own.length);
  }

  @Test
  void aClientWithALinkLocalAddressIsServed() throws IOException {
    String own = lab.dmz().sh("ip -6 -br address show dev d0 scope link").split("\\s+", -1)[2];
    assertThat(own).startsWith("fe80::");
    String url = "http://[" + own.substring(0, own.indexOf('/')) + "%25c0]/file";
    Path copy = folder.resolve("copy");
    lab.client().sh("curl -qsSf -m 20 -o " + copy + " -H 'Host: both.example' '" + url + "'");
    assertThat(Content.sha256(copy))
        .isEqualTo(Content.sha256(lab.target(1).files().resolve("file")));
    assertThat(status("connections")).containsEntry("handed_off", 1);
  }
}

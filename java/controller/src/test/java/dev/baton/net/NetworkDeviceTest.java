package dev.baton.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.testing.OwnNetwork;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(OwnNetwork.class)
class NetworkDeviceTest {
  @Test
  void theLoopbackInterfaceIsWhatSysfsSays() throws Exception {
    Path loopback = Path.of("/sys/class/net/lo");
    assertThat(NetworkDevice.index("lo"))
        .hasValue(Integer.parseInt(Files.readString(loopback.resolve("ifindex")).strip()));
    assertThat(NetworkDevice.mtu("lo"))
        .hasValue(Integer.parseInt(Files.readString(loopback.resolve("mtu")).strip()));
  }

  @Test
  void aVethTellsItsAddressAndItsDriver() {
    OwnNetwork.run("ip", "link", "add", "near", "type", "veth", "peer", "name", "far");
    OwnNetwork.run("ip", "link", "set", "near", "address", "fe:01:03:05:07:89");
    assertThat(NetworkDevice.mac("near")).hasValue(0x8907_0503_01feL);
    assertThat(NetworkDevice.driver("near")).hasValue("veth");
  }

  @Test
  void whatIsNotThereIsEmpty() {
    assertThat(NetworkDevice.mac("baton-nowhere")).isEmpty();
    assertThat(NetworkDevice.driver("baton-nowhere")).isEmpty();
    assertThat(NetworkDevice.index("baton-nowhere")).isEmpty();
    assertThat(NetworkDevice.mtu("baton-nowhere")).isEmpty();
  }
}

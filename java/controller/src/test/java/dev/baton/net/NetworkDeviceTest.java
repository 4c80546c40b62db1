package dev.baton.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

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
  void whatIsNotThereIsEmpty() {
    assertThat(NetworkDevice.index("baton-nowhere")).isEmpty();
    assertThat(NetworkDevice.mtu("baton-nowhere")).isEmpty();
  }
}

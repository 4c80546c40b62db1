package dev.baton.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

final class PortReservationReadTest {
  /** Two numbers and a tab between them: more than the one byte that Files.readString gets. */
  @Test
  void aSysctlIsReadWhole() throws IOException {
    assertThat(PortReservation.read(Path.of("/proc/sys/net/ipv4/ip_local_port_range")))
        .matches("\\d+\\t\\d+\\n");
  }
}

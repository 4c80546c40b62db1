package dev.baton.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SocketWatchTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "41 recvfrom(9<TCP:[10.0.1.1:80->10.0.1.2:50000]>, \"\"..., 4096, 0, NULL, NULL) = 84; 84",
        "41 sendto(12<RAW:[10.0.2.1:255->0.0.0.0:0]>, \"\"..., 72, 0, {sa_family=AF_INET}, 16) = 72; 72",
        "41 write(12<socket:[4711]>, \"\"..., 72) = 72; 72",
        "41 recvfrom(9<TCP:[1.1.1.1:80->1.1.1.2:5]>, 0x7f, 4096, 0, NULL, NULL) = -1 EAGAIN (Resource …); 0",
        "41 read(5</var/lib/baton/directory.db>, \"\"..., 4096) = 4096; 0",
        "41 read(7<anon_inode:[eventfd]>, \"\"..., 8) = 8; 0",
        "41 write(7<{eventfd-count=0, eventfd-id=80, eventfd-semaphore=0}>, \"\"..., 8) = 8; 0",
        "41 read(3<pipe:[22]>, \"\"..., 1) = 1; 0",
        "41 recvmsg(3<NETLINK:[ROUTE:77]>, {msg_iov=…}, 0) = 300; 0",
        "41 +++ exited with 0 +++; 0",
      })
  void onlyBytesOfSocketsCount(String line, long bytes) {
    assertThat(SocketWatch.bytes(List.of(line))).isEqualTo(bytes);
  }

  @Test
  void callsOfThreadsThatWereInterleavedCountOnce() {
    assertThat(
            SocketWatch.bytes(
                List.of(
                    "41 recvfrom(9<TCP:[10.0.1.1:80->10.0.1.2:50000]>,  <unfinished ...>",
                    "42 read(7<anon_inode:[eventfd]>,  <unfinished ...>",
                    "42 <... read resumed>\"\"..., 8) = 8",
                    "41 <... recvfrom resumed>\"\"..., 4096, 0, NULL, NULL) = 84")))
        .isEqualTo(84);
  }
}

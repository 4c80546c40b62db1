package dev.baton.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.bindings.libc.LibC;
import dev.baton.bindings.libc.sockaddr_un;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServiceManagerTest {
  private static final String SELF = Long.toString(ProcessHandle.current().pid());

  @TempDir Path folder;

  @Test
  void withoutASocketNothingIsSaid() {
    try (ServiceManager manager = ServiceManager.of(Map.of())) {
      assertThat(manager.isThere()).isFalse();
      manager.ready();
      manager.store("baton-0-10.0.1.1-80", 0);
    }
  }

  @Test
  void aSocketInTheFileSystemIsToldLineByLine() {
    tells(folder.resolve("notify").toString());
  }

  @Test
  void soIsOneWithAnAbstractName() {
    tells("@baton-test-" + SELF);
  }

  private static void tells(String name) {
    try (Arena arena = Arena.ofConfined()) {
      int fd = bind(arena, name);
      try (ServiceManager manager = ServiceManager.of(Map.of("NOTIFY_SOCKET", name))) {
        assertThat(manager.isThere()).isTrue();
        manager.ready();
        assertThat(heard(arena, fd)).isEqualTo("READY=1");
        manager.store("baton-0-10.0.1.1-80", fd);
        assertThat(heard(arena, fd)).isEqualTo("FDSTORE=1\nFDNAME=baton-0-10.0.1.1-80");
        manager.discard("baton-0-10.0.1.1-80");
        assertThat(heard(arena, fd)).isEqualTo("FDSTOREREMOVE=1\nFDNAME=baton-0-10.0.1.1-80");
        manager.alive();
        assertThat(heard(arena, fd)).isEqualTo("WATCHDOG=1");
        manager.stopping();
        assertThat(heard(arena, fd)).isEqualTo("STOPPING=1");
      } finally {
        LibC.close(fd);
      }
    }
  }

  private static int bind(Arena arena, String name) {
    MemorySegment address = arena.allocate(sockaddr_un.layout());
    sockaddr_un.sun_family(address, (short) LibC.AF_UNIX());
    long path = sockaddr_un.sun_path$offset();
    address.setString(path, name);
    if (name.startsWith("@")) {
      address.set(ValueLayout.JAVA_BYTE, path, (byte) 0);
    }
    int fd = LibC.socket(LibC.AF_UNIX(), LibC.SOCK_DGRAM() | LibC.SOCK_NONBLOCK(), 0);
    int length = (int) path + name.length() + (name.startsWith("@") ? 0 : 1);
    assertThat(LibC.bind(fd, address, length)).isZero();
    return fd;
  }

  private static String heard(Arena arena, int fd) {
    MemorySegment buffer = arena.allocate(200);
    int length = (int) LibC.recv(fd, buffer, buffer.byteSize(), 0);
    assertThat(length).as("a datagram").isPositive();
    byte[] text = buffer.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
    return new String(text, StandardCharsets.US_ASCII);
  }

  @Test
  void aNameThatIsTooLongIsRefused() {
    Map<String, String> environment = Map.of("NOTIFY_SOCKET", "/" + "n".repeat(120));
    assertThatThrownBy(() -> ServiceManager.of(environment))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("NOTIFY_SOCKET");
  }

  @Test
  void theWatchdogIsFedTwiceAsOftenAsItAsks() {
    assertThat(watchdog(Map.of("WATCHDOG_USEC", "3000000"))).isEqualTo(Duration.ofMillis(1500));
    assertThat(watchdog(Map.of("WATCHDOG_USEC", "3000000", "WATCHDOG_PID", SELF)))
        .isEqualTo(Duration.ofMillis(1500));
  }

  @Test
  void theWatchdogOfAnotherProcessIsNot() {
    assertThat(watchdog(Map.of("WATCHDOG_USEC", "3000000", "WATCHDOG_PID", "1"))).isZero();
    assertThat(watchdog(Map.of("WATCHDOG_USEC", "soon"))).isZero();
    assertThat(watchdog(Map.of())).isZero();
  }

  private static Duration watchdog(Map<String, String> environment) {
    try (ServiceManager manager = ServiceManager.of(environment)) {
      return manager.watchdog().orElse(Duration.ZERO);
    }
  }
}

package dev.baton.bpf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.bindings.libc.epoll_event;
import dev.baton.bindings.libc.in6_addr;
import dev.baton.bindings.libc.in_addr;
import dev.baton.bindings.libc.iovec;
import dev.baton.bindings.libc.itimerspec;
import dev.baton.bindings.libc.linger;
import dev.baton.bindings.libc.mmsghdr;
import dev.baton.bindings.libc.msghdr;
import dev.baton.bindings.libc.sock_filter;
import dev.baton.bindings.libc.sock_fprog;
import dev.baton.bindings.libc.sockaddr;
import dev.baton.bindings.libc.sockaddr_in;
import dev.baton.bindings.libc.sockaddr_in6;
import dev.baton.bindings.libc.sockaddr_ll;
import dev.baton.bindings.libc.statfs;
import dev.baton.bindings.libc.tcp_info;
import dev.baton.bindings.libc.tcp_repair_opt;
import dev.baton.bindings.libc.tcp_repair_window;
import dev.baton.bindings.libc.timespec;
import java.io.IOException;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The libc structs of the bindings, against what the C compiler of this machine makes of them. */
class LibcLayoutTest {
  private static final List<GroupLayout> STRUCTS =
      List.of(
          sockaddr.layout(),
          sockaddr_in.layout(),
          sockaddr_in6.layout(),
          sockaddr_ll.layout(),
          in_addr.layout(),
          in6_addr.layout(),
          epoll_event.layout(),
          iovec.layout(),
          msghdr.layout(),
          mmsghdr.layout(),
          timespec.layout(),
          itimerspec.layout(),
          linger.layout(),
          statfs.layout(),
          tcp_info.layout(),
          tcp_repair_opt.layout(),
          tcp_repair_window.layout(),
          sock_filter.layout(),
          sock_fprog.layout());

  private static final String INCLUDES =
      """
      #define _GNU_SOURCE
      #include <stddef.h>
      #include <stdio.h>
      #include <netinet/in.h>
      #include <sys/epoll.h>
      #include <sys/socket.h>
      #include <sys/timerfd.h>
      #include <sys/vfs.h>
      #include <time.h>
      #include <linux/filter.h>
      #include <linux/if_packet.h>
      #include <linux/tcp.h>
      int main(void) {
      """;

  /** Newer headers append to it; what the bindings know of it stays where it is. */
  private static final String GROWS = "tcp_info";

  @TempDir Path temp;

  @Test
  void javaAndCAgreeOnEachSizeAndOffset() throws IOException {
    String compiler = compiler();
    Path source = temp.resolve("layouts.c");
    Path program = temp.resolve("layouts");
    Files.writeString(
        source,
        INCLUDES
            + STRUCTS.stream().map(LibcLayoutTest::inC).collect(Collectors.joining())
            + "return 0; }\n");
    NetNamespace.run(compiler, "-o", program.toString(), source.toString());
    List<String> inJava = STRUCTS.stream().flatMap(LibcLayoutTest::inJava).toList();
    assertThat(NetNamespace.run(program.toString()).lines().toList())
        .contains("tcp_info.tcpi_bytes_received 128 8", "sockaddr_in6.sin6_addr 8 16")
        .containsExactlyElementsOf(inJava);
  }

  private static String compiler() {
    Optional<String> found =
        Stream.of("cc", "gcc", "clang")
            .filter(name -> Files.isExecutable(Path.of("/usr/bin", name)))
            .findFirst();
    Assumptions.assumeTrue(found.isPresent(), "needs a C compiler: cc, gcc or clang");
    return found.get();
  }

  private static Stream<String> members(GroupLayout struct) {
    return struct.memberLayouts().stream().map(MemoryLayout::name).flatMap(Optional::stream);
  }

  private static String nameOf(GroupLayout struct) {
    return struct.name().orElseThrow();
  }

  private static String inC(GroupLayout struct) {
    String name = nameOf(struct);
    String size = "printf(\"%s %%zu\\n\", sizeof(struct %s));\n".formatted(name, name);
    return (GROWS.equals(name) ? "" : size)
        + members(struct)
            .map(member ->
                "printf(\"%s.%s %%zu %%zu\\n\", offsetof(struct %s, %s), sizeof(((struct %s *)0)->%s));\n"
                    .formatted(name, member, name, member, name, member))
            .collect(Collectors.joining());
  }

  private static Stream<String> inJava(GroupLayout struct) {
    String name = nameOf(struct);
    return Stream.concat(
        GROWS.equals(name) ? Stream.of() : Stream.of(name + " " + struct.byteSize()),
        members(struct)
            .map(member -> {
              PathElement path = PathElement.groupElement(member);
              long size = struct.select(path).byteSize();
              return nameOf(struct) + "." + member + " " + struct.byteOffset(path) + " " + size;
            }));
  }
}

package dev.baton.net;

import static dev.baton.net.SystemCallException.check;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.baton.bindings.libc.LibC;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.OptionalInt;

/**
 * A network interface as the kernel knows it (netdevice(7)). The JDK's NetworkInterface does not
 * see one that has no address.
 */
public final class NetworkDevice {
  /** sizeof(struct ifreq): a name and a union of 24 bytes (include/uapi/linux/if.h). */
  private static final int REQUEST_BYTES = 40;

  private static final LibC.ioctl IOCTL = LibC.ioctl.makeInvoker(ADDRESS);

  private NetworkDevice() {}

  /** The interface's index in this network namespace; empty: there is none of that name. */
  public static OptionalInt index(String name) {
    try (Arena arena = Arena.ofConfined()) {
      int index = LibC.if_nametoindex(arena.allocateFrom(name));
      return index == 0 ? OptionalInt.empty() : OptionalInt.of(index);
    }
  }

  /**
   * How many bytes of an IP packet it carries; empty: there is none of that name.
   *
   * @throws SystemCallException when no socket can be made to ask with
   */
  public static OptionalInt mtu(String name) {
    try (Arena arena = Arena.ofConfined();
        SystemCalls calls = new SystemCalls()) {
      int fd =
          check(
              calls.socket(LibC.AF_INET(), LibC.SOCK_DGRAM() | LibC.SOCK_CLOEXEC(), 0),
              "socket",
              name);
      MemorySegment request = arena.allocate(REQUEST_BYTES, 8);
      request.setString(0, name);
      int result = IOCTL.apply(fd, LibC.SIOCGIFMTU(), request);
      calls.close(fd);
      return result < 0
          ? OptionalInt.empty()
          : OptionalInt.of(request.get(JAVA_INT, LibC.IFNAMSIZ()));
    }
  }
}

package dev.baton.net;

import static dev.baton.net.SystemCallException.check;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.baton.bindings.libc.LibC;
import dev.baton.bindings.libc.ethtool_drvinfo;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * A network interface as the kernel knows it (netdevice(7)). The JDK's NetworkInterface does not
 * see one that has no address.
 */
public final class NetworkDevice {
  /** sizeof(struct ifreq): a name and a union of 24 bytes (include/uapi/linux/if.h). */
  private static final int REQUEST_BYTES = 40;

  /** include/uapi/linux/if_arp.h. */
  private static final short ARPHRD_ETHER = 1;

  /** In the union: sa_data of a struct sockaddr. */
  private static final int MAC_OFFSET = LibC.IFNAMSIZ() + 2;

  private static final int MAC_BYTES = 6;

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
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment request = request(arena, name);
      return ask(name, LibC.SIOCGIFMTU(), request)
          ? OptionalInt.of(request.get(JAVA_INT, LibC.IFNAMSIZ()))
          : OptionalInt.empty();
    }
  }

  /**
   * Its Ethernet address in the low 48 bits, the first octet lowest; empty: there is none of that
   * name, or it is no Ethernet.
   *
   * @throws SystemCallException when no socket can be made to ask with
   */
  public static OptionalLong mac(String name) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment request = request(arena, name);
      if (!ask(name, LibC.SIOCGIFHWADDR(), request)
          || request.get(JAVA_SHORT, LibC.IFNAMSIZ()) != ARPHRD_ETHER) {
        return OptionalLong.empty();
      }
      long mac = 0;
      for (int i = MAC_BYTES - 1; i >= 0; i--) {
        mac = (mac << Byte.SIZE) | (request.get(JAVA_BYTE, MAC_OFFSET + i) & 0xffL);
      }
      return OptionalLong.of(mac);
    }
  }

  /**
   * The name of its driver (ethtool); empty: it tells none, or is not there.
   *
   * @throws SystemCallException when no socket can be made to ask with
   */
  public static Optional<String> driver(String name) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = arena.allocate(ethtool_drvinfo.layout());
      ethtool_drvinfo.cmd(info, LibC.ETHTOOL_GDRVINFO());
      MemorySegment request = request(arena, name);
      request.set(ADDRESS, LibC.IFNAMSIZ(), info);
      return ask(name, LibC.SIOCETHTOOL(), request)
          ? Optional.of(ethtool_drvinfo.driver(info).getString(0))
          : Optional.empty();
    }
  }

  private static MemorySegment request(Arena arena, String name) {
    MemorySegment request = arena.allocate(REQUEST_BYTES, 8);
    request.setString(0, name);
    return request;
  }

  private static boolean ask(String name, int question, MemorySegment request) {
    try (SystemCalls calls = new SystemCalls()) {
      int type = LibC.SOCK_DGRAM() | LibC.SOCK_CLOEXEC();
      int fd = check(calls.socket(LibC.AF_INET(), type, 0), "socket", name);
      int result = IOCTL.apply(fd, question, request);
      calls.close(fd);
      return result >= 0;
    }
  }
}

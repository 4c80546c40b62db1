package dev.baton.net;

import static dev.baton.net.SystemCallException.check;

import dev.baton.address.Ip;
import dev.baton.bindings.flow.Baton;
import dev.baton.bindings.libc.LibC;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Sends whole packets of either family (raw(7); IPPROTO_RAW implies that the header is included),
 * marked so that the guard lets them pass. Routing and neighbours are the kernel's.
 */
public final class RawSocket implements AutoCloseable {
  /** Jumbo frames are the largest that a raw socket here is asked to carry. */
  public static final int MAX_PACKET = 9216;

  private static final int NONE = -1;

  private final SystemCalls calls;
  private final Arena arena = Arena.ofConfined();
  private final MemorySegment packet = arena.allocate(MAX_PACKET, 8);
  private final int fd4;
  private final int fd6;
  private boolean closed;

  /** For the thread of {@code calls}. Needs CAP_NET_RAW and CAP_NET_ADMIN. */
  public RawSocket(SystemCalls calls) {
    this.calls = calls;
    fd4 = open(LibC.AF_INET(), "raw IPv4");
    fd6 = hasIpv6() ? open(LibC.AF_INET6(), "raw IPv6") : NONE;
  }

  /** A kernel may be without it (ipv6.disable=1): then no packet of its kind is ever asked for. */
  private boolean hasIpv6() {
    int probe = calls.socket(LibC.AF_INET6(), LibC.SOCK_DGRAM() | LibC.SOCK_CLOEXEC(), 0);
    if (probe >= 0) {
      calls.close(probe);
    }
    return probe >= 0;
  }

  private int open(int family, String name) {
    int type = LibC.SOCK_RAW() | LibC.SOCK_CLOEXEC();
    int fd = check(calls.socket(family, type, LibC.IPPROTO_RAW()), "socket", name);
    int marked = calls.setOption(fd, LibC.SOL_SOCKET(), LibC.SO_MARK(), Baton.BATON_MARK_OWN());
    if (marked < 0) {
      calls.close(fd);
      arena.close();
      check(marked, "setsockopt", "SO_MARK");
    }
    return fd;
  }

  /**
   * Sends a segment with a payload.
   *
   * @param payload where the payload is
   * @param offset its first byte
   * @param length bytes of it
   * @return the packet's length, or −errno; ENOBUFS and EAGAIN mean that it was not sent
   */
  public int send(Segment segment, MemorySegment payload, long offset, int length) {
    int total = segment.write(packet, payload, offset, length);
    Ip to = segment.destination();
    return calls.sendTo(to.isV4() ? fd4 : fd6, packet, total, to);
  }

  /** Sends a segment without payload. */
  public int send(Segment segment) {
    return send(segment, MemorySegment.NULL, 0, 0);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      calls.close(fd4);
      if (fd6 != NONE) {
        calls.close(fd6);
      }
      arena.close();
    }
  }
}

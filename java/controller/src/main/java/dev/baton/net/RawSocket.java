package dev.baton.net;

import static dev.baton.net.SystemCallException.check;

import dev.baton.bindings.flow.Baton;
import dev.baton.bindings.libc.LibC;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Sends whole IPv4 packets (raw(7), IP_HDRINCL), marked so that the guard lets them pass. Routing
 * and neighbours are the kernel's.
 */
public final class RawSocket implements AutoCloseable {
  /** Jumbo frames are the largest that a raw socket here is asked to carry. */
  public static final int MAX_PACKET = 9216;

  private final SystemCalls calls;
  private final Arena arena = Arena.ofConfined();
  private final MemorySegment packet = arena.allocate(MAX_PACKET, 8);
  private final int fd;
  private boolean closed;

  /** For the thread of {@code calls}. Needs CAP_NET_RAW and CAP_NET_ADMIN. */
  public RawSocket(SystemCalls calls) {
    this.calls = calls;
    fd =
        check(
            calls.socket(LibC.AF_INET(), LibC.SOCK_RAW() | LibC.SOCK_CLOEXEC(), LibC.IPPROTO_RAW()),
            "socket",
            "raw IPv4");
    int marked = calls.setOption(fd, LibC.SOL_SOCKET(), LibC.SO_MARK(), Baton.BATON_MARK_OWN());
    if (marked < 0) {
      calls.close(fd);
      arena.close();
      check(marked, "setsockopt", "SO_MARK");
    }
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
    return calls.sendTo(fd, packet, total, segment.destination());
  }

  /** Sends a segment without payload. */
  public int send(Segment segment) {
    return send(segment, MemorySegment.NULL, 0, 0);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      calls.close(fd);
      arena.close();
    }
  }
}

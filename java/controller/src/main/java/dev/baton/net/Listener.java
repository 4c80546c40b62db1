package dev.baton.net;

import static dev.baton.net.SystemCallException.check;

import dev.baton.bindings.libc.LibC;
import java.net.Inet4Address;

/**
 * An ordinary listening socket with what a handoff needs: the SYN is kept (TCP_SAVE_SYN), so is the
 * interface it came by (IP_PKTINFO), and an urgent byte stays in the stream (SO_OOBINLINE). Never
 * SO_RCVBUF or TCP_WINDOW_CLAMP: they would fix a tiny window scale for each connection's whole
 * life.
 */
public final class Listener implements AutoCloseable {
  private static final int BACKLOG = 4096;
  private static final int HEADERS = 40;

  private final SystemCalls calls;
  private final int fd;
  private boolean closed;

  /**
   * Starts to listen.
   *
   * @param calls of the thread that owns the socket
   * @param mtu the smallest link behind it, bytes; the MSS is told accordingly; 0: the route's
   */
  public Listener(SystemCalls calls, Inet4Address address, int port, int mtu) {
    this.calls = calls;
    String name = address.getHostAddress() + ":" + port;
    fd =
        check(
            calls.socket(
                LibC.AF_INET(),
                LibC.SOCK_STREAM() | LibC.SOCK_NONBLOCK() | LibC.SOCK_CLOEXEC(),
                LibC.IPPROTO_TCP()),
            "socket",
            name);
    try {
      option(LibC.SOL_SOCKET(), LibC.SO_REUSEADDR(), 1, name);
      option(LibC.SOL_SOCKET(), LibC.SO_REUSEPORT(), 1, name);
      option(LibC.SOL_SOCKET(), LibC.SO_OOBINLINE(), 1, name);
      option(LibC.IPPROTO_TCP(), LibC.TCP_SAVE_SYN(), 1, name);
      option(LibC.IPPROTO_IP(), LibC.IP_PKTINFO(), 1, name);
      option(LibC.IPPROTO_TCP(), LibC.TCP_NODELAY(), 1, name);
      if (mtu > 0) {
        option(LibC.IPPROTO_TCP(), LibC.TCP_MAXSEG(), mtu - HEADERS, name);
      }
      check(calls.bind(fd, address, port), "bind", name);
      check(calls.listen(fd, BACKLOG), "listen", name);
    } catch (SystemCallException e) {
      calls.close(fd);
      throw e;
    }
  }

  private void option(int level, int option, int value, String name) {
    check(calls.setOption(fd, level, option, value), "setsockopt", name);
  }

  /** The descriptor. */
  public int fd() {
    return fd;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      calls.close(fd);
    }
  }
}

package dev.baton.net;

import static dev.baton.net.SystemCallException.check;

import dev.baton.address.Ip;
import dev.baton.bindings.libc.LibC;

/**
 * An ordinary listening socket with what a handoff needs: the SYN is kept (TCP_SAVE_SYN), so is the
 * interface it came by (IP_PKTINFO, IPV6_RECVPKTINFO), and an urgent byte stays in the stream
 * (SO_OOBINLINE). Never SO_RCVBUF or TCP_WINDOW_CLAMP: they would fix a tiny window scale for each
 * connection's whole life.
 */
public final class Listener implements AutoCloseable {
  /** Less is refused, and so is more; include/net/tcp.h, TCP_MIN_MSS and MAX_TCP_WINDOW. */
  private static final int LEAST_MSS = 88;

  private static final int GREATEST_MSS = 32_767;

  private final SystemCalls calls;
  private final Ip address;
  private final String name;
  private final int fd;
  private boolean closed;

  /**
   * Starts to listen.
   *
   * @param calls of the thread that owns the socket
   * @param address of this host, or any; {@code ::} takes IPv4 as well
   * @param onlyIpv6 {@code ::} leaves IPv4 to another listener
   * @param mtu see {@link #limitSegments}
   * @param backlog of listen(2)
   */
  public Listener(SystemCalls calls, Ip address, int port, boolean onlyIpv6, int mtu, int backlog) {
    this.calls = calls;
    this.address = address;
    name = address.withPort(port);
    int type = LibC.SOCK_STREAM() | LibC.SOCK_NONBLOCK() | LibC.SOCK_CLOEXEC();
    fd = check(calls.socket(family(), type, LibC.IPPROTO_TCP()), "socket", name);
    try {
      option(LibC.SOL_SOCKET(), LibC.SO_REUSEADDR(), 1);
      option(LibC.SOL_SOCKET(), LibC.SO_REUSEPORT(), 1);
      if (!address.isV4()) {
        option(LibC.IPPROTO_IPV6(), LibC.IPV6_V6ONLY(), onlyIpv6 ? 1 : 0);
      }
      inherited(mtu);
      check(calls.bind(fd, address, port), "bind", name);
      check(calls.listen(fd, backlog), "listen", name);
    } catch (SystemCallException e) {
      calls.close(fd);
      throw e;
    }
  }

  /**
   * Takes a socket over that listens already; another build may have set its options otherwise.
   *
   * @param calls of the thread that owns the socket from now on
   * @param address that it is bound to
   * @param name for messages
   */
  Listener(SystemCalls calls, int fd, Ip address, String name, int mtu, int backlog) {
    this.calls = calls;
    this.fd = fd;
    this.address = address;
    this.name = name;
    inherited(mtu);
    check(calls.listen(fd, backlog), "listen", name);
  }

  /** What accepted connections inherit. */
  private void inherited(int mtu) {
    option(LibC.SOL_SOCKET(), LibC.SO_OOBINLINE(), 1);
    option(LibC.IPPROTO_TCP(), LibC.TCP_SAVE_SYN(), 1);
    if (address.isV4()) {
      option(LibC.IPPROTO_IP(), LibC.IP_PKTINFO(), 1);
    } else {
      option(LibC.IPPROTO_IPV6(), LibC.IPV6_RECVPKTINFO(), 1);
    }
    option(LibC.IPPROTO_TCP(), LibC.TCP_NODELAY(), 1);
    limitSegments(mtu);
  }

  private void option(int level, int option, int value) {
    check(calls.setOption(fd, level, option, value), "setsockopt", name);
  }

  /**
   * Tells clients from now on of an MSS that fits the smallest link behind. A dual-stack listener
   * has one for both families, IPv6's.
   *
   * @param mtu that link's, bytes; 0: the route's own
   */
  public void limitSegments(int mtu) {
    int segment = mtu - address.headerBytes() - Segment.TCP_HEADER;
    option(
        LibC.IPPROTO_TCP(),
        LibC.TCP_MAXSEG(),
        mtu == 0 ? 0 : Math.clamp(segment, LEAST_MSS, GREATEST_MSS));
  }

  /** The socket's family: AF_INET or AF_INET6. */
  public int family() {
    return address.isV4() ? LibC.AF_INET() : LibC.AF_INET6();
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

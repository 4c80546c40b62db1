package dev.baton.net;

import static dev.baton.bpf.Errno.capturing;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.baton.address.Ip;
import dev.baton.bindings.libc.LibC;
import dev.baton.bindings.libc.cmsghdr;
import dev.baton.bindings.libc.in6_pktinfo;
import dev.baton.bindings.libc.in_pktinfo;
import dev.baton.bindings.libc.sockaddr_in;
import dev.baton.bindings.libc.sockaddr_in6;
import dev.baton.bindings.libc.timespec;
import dev.baton.bpf.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The system calls of an event loop, each with its errno. One instance belongs to one thread and
 * owns the scratch memory that calls need, so that none allocates.
 *
 * <p>Results: not negative is success, negative is −errno; nothing here throws for what a peer can
 * cause.
 */
public final class SystemCalls implements AutoCloseable {
  private static final MethodHandle SOCKET =
      capturing(LibC.socket$address(), LibC.socket$descriptor());
  private static final MethodHandle BIND = capturing(LibC.bind$address(), LibC.bind$descriptor());
  private static final MethodHandle LISTEN =
      capturing(LibC.listen$address(), LibC.listen$descriptor());
  private static final MethodHandle ACCEPT4 =
      capturing(LibC.accept4$address(), LibC.accept4$descriptor());
  private static final MethodHandle GETSOCKNAME =
      capturing(LibC.getsockname$address(), LibC.getsockname$descriptor());
  private static final MethodHandle RECV = capturing(LibC.recv$address(), LibC.recv$descriptor());
  private static final MethodHandle SEND = capturing(LibC.send$address(), LibC.send$descriptor());
  private static final MethodHandle SENDTO =
      capturing(LibC.sendto$address(), LibC.sendto$descriptor());
  private static final MethodHandle GETSOCKOPT =
      capturing(LibC.getsockopt$address(), LibC.getsockopt$descriptor());
  private static final MethodHandle SETSOCKOPT =
      capturing(LibC.setsockopt$address(), LibC.setsockopt$descriptor());
  private static final MethodHandle SHUTDOWN =
      capturing(LibC.shutdown$address(), LibC.shutdown$descriptor());
  private static final MethodHandle CLOSE =
      capturing(LibC.close$address(), LibC.close$descriptor());
  private static final MethodHandle EPOLL_CREATE1 =
      capturing(LibC.epoll_create1$address(), LibC.epoll_create1$descriptor());
  private static final MethodHandle EPOLL_CTL =
      capturing(LibC.epoll_ctl$address(), LibC.epoll_ctl$descriptor());
  private static final MethodHandle EPOLL_WAIT =
      capturing(LibC.epoll_wait$address(), LibC.epoll_wait$descriptor());
  private static final MethodHandle EVENTFD =
      capturing(LibC.eventfd$address(), LibC.eventfd$descriptor());
  private static final MethodHandle READ = capturing(LibC.read$address(), LibC.read$descriptor());
  private static final MethodHandle WRITE =
      capturing(LibC.write$address(), LibC.write$descriptor());

  private static final LibC.fcntl FCNTL = LibC.fcntl.makeInvoker(JAVA_INT);

  private final Arena arena = Arena.ofConfined();
  private final MemorySegment errno = Errno.newState(arena);
  private final MemorySegment value = arena.allocate(8, 8);
  private final MemorySegment length = arena.allocate(JAVA_INT);
  private final MemorySegment address = arena.allocate(sockaddr_in6.layout());
  private final MemorySegment control = arena.allocate(64, 8);
  private final MemorySegment time = arena.allocate(timespec.layout());
  private boolean closed;

  private int result(int returned) {
    return returned >= 0 ? returned : -Errno.errno(errno);
  }

  private static AssertionError unexpected(Throwable t) {
    return new AssertionError("a downcall threw", t);
  }

  /** socket(2). */
  public int socket(int domain, int type, int protocol) {
    try {
      return result((int) SOCKET.invokeExact(errno, domain, type, protocol));
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /** bind(2) to an address, of the socket's own family, and a port. */
  public int bind(int fd, Ip to, int port) {
    int size = putAddress(to, port);
    try {
      return result((int) BIND.invokeExact(errno, fd, address, size));
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /** listen(2). */
  public int listen(int fd, int backlog) {
    try {
      return result((int) LISTEN.invokeExact(errno, fd, backlog));
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /**
   * accept4(2), non-blocking and close-on-exec. The peer is in {@link #peerAddress} and {@link
   * #peerPort} until the next call.
   */
  public int accept(int listener) {
    length.set(JAVA_INT, 0, (int) address.byteSize());
    try {
      return result(
          (int)
              ACCEPT4.invokeExact(
                  errno, listener, address, length, LibC.SOCK_NONBLOCK() | LibC.SOCK_CLOEXEC()));
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /** The address that {@link #accept} saw last; on a dual-stack socket IPv4 is told as such. */
  public void peerAddress(Ip into) {
    seenAddress(into);
  }

  private void seenAddress(Ip into) {
    if (sockaddr_in.sin_family(address) == LibC.AF_INET()) {
      into.read(address, sockaddr_in.sin_addr$offset(), true);
    } else {
      into.readV6(address, sockaddr_in6.sin6_addr$offset());
    }
  }

  /** The port that {@link #accept} saw last. */
  public int peerPort() {
    return Short.toUnsignedInt(Short.reverseBytes(sockaddr_in.sin_port(address)));
  }

  /** getsockname(2): the local address of a connection. */
  public void localAddress(int fd, Ip into) {
    length.set(JAVA_INT, 0, (int) address.byteSize());
    try {
      SystemCallException.check(
          result((int) GETSOCKNAME.invokeExact(errno, fd, address, length)),
          "getsockname",
          "descriptor " + fd);
    } catch (SystemCallException e) {
      throw e;
    } catch (Throwable t) {
      throw unexpected(t);
    }
    seenAddress(into);
  }

  /** Whether a socket is bound to this address and port, in its family. */
  boolean isBoundTo(int fd, Ip to, int port) {
    address.fill((byte) 0);
    length.set(JAVA_INT, 0, (int) address.byteSize());
    try {
      return result((int) GETSOCKNAME.invokeExact(errno, fd, address, length)) == 0
          && sockaddr_in.sin_family(address) == (to.isV4() ? LibC.AF_INET() : LibC.AF_INET6())
          && seenIs(to)
          && peerPort() == port;
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  private boolean seenIs(Ip expected) {
    Ip seen = new Ip();
    seenAddress(seen);
    return seen.equals(expected);
  }

  /** An inherited socket becomes like those made here: non-blocking, and closed by exec. */
  void ours(int fd) {
    FCNTL.apply(fd, LibC.F_SETFL(), LibC.O_NONBLOCK());
    FCNTL.apply(fd, LibC.F_SETFD(), LibC.FD_CLOEXEC());
  }

  /** recv(2): bytes read, 0 at the end of the stream, or −errno. */
  public int receive(int fd, MemorySegment into, long offset, long max, int flags) {
    try {
      return result(
          (int) (long) RECV.invokeExact(errno, fd, into.asSlice(offset, max), max, flags));
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /** send(2) without SIGPIPE: bytes taken, or −errno. */
  public int send(int fd, MemorySegment from, long offset, long count) {
    try {
      return result(
          (int)
              (long)
                  SEND.invokeExact(
                      errno, fd, from.asSlice(offset, count), count, LibC.MSG_NOSIGNAL()));
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /**
   * sendto(2): a whole packet on a raw socket.
   *
   * @param to the route's destination, of the socket's own family
   */
  public int sendTo(int fd, MemorySegment packet, long count, Ip to) {
    int size = putAddress(to, 0);
    try {
      return result(
          (int)
              (long)
                  SENDTO.invokeExact(errno, fd, packet, count, LibC.MSG_DONTWAIT(), address, size));
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /** getsockopt(2) of 32 bits, unsigned; or −errno. */
  public long getOption(int fd, int level, int option) {
    length.set(JAVA_INT, 0, 4);
    try {
      int got = (int) GETSOCKOPT.invokeExact(errno, fd, level, option, value, length);
      return got < 0 ? -Errno.errno(errno) : Integer.toUnsignedLong(value.get(JAVA_INT, 0));
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /** getsockopt(2) into a segment: the length that the kernel wrote, or −errno. */
  public int getOption(int fd, int level, int option, MemorySegment into) {
    length.set(JAVA_INT, 0, (int) into.byteSize());
    try {
      int got = (int) GETSOCKOPT.invokeExact(errno, fd, level, option, into, length);
      return got < 0 ? -Errno.errno(errno) : length.get(JAVA_INT, 0);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /** setsockopt(2) of 32 bits. */
  public int setOption(int fd, int level, int option, int to) {
    value.set(JAVA_INT, 0, to);
    try {
      return result((int) SETSOCKOPT.invokeExact(errno, fd, level, option, value, 4));
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /**
   * The interface that a connection's handshake came in by: IP_PKTOPTIONS on a TCP socket whose
   * listener has IP_PKTINFO (net/ipv4/ip_sockglue.c); for an AF_INET6 socket, dual-stack or not,
   * IPV6_2292PKTOPTIONS and IPV6_RECVPKTINFO (net/ipv6/ipv6_sockglue.c).
   *
   * @param family of the socket
   * @return its index, or −errno
   */
  public int arrivalInterface(int fd, int family) {
    return family == LibC.AF_INET() ? arrivalInterfaceV4(fd) : arrivalInterfaceV6(fd);
  }

  private int arrivalInterfaceV6(int fd) {
    int got = getOption(fd, LibC.IPPROTO_IPV6(), LibC.IPV6_2292PKTOPTIONS(), control);
    if (got < 0) {
      return got;
    }
    long data = cmsghdr.layout().byteSize();
    boolean there =
        got >= data + in6_pktinfo.layout().byteSize()
            && cmsghdr.cmsg_type(control) == LibC.IPV6_PKTINFO();
    return there ? control.get(JAVA_INT, data + in6_pktinfo.ipi6_ifindex$offset()) : -LibC.ENOENT();
  }

  private int arrivalInterfaceV4(int fd) {
    int got = getOption(fd, LibC.IPPROTO_IP(), LibC.IP_PKTOPTIONS(), control);
    if (got < 0) {
      return got;
    }
    long data = cmsghdr.layout().byteSize();
    boolean there =
        got >= data + in_pktinfo.layout().byteSize()
            && cmsghdr.cmsg_type(control) == LibC.IP_PKTINFO();
    return there ? control.get(JAVA_INT, data + in_pktinfo.ipi_ifindex$offset()) : -LibC.ENOENT();
  }

  /** shutdown(2). */
  public int shutdown(int fd, int how) {
    try {
      return result((int) SHUTDOWN.invokeExact(errno, fd, how));
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /** close(2). */
  public int close(int fd) {
    try {
      return result((int) CLOSE.invokeExact(errno, fd));
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  int epollCreate() {
    try {
      return result((int) EPOLL_CREATE1.invokeExact(errno, LibC.EPOLL_CLOEXEC()));
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  int epollControl(int epoll, int operation, int fd, MemorySegment event) {
    try {
      return result((int) EPOLL_CTL.invokeExact(errno, epoll, operation, fd, event));
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  int epollWait(int epoll, MemorySegment events, int max, int timeoutMillis) {
    try {
      return result((int) EPOLL_WAIT.invokeExact(errno, epoll, events, max, timeoutMillis));
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /** eventfd(2), non-blocking. */
  public int eventFd() {
    try {
      return result((int) EVENTFD.invokeExact(errno, 0, LibC.EFD_NONBLOCK() | LibC.EFD_CLOEXEC()));
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /** Takes an eventfd back to zero. */
  public int drainEventFd(int fd) {
    try {
      return result((int) (long) READ.invokeExact(errno, fd, value, 8L));
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /** Wakes whoever waits for an eventfd; from any thread. */
  public static void wake(int fd) {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment one = call.allocateFrom(java.lang.foreign.ValueLayout.JAVA_LONG, 1L);
      long written = (long) WRITE.invokeExact(Errno.newState(call), fd, one, 8L);
      // EAGAIN: the counter is full, so it wakes already.
      assert written == 8 || written == -1;
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /** CLOCK_MONOTONIC in nanoseconds: the clock of bpf_ktime_get_ns(). */
  public long monotonic() {
    LibC.clock_gettime(LibC.CLOCK_MONOTONIC(), time);
    return timespec.tv_sec(time) * 1_000_000_000L + timespec.tv_nsec(time);
  }

  /** Fills {@link #address}; its length. */
  private int putAddress(Ip ip, int port) {
    address.fill((byte) 0);
    sockaddr_in.sin_family(address, (short) (ip.isV4() ? LibC.AF_INET() : LibC.AF_INET6()));
    sockaddr_in.sin_port(address, Short.reverseBytes((short) port));
    if (ip.isV4()) {
      address.set(JAVA_INT, sockaddr_in.sin_addr$offset(), Integer.reverseBytes(ip.v4()));
      return (int) sockaddr_in.layout().byteSize();
    }
    ip.writeV6(address, sockaddr_in6.sin6_addr$offset());
    return (int) address.byteSize();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      arena.close();
    }
  }
}

package dev.baton.net;

import static dev.baton.bpf.Errno.capturing;
import static dev.baton.net.SystemCallException.check;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.baton.bindings.libc.LibC;
import dev.baton.bindings.libc.cmsghdr;
import dev.baton.bindings.libc.iovec;
import dev.baton.bindings.libc.msghdr;
import dev.baton.bindings.libc.sockaddr_un;
import dev.baton.bpf.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the service manager how this process fares, and gives it descriptors to keep until the next
 * start (sd_notify(3)): one datagram each to the socket that NOTIFY_SOCKET names. Without one all
 * of it does nothing. May be used by several threads.
 */
public final class ServiceManager implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ServiceManager.class);
  private static final MethodHandle SENDMSG =
      capturing(LibC.sendmsg$address(), LibC.sendmsg$descriptor());

  private static final long HEADER = cmsghdr.layout().byteSize();

  /** CMSG_SPACE(sizeof(int)): a header, one descriptor, and padding to the header's alignment. */
  private static final long CONTROL_BYTES = HEADER + 8;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment address;
  private final int addressLength;
  private final int fd;
  private final Optional<Duration> watchdog;
  private boolean closed;

  private ServiceManager(String socket, Optional<Duration> watchdog) {
    this.watchdog = watchdog;
    address = arena.allocate(sockaddr_un.layout());
    addressLength = fillIn(address, socket);
    fd = addressLength == 0 ? -1 : open(socket);
  }

  /**
   * The one that the environment names.
   *
   * @param environment of this process: NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID
   * @throws SystemCallException when no socket can be made
   */
  public static ServiceManager of(Map<String, String> environment) {
    return new ServiceManager(environment.getOrDefault("NOTIFY_SOCKET", ""), watchdog(environment));
  }

  /** Half of what is demanded, as sd_watchdog_enabled(3) advises; only if it is meant for us. */
  private static Optional<Duration> watchdog(Map<String, String> environment) {
    String pid = environment.get("WATCHDOG_PID");
    if (pid != null && !pid.equals(Long.toString(ProcessHandle.current().pid()))) {
      return Optional.empty();
    }
    try {
      long micros = Long.parseLong(environment.getOrDefault("WATCHDOG_USEC", "0"));
      return micros > 0 ? Optional.of(Duration.ofNanos(micros * 1000 / 2)) : Optional.empty();
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  /** A path, or "@" and a name that is in no file system (unix(7), abstract). 0: neither. */
  private static int fillIn(MemorySegment address, String socket) {
    byte[] name = socket.getBytes(StandardCharsets.UTF_8);
    boolean isAbstract = socket.startsWith("@");
    if (!isAbstract && !socket.startsWith("/")) {
      return 0;
    }
    long start = sockaddr_un.sun_path$offset();
    if (name.length >= sockaddr_un.layout().byteSize() - start) {
      throw new IllegalArgumentException("NOTIFY_SOCKET is too long: " + socket);
    }
    sockaddr_un.sun_family(address, (short) LibC.AF_UNIX());
    MemorySegment.copy(name, 0, address, JAVA_BYTE, start, name.length);
    if (isAbstract) {
      address.set(JAVA_BYTE, start, (byte) 0);
    }
    // An abstract name is as long as it is said to be; a path ends with a zero.
    return (int) start + name.length + (isAbstract ? 0 : 1);
  }

  private static int open(String socket) {
    try (SystemCalls calls = new SystemCalls()) {
      return check(
          calls.socket(LibC.AF_UNIX(), LibC.SOCK_DGRAM() | LibC.SOCK_CLOEXEC(), 0),
          "socket",
          socket);
    }
  }

  /** Whether there is one. */
  public boolean isThere() {
    return fd >= 0;
  }

  /** How often {@link #alive} must be called; empty: nobody asks. */
  public Optional<Duration> watchdog() {
    return watchdog;
  }

  /** Start-up is over. */
  public void ready() {
    send("READY=1", -1);
  }

  /** The end has begun. */
  public void stopping() {
    send("STOPPING=1", -1);
  }

  /** All is well. */
  public void alive() {
    send("WATCHDOG=1", -1);
  }

  /**
   * Gives it a descriptor to keep. The next process gets it under that name; how many it keeps is
   * the unit's FileDescriptorStoreMax=.
   *
   * @param name at most 255 characters of ASCII, no colon
   */
  public void store(String name, int descriptor) {
    send("FDSTORE=1\nFDNAME=" + name, descriptor);
  }

  /** It need no longer keep the descriptors of that name. */
  public void discard(String name) {
    send("FDSTOREREMOVE=1\nFDNAME=" + name, -1);
  }

  /** What cannot be told is logged, no more: the service runs without its manager's knowledge. */
  private void send(String state, int descriptor) {
    if (fd < 0) {
      return;
    }
    try (Arena call = Arena.ofConfined()) {
      byte[] bytes = state.getBytes(StandardCharsets.US_ASCII);
      MemorySegment text = call.allocateFrom(JAVA_BYTE, bytes);
      MemorySegment part = call.allocate(iovec.layout());
      iovec.iov_base(part, text);
      iovec.iov_len(part, bytes.length);
      MemorySegment message = call.allocate(msghdr.layout());
      msghdr.msg_name(message, address);
      msghdr.msg_namelen(message, addressLength);
      msghdr.msg_iov(message, part);
      msghdr.msg_iovlen(message, 1);
      if (descriptor >= 0) {
        MemorySegment control = call.allocate(CONTROL_BYTES, 8);
        cmsghdr.cmsg_len(control, HEADER + Integer.BYTES);
        cmsghdr.cmsg_level(control, LibC.SOL_SOCKET());
        cmsghdr.cmsg_type(control, LibC.SCM_RIGHTS());
        control.set(JAVA_INT, HEADER, descriptor);
        msghdr.msg_control(message, control);
        msghdr.msg_controllen(message, CONTROL_BYTES);
      }
      MemorySegment errno = Errno.newState(call);
      long sent = (long) SENDMSG.invokeExact(errno, fd, message, LibC.MSG_NOSIGNAL());
      if (sent < 0) {
        LOG.warn(
            "event=notify-failed state=\"{}\" error=\"{}\"",
            state.replace('\n', ' '),
            new SystemCallException("sendmsg", "NOTIFY_SOCKET", Errno.errno(errno)).getMessage());
      }
    } catch (Throwable t) {
      throw new AssertionError("a downcall threw", t);
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      if (fd >= 0) {
        try (SystemCalls calls = new SystemCalls()) {
          calls.close(fd);
        }
      }
      arena.close();
    }
  }
}

package dev.baton.net;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.baton.bindings.libc.LibC;
import dev.baton.bindings.libc.tcp_info;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What the kernel knows of one client connection: read through TCP_INFO, TCP_SAVED_SYN and
 * TCP_REPAIR (DESIGN section 3; include/uapi/linux/tcp.h, net/ipv4/tcp.c). Reused from one
 * connection to the next; belongs to one thread.
 *
 * <p>Its one surprising rule: {@link #snapshot} leaves the socket in repair mode. A socket that is
 * closed in repair mode is silent, so a controller that dies afterwards cannot end the connection
 * by dying; whoever gives a handoff up must call {@link #leaveRepair}.
 */
public final class ClientLeg implements AutoCloseable {
  /** net/tcp_states.h. */
  private static final int TCP_ESTABLISHED = 1;

  private static final int TCP_CLOSE_WAIT = 8;

  /** The clock's bit 0 is cleared since Linux 6.7, so what the kernel said last may be 1 more. */
  private static final int CLOCK_ROUNDING = 2;

  private static final int DEFAULT_MSS = 536;

  private static final Path TCP_ECN = Path.of("/proc/sys/net/ipv4/tcp_ecn");
  private static final int FIRST_ACCURATE = 3;
  private static final int MAX_READS = 8;

  private final SystemCalls calls;
  private final Arena arena = Arena.ofConfined();
  private final MemorySegment info = arena.allocate(tcp_info.layout());
  private final MemorySegment savedSyn = arena.allocate(256);
  private final boolean acceptsAccurateEcn = readsAccurateEcn();
  private boolean closed;

  // What was negotiated; fixed for the connection's life.
  private boolean timestamps;
  private boolean sack;
  private boolean ecn;
  private boolean accurateEcn;
  private boolean windowScaling;
  private int clientScale;
  private int ownScale;
  private int clientMss;

  // What moves on.
  private int base;
  private int received;
  private int sent;
  private int clock;
  private long clientWindow;
  private boolean finReceived;

  /** For the thread of {@code calls}. */
  public ClientLeg(SystemCalls calls) {
    this.calls = calls;
  }

  /**
   * Whether this host grants accurate ECN to who asks for it: tcp_ecn of 3 to 5, in kernels that
   * know them (Documentation/networking/ip-sysctl.rst). The value at start-up is taken.
   */
  private static boolean readsAccurateEcn() {
    try {
      return Integer.parseInt(Files.readString(TCP_ECN).strip()) >= FIRST_ACCURATE;
    } catch (IOException | NumberFormatException e) {
      return false; // without /proc: the kernel's default is plain ECN
    }
  }

  /**
   * Reads what the two sides negotiated, and the numbers that a SYN to a target carries. The socket
   * is as it was afterwards.
   *
   * @return 0, or −errno; −ECONNRESET when the connection is no longer there
   */
  public int negotiated(int fd) {
    int got = readInfo(fd);
    if (got < 0) {
      return got;
    }
    got = calls.getOption(fd, LibC.IPPROTO_TCP(), LibC.TCP_SAVED_SYN(), savedSyn);
    clientMss = got > 0 ? SavedSyn.mss(savedSyn, got) : 0;
    // TCP_INFO does not tell the two kinds apart, and after a SYN cookie nothing does.
    accurateEcn = acceptsAccurateEcn && (got <= 0 || SavedSyn.asksForAccurateEcn(savedSyn, got));
    got = enterRepair(fd);
    if (got < 0) {
      return got;
    }
    if (clientMss == 0) {
      // The connection began with a SYN cookie. Outside repair this is another number.
      long segment = calls.getOption(fd, LibC.IPPROTO_TCP(), LibC.TCP_MAXSEG());
      clientMss = segment > 0 ? (int) segment : DEFAULT_MSS;
    }
    int result = readQueues(fd);
    int left = leaveRepair(fd);
    return result < 0 ? result : left;
  }

  /**
   * Reads where both streams stand, now. The socket is in repair mode afterwards, whatever the
   * result, unless it could not be entered.
   *
   * @return 0, or −errno; −ECONNRESET when the connection is no longer there
   */
  public int snapshot(int fd) {
    int got = enterRepair(fd);
    return got < 0 ? got : readQueues(fd);
  }

  /** Reads the receive sequence again; the socket is in repair mode, its receive queue selected. */
  public int rereadReceived(int fd) {
    long next = calls.getOption(fd, LibC.IPPROTO_TCP(), LibC.TCP_QUEUE_SEQ());
    if (next < 0) {
      return (int) next;
    }
    received = (int) next;
    return 0;
  }

  /**
   * Reads whether the client has ended its stream.
   *
   * @return 0, or −errno
   */
  public int rereadState(int fd) {
    return readInfo(fd);
  }

  /** Ends repair mode without a window probe (TCP_REPAIR_OFF_NO_WP). */
  public int leaveRepair(int fd) {
    return calls.setOption(fd, LibC.IPPROTO_TCP(), LibC.TCP_REPAIR(), LibC.TCP_REPAIR_OFF_NO_WP());
  }

  private int enterRepair(int fd) {
    return calls.setOption(fd, LibC.IPPROTO_TCP(), LibC.TCP_REPAIR(), LibC.TCP_REPAIR_ON());
  }

  private int selectQueue(int fd, int queue) {
    return calls.setOption(fd, LibC.IPPROTO_TCP(), LibC.TCP_REPAIR_QUEUE(), queue);
  }

  /** Send queue first, so that the receive queue stays selected for the drain's MSG_PEEK. */
  private int readQueues(int fd) {
    int selected = selectQueue(fd, LibC.TCP_SEND_QUEUE());
    long next = calls.getOption(fd, LibC.IPPROTO_TCP(), LibC.TCP_QUEUE_SEQ());
    if (selected < 0 || next < 0) {
      return selected < 0 ? selected : (int) next;
    }
    sent = (int) next;
    selected = selectQueue(fd, LibC.TCP_RECV_QUEUE());
    if (selected < 0) {
      return selected;
    }
    int result = readReceived(fd);
    if (result < 0) {
      return result;
    }
    // Last, since the clock goes on: 300 ms stale, and the client drops segments (RFC 7323 5).
    long time = calls.getOption(fd, LibC.IPPROTO_TCP(), LibC.TCP_TIMESTAMP());
    clock = (int) time + CLOCK_ROUNDING;
    return 0;
  }

  /** The sequence base: rcv_nxt less what came, both read at one moment. */
  private int readReceived(int fd) {
    for (int i = 0; i < MAX_READS; i++) {
      long before = calls.getOption(fd, LibC.IPPROTO_TCP(), LibC.TCP_QUEUE_SEQ());
      int got = readInfo(fd);
      long after = calls.getOption(fd, LibC.IPPROTO_TCP(), LibC.TCP_QUEUE_SEQ());
      if (before < 0 || got < 0 || after < 0) {
        return got < 0 ? got : (int) Math.min(before, after);
      }
      if (before == after) {
        received = (int) after;
        base = received - (int) tcp_info.tcpi_bytes_received(info);
        return 0;
      }
    }
    return -LibC.EAGAIN();
  }

  private int readInfo(int fd) {
    int got = calls.getOption(fd, LibC.IPPROTO_TCP(), LibC.TCP_INFO(), info);
    if (got < 0) {
      return got;
    }
    int state = tcp_info.tcpi_state(info);
    if (state != TCP_ESTABLISHED && state != TCP_CLOSE_WAIT) {
      return -LibC.ECONNRESET();
    }
    finReceived = state == TCP_CLOSE_WAIT;
    int options = tcp_info.tcpi_options(info);
    timestamps = (options & LibC.TCPI_OPT_TIMESTAMPS()) != 0;
    sack = (options & LibC.TCPI_OPT_SACK()) != 0;
    ecn = (options & LibC.TCPI_OPT_ECN()) != 0;
    windowScaling = (options & LibC.TCPI_OPT_WSCALE()) != 0;
    // tcpi_snd_wscale : 4, tcpi_rcv_wscale : 4; bit fields have no binding.
    int scales = info.get(JAVA_BYTE, tcp_info.tcpi_options$offset() + 1) & 0xff;
    clientScale = windowScaling ? scales & 15 : 0;
    ownScale = windowScaling ? scales >>> 4 : 0;
    clientWindow = Integer.toUnsignedLong(tcp_info.tcpi_snd_wnd(info));
    return 0;
  }

  /** Timestamps are in use (RFC 7323). */
  public boolean timestamps() {
    return timestamps;
  }

  /** SACK was permitted (RFC 2018). */
  public boolean sack() {
    return sack;
  }

  /** ECN is in use, and it is that of RFC 3168: accurate ECN (RFC 9768) is not handed over. */
  public boolean ecn() {
    return ecn && !accurateEcn;
  }

  /** Window scaling is in use (RFC 7323). */
  public boolean windowScaling() {
    return windowScaling;
  }

  /** The shift of windows that the client sends, 0 to 14; 0 without scaling. */
  public int clientScale() {
    return clientScale;
  }

  /** The shift of windows that the DMZ node sends to the client, 0 to 14; 0 without scaling. */
  public int ownScale() {
    return ownScale;
  }

  /** The largest segment the client takes, bytes of payload and options (RFC 9293 3.7.1). */
  public int clientMss() {
    return clientMss;
  }

  /** The sequence number of the client's first byte: its initial one plus 1. */
  public int base() {
    return base;
  }

  /** rcv_nxt: the sequence number the kernel expects next from the client. */
  public int received() {
    return received;
  }

  /** Bytes acknowledged to the client, and 1 for a FIN. */
  public int acknowledged() {
    return received - base;
  }

  /** snd_nxt: the sequence number of the next byte to the client. */
  public int sent() {
    return sent;
  }

  /** The DMZ node's timestamp clock for this client, not behind anything it has sent. */
  public int clock() {
    return clock;
  }

  /** The client's window, bytes. */
  public long clientWindow() {
    return clientWindow;
  }

  /** The client's FIN has arrived; it takes one number of {@link #acknowledged}. */
  public boolean finReceived() {
    return finReceived;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      arena.close();
    }
  }
}

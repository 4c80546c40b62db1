package dev.baton.net;

import dev.baton.address.Ip;
import dev.baton.bindings.libc.LibC;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Listening sockets that an earlier run gave the service manager and that came back with this start
 * (sd_listen_fds(3)), connections queued in them included. Each belongs to an event loop, an
 * address and a port. Whatever is not asked for is closed in the end, and the manager told to
 * forget it.
 */
public final class ListenerStore {
  private static final Logger LOG = LoggerFactory.getLogger(ListenerStore.class);

  /** SD_LISTEN_FDS_START. */
  private static final int FIRST = 3;

  private static final String PREFIX = "baton-";

  private final ServiceManager manager;
  private final List<Stored> stored = new ArrayList<>();

  /** A descriptor, and whose it was. */
  private record Stored(String name, int loop, int fd) {}

  private ListenerStore(ServiceManager manager) {
    this.manager = manager;
  }

  /**
   * Takes over what came with the start. Descriptors that are not ours are closed: nobody else in
   * this process wants them.
   *
   * @param environment of this process: LISTEN_FDS, LISTEN_PID, LISTEN_FDNAMES
   * @param manager keeps the listeners of this run
   */
  public static ListenerStore of(Map<String, String> environment, ServiceManager manager) {
    ListenerStore store = new ListenerStore(manager);
    String self = Long.toString(ProcessHandle.current().pid());
    if (self.equals(environment.get("LISTEN_PID"))) {
      String[] names = environment.getOrDefault("LISTEN_FDNAMES", "").split(":", -1);
      int count = number(environment.getOrDefault("LISTEN_FDS", "0")).orElse(0);
      try (SystemCalls calls = new SystemCalls()) {
        for (int i = 0; i < count; i++) {
          store.inherit(calls, i < names.length ? names[i] : "", FIRST + i);
        }
      }
    }
    return store;
  }

  private void inherit(SystemCalls calls, String name, int fd) {
    OptionalInt loop = loop(name);
    if (loop.isPresent() && isListening(calls, fd)) {
      calls.ours(fd);
      stored.add(new Stored(name, loop.getAsInt(), fd));
    } else {
      drop(calls, name, fd);
    }
  }

  private static boolean isListening(SystemCalls calls, int fd) {
    return calls.getOption(fd, LibC.SOL_SOCKET(), LibC.SO_ACCEPTCONN()) == 1
        && calls.getOption(fd, LibC.SOL_SOCKET(), LibC.SO_PROTOCOL()) == LibC.IPPROTO_TCP();
  }

  /** The event loop in a name of ours; empty: it is none of ours. */
  private static OptionalInt loop(String name) {
    String[] parts = name.split("-", -1);
    return name.startsWith(PREFIX) && parts.length == 4 ? number(parts[1]) : OptionalInt.empty();
  }

  private static OptionalInt number(String text) {
    return text.matches("\\d{1,6}") ? OptionalInt.of(Integer.parseInt(text)) : OptionalInt.empty();
  }

  /** The name of a loop's listener; it goes without colons, which part names in LISTEN_FDNAMES. */
  private static String name(int loop, Ip address, int port) {
    return PREFIX + loop + "-" + address.toString().replace(':', '.') + "-" + port;
  }

  /**
   * A loop's listener: the one it had, or a new one, which the manager keeps from now on.
   *
   * @param calls of the thread that owns the socket
   * @param onlyIpv6 as for {@link Listener}
   * @param mtu as for {@link Listener}
   * @param backlog as for {@link Listener}
   */
  public synchronized Listener listener(
      SystemCalls calls, int loop, Ip address, int port, boolean onlyIpv6, int mtu, int backlog) {
    for (Iterator<Stored> each = stored.iterator(); each.hasNext(); ) {
      Stored one = each.next();
      if (one.loop == loop && calls.isBoundTo(one.fd, address, port)) {
        each.remove();
        LOG.info("event=listener-adopted name={}", one.name);
        return new Listener(calls, one.fd, address, one.name, mtu, backlog);
      }
    }
    Listener made = new Listener(calls, address, port, onlyIpv6, mtu, backlog);
    manager.store(name(loop, address, port), made.fd());
    return made;
  }

  /**
   * Listeners at an address and port whose loops there are no longer; to be asked when each loop
   * has its own. The kernel goes on giving them their share of the connections, so somebody must
   * accept from them for as long as they are open, and closing one would reset what is on its way
   * into it.
   *
   * @param calls of the thread that owns them from now on
   * @param mtu as for {@link Listener}
   * @param backlog as for {@link Listener}
   */
  public synchronized List<Listener> left(
      SystemCalls calls, Ip address, int port, int mtu, int backlog) {
    List<Listener> left = new ArrayList<>();
    for (Iterator<Stored> each = stored.iterator(); each.hasNext(); ) {
      Stored one = each.next();
      if (calls.isBoundTo(one.fd, address, port)) {
        each.remove();
        left.add(new Listener(calls, one.fd, address, one.name, mtu, backlog));
      }
    }
    return left;
  }

  /** Closes what nobody asked for: its address is no longer configured. */
  public synchronized void dropRest(SystemCalls calls) {
    stored.forEach(one -> drop(calls, one.name, one.fd));
    stored.clear();
  }

  private void drop(SystemCalls calls, String name, int fd) {
    LOG.warn("event=descriptor-dropped name={} reason=\"not a configured listener\"", name);
    if (!name.isEmpty()) {
      manager.discard(name);
    }
    calls.close(fd);
  }
}

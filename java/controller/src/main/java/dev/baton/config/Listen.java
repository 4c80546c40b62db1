package dev.baton.config;

import dev.baton.address.Ip;
import dev.baton.address.Prefix;
import java.util.List;

/**
 * One address to accept connections on.
 *
 * @param address an address of this host, on the public interface; {@code 0.0.0.0} any of IPv4,
 *     {@code ::} any of both families
 * @param port TCP port, 1 to 65535
 * @param protocol what clients speak there
 * @param needName {@code without-sni: refuse}: whether a TLS client must name the server; if not,
 *     the default site is meant
 * @param acceptProxy {@code accept-proxy}: the front proxies, whose connections must begin with a
 *     PROXY protocol header; default none
 * @param backlog connections that wait to be accepted, in each event loop's socket, 1 to 65535; the
 *     kernel takes no more than net.core.somaxconn; default 4096
 */
public record Listen(
    Ip address,
    int port,
    Protocol protocol,
    boolean needName,
    List<Prefix> acceptProxy,
    int backlog) {
  /** What {@code backlog} is where the file says nothing. */
  public static final int BACKLOG = 4096;

  /** Takes a copy. */
  public Listen {
    acceptProxy = List.copyOf(acceptProxy);
  }

  /** One that asks for no name, without front proxies. */
  public Listen(Ip address, int port, Protocol protocol) {
    this(address, port, protocol, false, List.of(), BACKLOG);
  }

  /** Whether a peer is a front proxy. */
  public boolean isFrontProxy(Ip peer) {
    for (int i = 0; i < acceptProxy.size(); i++) {
      if (acceptProxy.get(i).contains(peer)) {
        return true;
      }
    }
    return false;
  }

  /** Whether it stands for all addresses of this host. */
  public boolean isAny() {
    return address.high() == 0 && (address.isV4() ? address.v4() == 0 : address.low() == 0);
  }

  @Override
  public String toString() {
    return address.withPort(port);
  }
}

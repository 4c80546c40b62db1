package dev.baton.config;

import dev.baton.address.Ip;

/**
 * One address to accept connections on.
 *
 * @param address an address of this host, on the public interface; {@code 0.0.0.0} any of IPv4,
 *     {@code ::} any of both families
 * @param port TCP port, 1 to 65535
 * @param protocol what clients speak there
 */
public record Listen(Ip address, int port, Protocol protocol) {
  /** Whether it stands for all addresses of this host. */
  public boolean isAny() {
    return address.high() == 0 && (address.isV4() ? address.v4() == 0 : address.low() == 0);
  }

  @Override
  public String toString() {
    return address.withPort(port);
  }
}

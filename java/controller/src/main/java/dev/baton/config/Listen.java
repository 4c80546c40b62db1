package dev.baton.config;

import java.net.Inet4Address;

/**
 * One address to accept connections on.
 *
 * @param address an address of this host, on the public interface
 * @param port TCP port, 1 to 65535
 * @param protocol what clients speak there
 */
public record Listen(Inet4Address address, int port, Protocol protocol) {}

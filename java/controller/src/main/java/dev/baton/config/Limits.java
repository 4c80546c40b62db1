package dev.baton.config;

/**
 * How much of everything there may be.
 *
 * @param maxFlows {@code max-flows}: entries of the kernel's flow map, two for each handed-off
 *     connection; 1024 to 16777216, default 524288
 * @param maxConnections {@code max-connections}: connections being set up at one time in the whole
 *     controller, more have to wait; handed-off ones do not count; 1 to 1000000, default 20000
 * @param headLimit {@code head-limit}: bytes of a request head, its last blank line included; 1024
 *     to 65536, default 16384
 * @param maxPerClient {@code max-connections-per-client}: connections being set up at one time for
 *     one IPv4 address or one IPv6 /64; 1 to 1000000, default 1024
 * @param maxAssembled {@code max-assembled-answers}: answers that are put together of pieces at one
 *     time, each with a thread, a buffer and a connection to a node; 1 to 100000, default 256
 */
public record Limits(
    int maxFlows, int maxConnections, int headLimit, int maxPerClient, int maxAssembled) {
  /** What applies where the file says nothing. */
  public static final Limits DEFAULT = new Limits(524_288, 20_000, 16_384, 1024, 256);
}

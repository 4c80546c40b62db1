package dev.baton.config;

import java.time.Duration;

/**
 * How long Baton waits; all are kept to the millisecond.
 *
 * @param head {@code head-timeout}: from accepting a connection to the end of its request head;
 *     100ms to 10m, default 20s
 * @param syn {@code syn-timeout}: for the answer of one candidate node to its SYN, retransmissions
 *     included; 50ms to 1m, default 1s
 * @param replay {@code replay-timeout}: without an acknowledgment while the replay is unfinished;
 *     100ms to 10m, default 10s
 * @param linger {@code linger}: how long a flow entry outlives both FINs, for stragglers; 1s to
 *     10m, default 60s
 * @param lingerReset {@code linger-reset}: the same after a RST; 1s to 10m, default 5s
 * @param idle {@code idle-timeout}: without a packet in either direction; 1s to 168h, default 2h15m
 * @param halfOpen {@code half-open-timeout}: without a packet after one FIN; 1s to 168h, default 4m
 * @param shutdown {@code shutdown-timeout}: for unfinished replays after SIGTERM; 0s to 4s, default
 *     3s
 * @param firstByte {@code first-byte-timeout}: from accepting a connection to its first byte; 100ms
 *     to 10m, default 10s
 * @param piece {@code piece-timeout}: without a byte from a node that a piece is fetched from;
 *     100ms to 10m, default 10s
 * @param stalled {@code stalled-timeout}: without a client's taking a byte of an answer that is put
 *     together of pieces; 100ms to 10m, default 60s
 */
public record Timeouts(
    Duration head,
    Duration syn,
    Duration replay,
    Duration linger,
    Duration lingerReset,
    Duration idle,
    Duration halfOpen,
    Duration shutdown,
    Duration firstByte,
    Duration piece,
    Duration stalled) {
  /** What applies where the file says nothing. */
  public static final Timeouts DEFAULT =
      new Timeouts(
          Duration.ofSeconds(20),
          Duration.ofSeconds(1),
          Duration.ofSeconds(10),
          Duration.ofSeconds(60),
          Duration.ofSeconds(5),
          Duration.ofMinutes(135),
          Duration.ofMinutes(4),
          Duration.ofSeconds(3),
          Duration.ofSeconds(10),
          Duration.ofSeconds(10),
          Duration.ofSeconds(60));
}

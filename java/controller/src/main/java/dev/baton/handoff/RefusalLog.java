package dev.baton.handoff;

import dev.baton.reason.Reason;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A line for each answer of the controller's own, under the id that the client was told. A flood of
 * them must not fill the disk: at most so many a second, and how many were left out.
 */
final class RefusalLog {
  private static final Logger LOG = LoggerFactory.getLogger(RefusalLog.class);
  private static final long SECOND = 1_000_000_000L;
  private static final int LINES_A_SECOND = 50;

  private long second;
  private int lines;
  private int leftOut;

  void refused(String id, Connection c, Reason reason, long now) {
    if (now - second >= SECOND) {
      if (leftOut > 0) {
        LOG.info("event=answered-more lines-left-out={}", leftOut);
      }
      second = now;
      lines = leftOut = 0;
    }
    if (++lines > LINES_A_SECOND) {
      leftOut++;
      return;
    }
    LOG.info(
        "event=answered id={} protocol={} reason={} client={} host={}",
        id,
        c.parser.spoken(),
        reason,
        c.source,
        c.parser.host());
  }
}

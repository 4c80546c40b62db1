package dev.baton.directory;

import dev.baton.config.Scalars;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * How much a node is given.
 *
 * @param maxFlows living flows it may have, from this DMZ node; 0: any number
 * @param queue connections that may wait for one of them to end, 0 to 10000
 * @param queueTime how long one waits at most
 * @param slowStart how long after it came up its share grows to its weight; zero: it has it at once
 */
public record NodeLimits(int maxFlows, int queue, Duration queueTime, Duration slowStart) {
  /** No limit. */
  public static final NodeLimits NONE =
      new NodeLimits(0, 100, Duration.ofSeconds(1), Duration.ZERO);

  /** What differs from {@link #NONE}, in the words of cluster.yaml. */
  String text() {
    List<String> words = new ArrayList<>();
    if (maxFlows != NONE.maxFlows) {
      words.add("max-flows " + maxFlows);
    }
    if (queue != NONE.queue) {
      words.add("queue " + queue);
    }
    if (!queueTime.equals(NONE.queueTime)) {
      words.add("queue-time " + Scalars.text(queueTime));
    }
    if (!slowStart.equals(NONE.slowStart)) {
      words.add("slow-start " + Scalars.text(slowStart));
    }
    return String.join(" ", words);
  }
}

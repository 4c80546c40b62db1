package dev.baton.cli;

import dev.baton.config.Scalars;
import dev.baton.deploy.SiteFlows;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Waits until the last flow has left a node to which no new connection comes. */
final class Leaving {
  private static final int LOOK_MILLIS = 100;

  private final Consumer<String> say;

  /** Tells in lines how it goes. */
  Leaving(Consumer<String> say) {
    this.say = say;
  }

  /**
   * Until no flow is left.
   *
   * @param deadline after which those that are left are reset; null: never
   */
  void awaitFlows(SiteFlows flows, @Nullable Duration deadline) throws InterruptedException {
    long begun = System.nanoTime();
    int ended = 0;
    int told = 0;
    for (int left = flows.count(); left > 0; left = flows.count()) {
      if (left != told) {
        told = left;
        say.accept(left + " flows are left");
      }
      if (deadline != null && System.nanoTime() - begun >= deadline.toNanos()) {
        ended += flows.end();
      }
      Thread.sleep(LOOK_MILLIS);
    }
    if (ended > 0) {
      say.accept(ended + " flows were reset");
    }
  }

  /** The durations of Baton's files. */
  static final class DurationConverter implements ITypeConverter<Duration> {
    @Override
    public Duration convert(String value) {
      var scalar = Scalars.duration(Duration.ZERO, Duration.ofDays(1));
      try {
        return scalar.read().apply(value);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException("expected " + scalar.expected() + ", found " + value);
      }
    }
  }
}

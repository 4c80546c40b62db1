package dev.baton.handoff;

import dev.baton.bindings.flow.Baton;
import dev.baton.reason.Reason;
import java.util.concurrent.atomic.LongAdder;

/** What the event loops count; written by each of them, read by status and metrics. */
public final class Counters {
  private final LongAdder[] reasons = new LongAdder[Baton.BATON_REASON_MAX()];
  private final LongAdder accepted = new LongAdder();
  private final LongAdder live = new LongAdder();
  private final LongAdder released = new LongAdder();
  private final LongAdder replayedAfterLive = new LongAdder();
  private final LongAdder handoffNanos = new LongAdder();
  private final LongAdder systemCallsFailed = new LongAdder();

  /** All zero. */
  public Counters() {
    for (int i = 0; i < reasons.length; i++) {
      reasons[i] = new LongAdder();
    }
  }

  void refused(Reason reason) {
    reasons[reason.code()].increment();
  }

  void accepted() {
    accepted.increment();
  }

  void wentLive(long nanos) {
    live.increment();
    handoffNanos.add(nanos);
  }

  void released() {
    released.increment();
  }

  void replayedAfterLive(long bytes) {
    replayedAfterLive.add(bytes);
  }

  void systemCallFailed() {
    systemCallsFailed.increment();
  }

  /** How often a reason was given. */
  public long of(Reason reason) {
    return reasons[reason.code()].sum();
  }

  /** Connections accepted. */
  public long acceptedSum() {
    return accepted.sum();
  }

  /** Handoffs that went live. */
  public long liveSum() {
    return live.sum();
  }

  /** Handoffs released: from then on no process touches their bytes. */
  public long releasedSum() {
    return released.sum();
  }

  /** Payload bytes that the controller replayed between go-live and release. */
  public long replayedAfterLiveSum() {
    return replayedAfterLive.sum();
  }

  /** Nanoseconds from head complete to go-live, all handoffs together. */
  public long handoffNanosSum() {
    return handoffNanos.sum();
  }

  /** System calls that failed where no peer can be the cause. */
  public long systemCallsFailedSum() {
    return systemCallsFailed.sum();
  }
}

package dev.baton.handoff;

import dev.baton.bindings.flow.Baton;
import dev.baton.head.HeadParser;
import dev.baton.head.Spoken;
import dev.baton.reason.Reason;
import dev.baton.tls.Alpn;
import dev.baton.tls.ClientHelloParser;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;

/** What the event loops count; written by each of them, read by status and metrics. */
public final class Counters {
  private static final Alpn[] ALPNS = Alpn.values();

  private final LongAdder[] reasons = new LongAdder[Baton.BATON_REASON_MAX()];
  private final Map<Spoken, LongAdder> spoken = new EnumMap<>(Spoken.class);
  private final Map<Alpn, LongAdder> offered = new EnumMap<>(Alpn.class);
  private final LongAdder namesMissing = new LongAdder();
  private final LongAdder encryptedHellos = new LongAdder();
  private final LongAdder accepted = new LongAdder();
  private final LongAdder live = new LongAdder();
  private final LongAdder released = new LongAdder();
  private final LongAdder replayedAfterLive = new LongAdder();
  private final LongAdder handoffNanos = new LongAdder();
  private final LongAdder systemCallsFailed = new LongAdder();

  /** All zero. */
  public Counters() {
    Arrays.setAll(reasons, i -> new LongAdder());
    for (Spoken protocol : Spoken.values()) {
      spoken.put(protocol, new LongAdder());
    }
    for (Alpn alpn : ALPNS) {
      offered.put(alpn, new LongAdder());
    }
  }

  void refused(Reason reason) {
    reasons[reason.code()].increment();
  }

  private static <K> LongAdder of(Map<K, LongAdder> adders, K key) {
    return Objects.requireNonNull(adders.get(key));
  }

  /** A head is complete. */
  void head(HeadParser parser) {
    of(spoken, parser.spoken()).increment();
    if (parser instanceof ClientHelloParser hello) {
      for (Alpn alpn : ALPNS) {
        if (hello.offers(alpn)) {
          of(offered, alpn).increment();
        }
      }
      if (hello.host() == null) {
        namesMissing.increment();
      }
      if (hello.encrypted()) {
        encryptedHellos.increment();
      }
    }
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

  /** Heads that were read in a protocol. */
  public long of(Spoken protocol) {
    return of(spoken, protocol).sum();
  }

  /** TLS clients that offered a protocol inside it. */
  public long of(Alpn alpn) {
    return of(offered, alpn).sum();
  }

  /** TLS clients that named no server. */
  public long namesMissingSum() {
    return namesMissing.sum();
  }

  /** TLS clients that sent an encrypted hello inside theirs, or bytes that look like one. */
  public long encryptedHellosSum() {
    return encryptedHellos.sum();
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

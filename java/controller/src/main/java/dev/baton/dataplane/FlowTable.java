package dev.baton.dataplane;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.baton.address.Ip;
import dev.baton.bindings.flow.Baton;
import dev.baton.bindings.flow.baton_flow;
import dev.baton.bindings.flow.baton_flow_key;
import dev.baton.bindings.flow.baton_flow_state;
import dev.baton.bindings.flow.baton_replay;
import dev.baton.bindings.libbpf.LibBpf;
import dev.baton.bindings.libc.LibC;
import dev.baton.bpf.BpfMap;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Writes and reads flow entries for one event loop, without allocation: the keys and values it
 * needs are its own. An entry is written once, whole; what eBPF writes into it is only read here
 * (docs/maps.md).
 */
public final class FlowTable implements AutoCloseable {
  private static final long STATE = baton_flow.state$offset();
  private static final int NO_ACTION = 0;

  private final BpfMap flows;
  private final BpfMap replays;
  private final int instance;
  private final int ring;
  private final Arena arena = Arena.ofConfined();
  private final MemorySegment toClient = arena.allocate(baton_flow_key.layout());
  private final MemorySegment toTarget = arena.allocate(baton_flow_key.layout());
  private final MemorySegment flow = arena.allocate(baton_flow.layout());
  private final MemorySegment replay = arena.allocate(baton_replay.layout());
  private final Ip scratch = new Ip();
  private boolean closed;

  /**
   * For the calling thread.
   *
   * @param instance which run of the controller writes
   * @param ring which event loop is told of what happens
   */
  public FlowTable(BpfMap flows, BpfMap replays, int instance, int ring) {
    this.flows = flows;
    this.replays = replays;
    this.instance = instance;
    this.ring = ring;
  }

  /**
   * Step 3: the target's answer will go to user space, until {@code expires}.
   *
   * @param synSequence the SYN's sequence number
   * @param expires CLOCK_MONOTONIC, nanoseconds
   * @return 0, or −errno; −E2BIG and −ENOMEM: the map is full
   */
  public int putPending(FlowTuple t, int slot, int synSequence, long now, long expires) {
    keyToClient(t);
    begin(t, Baton.BATON_ACTION_PENDING(), Baton.BATON_TO_CLIENT(), slot, now);
    baton_flow.start(flow, synSequence);
    baton_flow.expires(flow, expires);
    return flows.update(toClient, flow, LibBpf.BPF_ANY());
  }

  /** Step 7, first half: target → client, with the replay marked as unfinished. */
  public int putToClient(FlowTuple t, Translation x, int slot, long now) {
    keyToClient(t);
    keyToTarget(t);
    baton_replay.instance(replay, instance);
    baton_replay.ring(replay, ring);
    MemorySegment.copy(toTarget, 0, replay, baton_replay.to_target$offset(), toTarget.byteSize());
    int marked = replays.update(toClient, replay, LibBpf.BPF_ANY());
    if (marked < 0) {
      return marked;
    }
    begin(t, Baton.BATON_ACTION_TRANSLATE(), Baton.BATON_TO_CLIENT(), slot, now);
    baton_flow.start(flow, x.targetNext);
    baton_flow.seq_add(flow, -x.acknowledgmentAdd);
    baton_flow.ack_add(flow, -x.sequenceAdd);
    baton_flow.ts_add(flow, x.timestampAdd);
    baton_flow.window_shift(flow, (byte) x.targetWindowShift);
    baton_flow.mtu(flow, (short) x.clientMtu);
    baton_flow.options(flow, options(x));
    return flows.update(toClient, flow, LibBpf.BPF_ANY());
  }

  /**
   * Takes the client → target entry's place in the map, before anything depends on there being one:
   * an entry without an action lets the client's segments go up to the old socket, and keeps that
   * quiet.
   *
   * @return 0, or −errno; −E2BIG and −ENOMEM: the map is full
   */
  public int reserveToTarget(FlowTuple t, int slot, long now) {
    keyToTarget(t);
    begin(t, NO_ACTION, Baton.BATON_TO_TARGET(), slot, now);
    return flows.update(toTarget, flow, LibBpf.BPF_ANY());
  }

  /** Whether a put failed for want of room. */
  public static boolean isFull(int result) {
    return result == -LibC.E2BIG() || result == -LibC.ENOMEM();
  }

  /** Step 7, second half: client → target. From here on the flow is live. */
  public int putToTarget(FlowTuple t, Translation x, int slot, long now) {
    keyToTarget(t);
    begin(t, Baton.BATON_ACTION_TRANSLATE(), Baton.BATON_TO_TARGET(), slot, now);
    baton_flow.start(flow, x.clientNext);
    baton_flow.seq_add(flow, x.sequenceAdd);
    baton_flow.ack_add(flow, x.acknowledgmentAdd);
    baton_flow.ts_add(flow, -x.timestampAdd);
    baton_flow.clock_add(flow, x.clockAdd);
    baton_flow.window_shift(flow, (byte) x.clientWindowShift);
    baton_flow.mtu(flow, (short) x.targetMtu);
    baton_flow.options(flow, options(x));
    return flows.update(toTarget, flow, LibBpf.BPF_ANY());
  }

  private static byte options(Translation x) {
    int timestamps = x.timestamps ? Baton.BATON_FLOW_TIMESTAMPS() : 0;
    int rewritten = x.rewritten ? Baton.BATON_FLOW_REWRITTEN() : 0;
    return (byte) (Baton.BATON_FLOW_REPLAY() | timestamps | rewritten);
  }

  /** Step 10: the replay is finished. */
  public void endReplay(FlowTuple t) {
    keyToClient(t);
    replays.delete(toClient);
  }

  /** Reads the client → target entry for {@link #state} and its kin; false: there is none. */
  public boolean readToTarget(FlowTuple t) {
    keyToTarget(t);
    return flows.lookup(toTarget, flow);
  }

  /** Reads the target → client entry for {@link #state} and its kin; false: there is none. */
  public boolean readToClient(FlowTuple t) {
    keyToClient(t);
    return flows.lookup(toClient, flow);
  }

  /** BATON_STATE_* flags of the entry read last. */
  public int state() {
    return flow.get(JAVA_INT, STATE + baton_flow_state.flags$offset());
  }

  /** Whether the entry read last is live, not pending. */
  public boolean translates() {
    return baton_flow.action(flow) == Baton.BATON_ACTION_TRANSLATE();
  }

  /** Whether any segment has passed the entry read last. */
  public boolean seen() {
    return (state() & Baton.BATON_STATE_SEEN()) != 0;
  }

  /** The highest acknowledgment that passed it, before translation. */
  public int acknowledged() {
    return flow.get(JAVA_INT, STATE + baton_flow_state.ack_max$offset());
  }

  /** The highest end of sequence that passed it, before translation. */
  public int sequenceEnd() {
    return flow.get(JAVA_INT, STATE + baton_flow_state.seq_end$offset());
  }

  /** The newest window field it sent on. */
  public int window() {
    return Short.toUnsignedInt(flow.get(JAVA_SHORT, STATE + baton_flow_state.window$offset()));
  }

  /** The newest TSval it sent on; counts only when {@link #clockLearned}. */
  public int newestTimestamp() {
    return flow.get(JAVA_INT, STATE + baton_flow_state.tsval_newest$offset());
  }

  /** Whether the client's timestamp clock is known. */
  public boolean clockLearned() {
    return (state() & Baton.BATON_STATE_TS_LEARNED()) != 0;
  }

  /** When the entry read last was made, CLOCK_MONOTONIC nanoseconds. */
  public long created() {
    return baton_flow.created(flow);
  }

  /** When a segment last passed it, CLOCK_MONOTONIC nanoseconds; 0: never. */
  public long lastSeen() {
    return baton_flow_state.last_seen(flow.asSlice(STATE, baton_flow_state.layout().byteSize()));
  }

  /** Takes the target → client entry away, pending or live, and the replay's mark. */
  public void removeToClient(FlowTuple t) {
    keyToClient(t);
    flows.delete(toClient);
    replays.delete(toClient);
  }

  /** Takes both entries away, and the replay's mark; see {@link #removeToTarget}. */
  public void remove(FlowTuple t) {
    removeToClient(t);
    removeToTarget(t);
  }

  /**
   * Takes the client → target entry away, if it is this flow's: a newer one's may stand there, when
   * the client has used its port again.
   */
  public void removeToTarget(FlowTuple t) {
    boolean v4 = t.target.isV4();
    if (readToTarget(t)
        && scratch.read(flow, baton_flow.new_saddr$offset(), v4).equals(t.own)
        && baton_flow.new_sport(flow) == port(t.ownPort)
        && scratch.read(flow, baton_flow.new_daddr$offset(), v4).equals(t.target)
        && baton_flow.new_dport(flow) == port(t.targetPort)) {
      flows.delete(toTarget);
    }
  }

  /**
   * Takes away what a port's earlier flow left: its target → client entry, and the other one if it
   * is still that flow's and not a newer one's under the same client port.
   *
   * @param t own and target side filled in; the client's is filled in here
   * @return false: there was no entry for it
   */
  public boolean removeStale(FlowTuple t) {
    if (!findByPort(t)) {
      return false;
    }
    int action = baton_flow.action(flow);
    flows.delete(toClient);
    replays.delete(toClient);
    if (action == Baton.BATON_ACTION_TRANSLATE()) {
      removeToTarget(t);
    }
    return true;
  }

  /** Reads a port's target → client entry, and the client from it; false: there is none. */
  public boolean findByPort(FlowTuple t) {
    keyToClient(t);
    if (!flows.lookup(toClient, flow)) {
      return false;
    }
    t.client.read(flow, baton_flow.new_daddr$offset(), t.target.isV4());
    t.clientPort = Short.toUnsignedInt(Short.reverseBytes(baton_flow.new_dport(flow)));
    t.listener.read(flow, baton_flow.new_saddr$offset(), t.target.isV4());
    t.listenerPort = Short.toUnsignedInt(Short.reverseBytes(baton_flow.new_sport(flow)));
    return true;
  }

  private void begin(FlowTuple t, int action, int direction, int slot, long now) {
    flow.fill((byte) 0);
    boolean forTarget = direction == Baton.BATON_TO_TARGET();
    (forTarget ? t.own : t.listener).write(flow, baton_flow.new_saddr$offset());
    (forTarget ? t.target : t.client).write(flow, baton_flow.new_daddr$offset());
    baton_flow.new_sport(flow, port(forTarget ? t.ownPort : t.listenerPort));
    baton_flow.new_dport(flow, port(forTarget ? t.targetPort : t.clientPort));
    baton_flow.action(flow, (byte) action);
    baton_flow.direction(flow, (byte) direction);
    baton_flow.ingress(flow, forTarget ? t.publicInterface : t.clusterInterface);
    baton_flow.egress(flow, forTarget ? t.clusterInterface : t.publicInterface);
    baton_flow.ring(flow, ring);
    baton_flow.instance(flow, instance);
    baton_flow.slot(flow, slot);
    baton_flow.created(flow, now);
    baton_flow.dataset(flow, t.dataset);
  }

  private void keyToClient(FlowTuple t) {
    key(toClient, t.target, t.targetPort, t.own, t.ownPort);
  }

  private void keyToTarget(FlowTuple t) {
    key(toTarget, t.client, t.clientPort, t.listener, t.listenerPort);
  }

  private static void key(MemorySegment key, Ip source, int sport, Ip destination, int dport) {
    key.fill((byte) 0);
    source.write(key, baton_flow_key.saddr$offset());
    destination.write(key, baton_flow_key.daddr$offset());
    baton_flow_key.sport(key, port(sport));
    baton_flow_key.dport(key, port(dport));
    baton_flow_key.family(key, family(source));
  }

  private static byte family(Ip address) {
    return (byte) (address.isV4() ? LibC.AF_INET() : LibC.AF_INET6());
  }

  private static short port(int port) {
    return Short.reverseBytes((short) port);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      arena.close();
    }
  }
}

package dev.baton.dataplane;

import dev.baton.bindings.flow.Baton;
import dev.baton.bindings.flow.baton_flow_state;
import java.lang.foreign.MemorySegment;

/** What a program has noted in an entry. */
record State(
    long lastSeen,
    long packets,
    long bytes,
    int sequenceEnd,
    int acknowledged,
    int finEnd,
    int peerFinEnd,
    int learnedAdd,
    int newestTimestamp,
    int window,
    int flags) {

  static State of(MemorySegment s) {
    return new State(
        baton_flow_state.last_seen(s),
        baton_flow_state.packets(s),
        baton_flow_state.bytes(s),
        baton_flow_state.seq_end(s),
        baton_flow_state.ack_max(s),
        baton_flow_state.fin_end(s),
        baton_flow_state.peer_fin_end(s),
        baton_flow_state.ts_learned_add(s),
        baton_flow_state.tsval_newest(s),
        Short.toUnsignedInt(baton_flow_state.window(s)),
        baton_flow_state.flags(s));
  }

  /** What a new entry holds: nothing. */
  static State none() {
    return new State(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  }

  /** The same, seen at another time. */
  State at(long time) {
    return new State(
        time,
        packets,
        bytes,
        sequenceEnd,
        acknowledged,
        finEnd,
        peerFinEnd,
        learnedAdd,
        newestTimestamp,
        window,
        flags);
  }

  boolean closed() {
    return has(Baton.BATON_STATE_CLOSED());
  }

  boolean has(int flag) {
    return (flags & flag) != 0;
  }
}

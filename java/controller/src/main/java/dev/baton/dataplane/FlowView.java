package dev.baton.dataplane;

import dev.baton.address.Ip;
import dev.baton.bindings.flow.Baton;
import dev.baton.bindings.flow.baton_flow;
import dev.baton.bindings.flow.baton_flow_key;
import dev.baton.bindings.flow.baton_flow_state;
import dev.baton.bindings.libc.LibC;
import java.lang.foreign.MemorySegment;

/**
 * One flow entry as it stood when it was read, for people and for the sweeper.
 *
 * @param tuple who is who
 * @param toTarget the direction: client → target, or target → client
 * @param pending a SYN is out, nothing is translated yet
 * @param flags BATON_STATE_*
 * @param lastSeen when a segment last passed, CLOCK_MONOTONIC nanoseconds; 0: never
 * @param created when it was made, likewise
 * @param expires pending: until when, likewise
 * @param packets segments that passed, as the wire has them
 * @param bytes TCP payload that passed
 * @param sequenceNext the sequence number after the last that was sent on, after translation
 * @param acknowledged the highest acknowledgment that came in, before translation; counts only when
 *     a segment has passed
 * @param instance which run of the controller made it
 * @param slot that run's number for the handoff, of the event loop that has the port
 * @param dataset what is served, by its number in the directory; 0: not known
 */
public record FlowView(
    FlowTuple tuple,
    boolean toTarget,
    boolean pending,
    int flags,
    long lastSeen,
    long created,
    long expires,
    long packets,
    long bytes,
    int sequenceNext,
    int acknowledged,
    int instance,
    int slot,
    int dataset) {

  /** Reads an entry. */
  public static FlowView of(MemorySegment key, MemorySegment value) {
    boolean toTarget = baton_flow.direction(value) == Baton.BATON_TO_TARGET();
    MemorySegment state = baton_flow.state(value);
    int flags = baton_flow_state.flags(state);
    boolean seen = (flags & Baton.BATON_STATE_SEEN()) != 0;
    int sequence = seen ? baton_flow_state.seq_end(state) : baton_flow.start(value);
    return new FlowView(
        tuple(key, value, toTarget),
        toTarget,
        baton_flow.action(value) == Baton.BATON_ACTION_PENDING(),
        flags,
        baton_flow_state.last_seen(state),
        baton_flow.created(value),
        baton_flow.expires(value),
        baton_flow_state.packets(state),
        baton_flow_state.bytes(state),
        sequence + baton_flow.seq_add(value),
        baton_flow_state.ack_max(state),
        baton_flow.instance(value),
        baton_flow.slot(value),
        baton_flow.dataset(value));
  }

  private static FlowTuple tuple(MemorySegment key, MemorySegment value, boolean toTarget) {
    FlowTuple t = new FlowTuple();
    boolean v4 = baton_flow_key.family(key) == LibC.AF_INET();
    Ip keySource = toTarget ? t.client : t.target;
    Ip keyDestination = toTarget ? t.listener : t.own;
    Ip newSource = toTarget ? t.own : t.listener;
    Ip newDestination = toTarget ? t.target : t.client;
    keySource.read(key, baton_flow_key.saddr$offset(), v4);
    keyDestination.read(key, baton_flow_key.daddr$offset(), v4);
    newSource.read(value, baton_flow.new_saddr$offset(), v4);
    newDestination.read(value, baton_flow.new_daddr$offset(), v4);
    int keySourcePort = port(baton_flow_key.sport(key));
    int keyDestinationPort = port(baton_flow_key.dport(key));
    int newSourcePort = port(baton_flow.new_sport(value));
    int newDestinationPort = port(baton_flow.new_dport(value));
    t.clientPort = toTarget ? keySourcePort : newDestinationPort;
    t.listenerPort = toTarget ? keyDestinationPort : newSourcePort;
    t.ownPort = toTarget ? newSourcePort : keyDestinationPort;
    t.targetPort = toTarget ? newDestinationPort : keySourcePort;
    return t;
  }

  /** Both FINs are acknowledged, or a RST passed. */
  public boolean closed() {
    return (flags & Baton.BATON_STATE_CLOSED()) != 0;
  }

  /** A RST passed in this direction. */
  public boolean reset() {
    return (flags & Baton.BATON_STATE_RST()) != 0;
  }

  /** One side has sent its FIN and the other has not, or a RST that may or may not have counted. */
  public boolean halfOpen() {
    boolean own = (flags & Baton.BATON_STATE_FIN()) != 0;
    boolean peer = (flags & Baton.BATON_STATE_PEER_FIN()) != 0;
    return own != peer || reset();
  }

  /** When it last mattered: a segment passed, or it was made. */
  public long lastUse() {
    return Math.max(lastSeen, created);
  }

  private static int port(short network) {
    return Short.toUnsignedInt(Short.reverseBytes(network));
  }
}

package dev.baton.dataplane;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.baton.bindings.flow.Baton;
import dev.baton.bindings.flow.baton_flow;
import dev.baton.bindings.flow.baton_flow_key;
import dev.baton.bindings.flow.baton_flow_state;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A flow entry to be put into the map: one direction of the flow that {@link Packet} speaks of. */
final class Entry {
  static final int INSTANCE = 77;
  static final int SLOT = 1234;

  /** The interface a test run pretends: the loopback interface. */
  static final int LOOPBACK = 1;

  static final int SEQUENCE_ADD = Packet.CLIENT_NEXT_AT_TARGET - Packet.CLIENT_NEXT;
  static final int ACKNOWLEDGMENT_ADD = Packet.TARGET_NEXT - Packet.TARGET_NEXT_AT_CLIENT;

  /** Added to the client's echoes on their way to the target. */
  static final int TIMESTAMP_ADD = 5000;

  final MemorySegment key = Arena.ofAuto().allocate(baton_flow_key.layout());
  final MemorySegment value = Arena.ofAuto().allocate(baton_flow.layout());

  private Entry(int action, int direction) {
    baton_flow.action(value, (byte) action);
    baton_flow.direction(value, (byte) direction);
    baton_flow.ingress(value, LOOPBACK);
    baton_flow.egress(value, LOOPBACK);
    baton_flow.instance(value, INSTANCE);
    baton_flow.slot(value, SLOT);
  }

  /** Client to target, live. */
  static Entry toTarget() {
    Entry entry = new Entry(Baton.BATON_ACTION_TRANSLATE(), Baton.BATON_TO_TARGET());
    entry.between(
        Packet.CLIENT,
        Packet.CLIENT_PORT,
        Packet.LISTENER,
        Packet.LISTENER_PORT,
        Packet.toTarget());
    baton_flow.seq_add(entry.value, SEQUENCE_ADD);
    baton_flow.ack_add(entry.value, ACKNOWLEDGMENT_ADD);
    baton_flow.ts_add(entry.value, TIMESTAMP_ADD);
    return entry.start(Packet.CLIENT_NEXT);
  }

  /** Target to client, live. */
  static Entry toClient() {
    Entry entry = new Entry(Baton.BATON_ACTION_TRANSLATE(), Baton.BATON_TO_CLIENT());
    entry.between(
        Packet.TARGET, Packet.TARGET_PORT, Packet.OWN, Packet.OWN_PORT, Packet.toClient());
    baton_flow.seq_add(entry.value, -ACKNOWLEDGMENT_ADD);
    baton_flow.ack_add(entry.value, -SEQUENCE_ADD);
    baton_flow.ts_add(entry.value, -TIMESTAMP_ADD);
    return entry.start(Packet.TARGET_NEXT);
  }

  /** A SYN is out: the target's answer is awaited until {@code expires}. */
  static Entry pending(int synSequence, long expires) {
    Entry entry = new Entry(Baton.BATON_ACTION_PENDING(), Baton.BATON_TO_CLIENT());
    entry.between(
        Packet.TARGET, Packet.TARGET_PORT, Packet.OWN, Packet.OWN_PORT, Packet.toClient());
    baton_flow.expires(entry.value, expires);
    return entry.start(synSequence);
  }

  private void between(int source, int sport, int destination, int dport, Packet out) {
    word(key, baton_flow_key.saddr$offset(), source);
    word(key, baton_flow_key.daddr$offset(), destination);
    baton_flow_key.sport(key, port(sport));
    baton_flow_key.dport(key, port(dport));
    baton_flow_key.family(key, (byte) 2);
    word(value, baton_flow.new_saddr$offset(), out.source);
    word(value, baton_flow.new_daddr$offset(), out.destination);
    baton_flow.new_sport(value, port(out.sourcePort));
    baton_flow.new_dport(value, port(out.destinationPort));
  }

  Entry start(int sequence) {
    baton_flow.start(value, sequence);
    return this;
  }

  Entry windowShift(int shift) {
    baton_flow.window_shift(value, (byte) shift);
    return this;
  }

  /** Bits of enum baton_flow_option. */
  Entry options(int bits) {
    baton_flow.options(value, (byte) bits);
    return this;
  }

  Entry timestamps() {
    return options(Baton.BATON_FLOW_TIMESTAMPS());
  }

  Entry ingress(int index) {
    baton_flow.ingress(value, index);
    return this;
  }

  Entry ring(int index) {
    baton_flow.ring(value, index);
    return this;
  }

  Entry sequenceAdd(int add) {
    baton_flow.seq_add(value, add);
    return this;
  }

  Entry clockAdd(int add) {
    baton_flow.clock_add(value, add);
    return this;
  }

  /** As if the program had set these flags before. */
  Entry flags(int bits) {
    baton_flow_state.flags(baton_flow.state(value), bits);
    return this;
  }

  /** As if the client's clock had been learned before. */
  Entry learned(int add, int newest) {
    baton_flow_state.ts_learned_add(baton_flow.state(value), add);
    baton_flow_state.tsval_newest(baton_flow.state(value), newest);
    return flags(Baton.BATON_STATE_TS_LEARNED());
  }

  /** What user space alone writes, as bytes. */
  static byte[] written(MemorySegment value) {
    long state = baton_flow_state.layout().byteSize();
    return value.asSlice(state, baton_flow.layout().byteSize() - state).toArray(JAVA_BYTE);
  }

  private static void word(MemorySegment segment, long offset, int address) {
    segment.set(JAVA_INT, offset, Integer.reverseBytes(address));
  }

  private static short port(int port) {
    return Short.reverseBytes((short) port);
  }
}

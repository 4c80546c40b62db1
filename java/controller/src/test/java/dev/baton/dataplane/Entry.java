package dev.baton.dataplane;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.baton.bindings.flow.Baton;
import dev.baton.bindings.flow.baton_flow;
import dev.baton.bindings.flow.baton_flow_key;
import dev.baton.bindings.flow.baton_flow_state;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A flow entry to be put into the map: one direction of the flow that {@link Packet} speaks of. The
 * test bed has it speak the family of the test.
 */
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

  private final Packet in;
  private final Packet out;
  private int otherPort;

  private Entry(int action, int direction) {
    boolean up = direction == Baton.BATON_TO_TARGET();
    in = up ? Packet.fromClient() : Packet.fromTarget();
    out = up ? Packet.toTarget() : Packet.toClient();
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
    baton_flow.seq_add(entry.value, SEQUENCE_ADD);
    baton_flow.ack_add(entry.value, ACKNOWLEDGMENT_ADD);
    baton_flow.ts_add(entry.value, TIMESTAMP_ADD);
    return entry.start(Packet.CLIENT_NEXT);
  }

  /** Target to client, live. */
  static Entry toClient() {
    Entry entry = new Entry(Baton.BATON_ACTION_TRANSLATE(), Baton.BATON_TO_CLIENT());
    baton_flow.seq_add(entry.value, -ACKNOWLEDGMENT_ADD);
    baton_flow.ack_add(entry.value, -SEQUENCE_ADD);
    baton_flow.ts_add(entry.value, -TIMESTAMP_ADD);
    return entry.start(Packet.TARGET_NEXT);
  }

  /** A SYN is out: the target's answer is awaited until {@code expires}. */
  static Entry pending(int synSequence, long expires) {
    Entry entry = new Entry(Baton.BATON_ACTION_PENDING(), Baton.BATON_TO_CLIENT());
    baton_flow.expires(entry.value, expires);
    return entry.start(synSequence);
  }

  /** Writes the addresses and ports. */
  Entry in(Family family) {
    address(key, baton_flow_key.saddr$offset(), family, in.source);
    address(key, baton_flow_key.daddr$offset(), family, in.destination);
    baton_flow_key.sport(key, port(in.sourcePort));
    baton_flow_key.dport(key, port(in.destinationPort));
    baton_flow_key.family(key, (byte) family.number);
    address(value, baton_flow.new_saddr$offset(), family, out.source);
    address(value, baton_flow.new_daddr$offset(), family, out.destination);
    baton_flow.new_sport(value, port(out.sourcePort));
    baton_flow.new_dport(value, port(otherPort == 0 ? out.destinationPort : otherPort));
    return this;
  }

  Entry start(int sequence) {
    baton_flow.start(value, sequence);
    return this;
  }

  /**
   * What is added to sequence numbers, to acknowledgments, and to the timestamp of our own clock.
   */
  Entry adds(int sequence, int acknowledgment, int timestamp) {
    baton_flow.seq_add(value, sequence);
    baton_flow.ack_add(value, acknowledgment);
    baton_flow.ts_add(value, timestamp);
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

  /** Bytes of an IP packet that the receiver takes. */
  Entry mtu(int bytes) {
    baton_flow.mtu(value, (short) bytes);
    return this;
  }

  /** As if the guard had learned the next hop. */
  Entry hop(long hop) {
    baton_flow_state.hop(baton_flow.state(value), hop);
    return this;
  }

  /** The flags as they are, and these. */
  Entry andFlags(int bits) {
    return flags(baton_flow_state.flags(baton_flow.state(value)) | bits);
  }

  Entry ingress(int index) {
    baton_flow.ingress(value, index);
    return this;
  }

  Entry egress(int index) {
    baton_flow.egress(value, index);
    return this;
  }

  Entry ring(int index) {
    baton_flow.ring(value, index);
    return this;
  }

  /** As if it were another flow's: its packets go to another port. */
  Entry newDestinationPort(int port) {
    otherPort = port;
    return this;
  }

  Entry sequenceAdd(int add) {
    baton_flow.seq_add(value, add);
    return this;
  }

  Entry acknowledgmentAdd(int add) {
    baton_flow.ack_add(value, add);
    return this;
  }

  Entry timestampAdd(int add) {
    baton_flow.ts_add(value, add);
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

  private static void address(MemorySegment segment, long offset, Family family, int number) {
    byte[] address = family.address(number);
    segment.asSlice(offset, 16).fill((byte) 0);
    MemorySegment.copy(address, 0, segment, JAVA_BYTE, offset, address.length);
  }

  private static short port(int port) {
    return Short.reverseBytes((short) port);
  }
}

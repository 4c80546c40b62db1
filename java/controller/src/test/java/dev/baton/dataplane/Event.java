package dev.baton.dataplane;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.baton.bindings.flow.baton_event;
import dev.baton.bindings.flow.baton_flow_key;
import java.lang.foreign.MemorySegment;

/** A record of the ring, copied. */
record Event(
    int type,
    int direction,
    int sequence,
    int acknowledgment,
    int window,
    int tcpFlags,
    int mss,
    int windowScale,
    boolean sackPermitted,
    boolean timestamps,
    int tsval,
    int tsecr,
    int instance,
    int slot,
    long time,
    int keySource,
    int keySourcePort,
    int keyDestination,
    int keyDestinationPort) {

  static Event of(MemorySegment e) {
    long key = baton_event.key$offset();
    MemorySegment k = baton_event.key(e);
    Family family = baton_flow_key.family(k) == Family.V4.number ? Family.V4 : Family.V6;
    key += (long) Integer.BYTES * family.numberedWord();
    return new Event(
        baton_event.type(e),
        baton_event.direction(e),
        baton_event.seq(e),
        baton_event.ack(e),
        Short.toUnsignedInt(baton_event.window(e)),
        baton_event.tcp_flags(e) & 0xff,
        Short.toUnsignedInt(baton_event.mss(e)),
        baton_event.wscale(e),
        baton_event.sack_permitted(e) != 0,
        baton_event.timestamps(e) != 0,
        baton_event.tsval(e),
        baton_event.tsecr(e),
        baton_event.instance(e),
        baton_event.slot(e),
        baton_event.time(e),
        Integer.reverseBytes(e.get(JAVA_INT, key + baton_flow_key.saddr$offset())),
        Short.toUnsignedInt(Short.reverseBytes(baton_flow_key.sport(k))),
        Integer.reverseBytes(e.get(JAVA_INT, key + baton_flow_key.daddr$offset())),
        Short.toUnsignedInt(Short.reverseBytes(baton_flow_key.dport(k))));
  }
}

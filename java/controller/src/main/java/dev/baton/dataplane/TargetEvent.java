package dev.baton.dataplane;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.baton.bindings.flow.Baton;
import dev.baton.bindings.flow.baton_event;
import dev.baton.bindings.flow.baton_flow_key;
import dev.baton.bindings.libc.LibC;
import java.lang.foreign.MemorySegment;

/** Reads one {@code struct baton_event} where the ring holds it; valid only while it is handled. */
public final class TargetEvent {
  private MemorySegment data = MemorySegment.NULL;

  /** Looks at another event. */
  public TargetEvent over(MemorySegment event) {
    data = event;
    return this;
  }

  /** BATON_EVENT_*. */
  public int type() {
    return baton_event.type(data);
  }

  /** Which run of the controller made the flow. */
  public int instance() {
    return baton_event.instance(data);
  }

  /** The event loop's number for the handoff. */
  public int slot() {
    return baton_event.slot(data);
  }

  /** The segment's sequence number. */
  public int sequence() {
    return baton_event.seq(data);
  }

  /** Its acknowledgment number. */
  public int acknowledgment() {
    return baton_event.ack(data);
  }

  /** Its window field, not scaled. */
  public int window() {
    return Short.toUnsignedInt(baton_event.window(data));
  }

  /** Its MSS option; 0: none. */
  public int mss() {
    return Short.toUnsignedInt(baton_event.mss(data));
  }

  /** BATON_EVENT_TOO_BIG: bytes of an IP packet that the way to the target carries. */
  public int mtu() {
    return mss();
  }

  /** Its window scale option; 15: none. */
  public int windowScale() {
    return baton_event.wscale(data) & 0xff;
  }

  /** Its flags, byte 13 of the header. */
  public int flags() {
    return baton_event.tcp_flags(data) & 0xff;
  }

  /** Whether the target sent it, not the client. */
  public boolean fromTarget() {
    return baton_event.direction(data) == Baton.BATON_TO_CLIENT();
  }

  /** Whether it carries timestamps. */
  public boolean timestamps() {
    return baton_event.timestamps(data) != 0;
  }

  /** Its TSval. */
  public int tsval() {
    return baton_event.tsval(data);
  }

  /** Fills in the target's and the DMZ node's side of the flow it belongs to. */
  public void into(FlowTuple t) {
    long key = baton_event.key$offset();
    boolean v4 = data.get(JAVA_BYTE, key + baton_flow_key.family$offset()) == LibC.AF_INET();
    t.target.read(data, key + baton_flow_key.saddr$offset(), v4);
    t.own.read(data, key + baton_flow_key.daddr$offset(), v4);
    t.targetPort = port(key + baton_flow_key.sport$offset());
    t.ownPort = port(key + baton_flow_key.dport$offset());
  }

  private int port(long offset) {
    return Short.toUnsignedInt(
        Short.reverseBytes(data.get(java.lang.foreign.ValueLayout.JAVA_SHORT, offset)));
  }
}

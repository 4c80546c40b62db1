package dev.baton.handoff;

import dev.baton.address.Ip;
import dev.baton.dataplane.FlowTuple;

/**
 * What both of a flow's entries name, and no other flow's do.
 *
 * @param target the target's address
 * @param targetPort its port
 * @param own the DMZ node's address towards it
 * @param ownPort that leg's source port
 */
public record TargetLeg(Ip target, int targetPort, Ip own, int ownPort) {
  /** The tuple's; its addresses must not change any more. */
  public static TargetLeg of(FlowTuple t) {
    return new TargetLeg(t.target, t.targetPort, t.own, t.ownPort);
  }
}

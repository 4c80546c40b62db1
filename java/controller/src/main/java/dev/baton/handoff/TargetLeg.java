package dev.baton.handoff;

import dev.baton.address.Ip;
import dev.baton.dataplane.FlowTuple;

/** What both of a flow's entries name, and no other flow's do. */
record TargetLeg(Ip target, int targetPort, Ip own, int ownPort) {
  /** The tuple's; its addresses must not change any more. */
  static TargetLeg of(FlowTuple t) {
    return new TargetLeg(t.target, t.targetPort, t.own, t.ownPort);
  }
}

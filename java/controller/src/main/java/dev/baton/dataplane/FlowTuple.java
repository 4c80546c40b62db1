package dev.baton.dataplane;

import dev.baton.address.Ip;

/**
 * Who is who in a flow: both legs' addresses, all of one family, and ports, and the interfaces they
 * are on. Filled in anew for each handoff attempt.
 */
public final class FlowTuple {
  /** The client. */
  public final Ip client = new Ip();

  /** Its port. */
  public int clientPort;

  /** The DMZ node's public address, as the client knows it. */
  public final Ip listener = new Ip();

  /** The port that the client called. */
  public int listenerPort;

  /** The DMZ node's own address on the target leg. */
  public final Ip own = new Ip();

  /** Its port there. */
  public int ownPort;

  /** The target. */
  public final Ip target = new Ip();

  /** Its port. */
  public int targetPort;

  /** What is served, by its number in the directory; 0: not known. */
  public int dataset;

  /** Index of the interface that the client is on. */
  public int publicInterface;

  /** Index of the interface that the target is on. */
  public int clusterInterface;
}

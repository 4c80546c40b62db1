package dev.baton.dataplane;

/**
 * Who is who in a flow: both legs' addresses (IPv4, first octet highest) and ports, and the
 * interfaces they are on. Filled in anew for each handoff attempt.
 */
public final class FlowTuple {
  /** The client. */
  public int client;

  /** Its port. */
  public int clientPort;

  /** The DMZ node's public address, as the client knows it. */
  public int listener;

  /** The port that the client called. */
  public int listenerPort;

  /** The DMZ node's own address on the target leg. */
  public int own;

  /** Its port there. */
  public int ownPort;

  /** The target. */
  public int target;

  /** Its port. */
  public int targetPort;

  /** Index of the interface that the client is on. */
  public int publicInterface;

  /** Index of the interface that the target is on. */
  public int clusterInterface;
}

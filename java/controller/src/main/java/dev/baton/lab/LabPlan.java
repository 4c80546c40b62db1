package dev.baton.lab;

/**
 * What a {@link Lab} is to look like.
 *
 * <pre>{@code
 * LabPlan.of(2).withClusterMtu(1400).withOffload(Offload.NONE).open()
 * }</pre>
 *
 * @param targets how many, 1 to 100
 * @param direct whether the only target is on the other end of {@code d1}, without a switch
 * @param clientMtu bytes of an IP packet on the client leg
 * @param clusterMtu bytes of an IP packet on the target leg
 * @param narrowClient MTU of a link between two routers behind which the client is; 0: no routers
 * @param narrowTarget the same for the targets
 * @param clusterAddresses how many addresses the DMZ node has towards the targets, 1 to 9
 * @param offload what the interfaces leave to each other
 */
public record LabPlan(
    int targets,
    boolean direct,
    int clientMtu,
    int clusterMtu,
    int narrowClient,
    int narrowTarget,
    int clusterAddresses,
    Offload offload) {
  private static final int ETHERNET_MTU = 1500;

  /** What a veth leaves to its peer, which a network card would do. */
  public enum Offload {
    /** As the kernel makes them: super-packets with partial checksums. */
    DEFAULT,
    /** Complete checksums; GRO, so that a peer takes what XDP redirects. */
    XDP,
    /** Complete checksums, each segment a packet of its own, none merged: as on a wire. */
    NONE
  }

  /** Rejects what cannot be built. */
  public LabPlan {
    if (targets < 1 || targets > 100 || (direct && targets != 1)) {
      throw new IllegalArgumentException("1 to 100 targets (direct: 1), not " + targets);
    }
    if (clusterAddresses < 1 || clusterAddresses > 9) {
      throw new IllegalArgumentException("1 to 9 cluster addresses, not " + clusterAddresses);
    }
  }

  /**
   * The ordinary lab: a switch, Ethernet's MTU, no routers, the kernel's own offloads.
   *
   * @param targets how many, 1 to 100
   */
  public static LabPlan of(int targets) {
    return new LabPlan(targets, false, ETHERNET_MTU, ETHERNET_MTU, 0, 0, 1, Offload.DEFAULT);
  }

  /** This plan, with its one target on the other end of the DMZ node's cluster interface. */
  public LabPlan withoutSwitch() {
    return new LabPlan(
        targets,
        true,
        clientMtu,
        clusterMtu,
        narrowClient,
        narrowTarget,
        clusterAddresses,
        offload);
  }

  /**
   * This plan with another MTU of both legs.
   *
   * @param client bytes of an IP packet on the client leg, at least 1280
   * @param cluster bytes of an IP packet on the target leg, at least 1280
   */
  public LabPlan withMtu(int client, int cluster) {
    return new LabPlan(
        targets, direct, client, cluster, narrowClient, narrowTarget, clusterAddresses, offload);
  }

  /**
   * This plan with the client behind two routers and a narrow link between these, which neither end
   * sees.
   *
   * @param mtu of that link, at least 1280
   */
  public LabPlan withNarrowClient(int mtu) {
    return new LabPlan(
        targets, direct, clientMtu, clusterMtu, mtu, narrowTarget, clusterAddresses, offload);
  }

  /**
   * This plan with the targets behind two routers and a narrow link between these.
   *
   * @param mtu of that link, at least 1280
   */
  public LabPlan withNarrowTarget(int mtu) {
    return new LabPlan(
        targets, direct, clientMtu, clusterMtu, narrowClient, mtu, clusterAddresses, offload);
  }

  /**
   * This plan with more addresses of the DMZ node towards the targets.
   *
   * @param count 1 to 9
   */
  public LabPlan withClusterAddresses(int count) {
    return new LabPlan(
        targets, direct, clientMtu, clusterMtu, narrowClient, narrowTarget, count, offload);
  }

  /**
   * This plan with other offloads, on all interfaces.
   *
   * @param wanted which
   */
  public LabPlan withOffload(Offload wanted) {
    return new LabPlan(
        targets,
        direct,
        clientMtu,
        clusterMtu,
        narrowClient,
        narrowTarget,
        clusterAddresses,
        wanted);
  }

  /**
   * Builds it.
   *
   * @throws LabException if something is missing (see {@link Probe})
   */
  public Lab open() {
    return Lab.open(this);
  }
}

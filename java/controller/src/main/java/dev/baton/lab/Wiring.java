package dev.baton.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Lays a lab's cables: its namespaces, links, addresses and routes, by its plan. */
final class Wiring {
  private static final int CLIENT_NET = 1;
  private static final int CLUSTER_NET = 2;
  private static final int FAR_CLIENT_NET = 3;
  private static final int FAR_TARGET_NET = 4;
  private static final int NARROW_CLIENT_NET = 5;
  private static final int NARROW_TARGET_NET = 6;
  private static final int GATEWAY = 254;
  private static final int FIRST_TARGET = 11;

  private final Lab lab;
  private final LabPlan plan;

  Wiring(Lab lab, LabPlan plan) {
    this.lab = lab;
    this.plan = plan;
  }

  /** The client's network, as {@link Family} numbers it. */
  static int clientNetwork(LabPlan plan) {
    return plan.narrowClient() > 0 ? FAR_CLIENT_NET : CLIENT_NET;
  }

  /** The targets' network. */
  static int targetNetwork(LabPlan plan) {
    return plan.narrowTarget() > 0 ? FAR_TARGET_NET : CLUSTER_NET;
  }

  /** Lays everything; the targets in their order. */
  List<Target> lay() throws IOException {
    addNamespace("client");
    addNamespace("dmz");
    layClientSide();
    address("dmz", "d0", CLIENT_NET, 1);
    String near = layToTargets();
    List<Target> targets = layTargets(near);
    for (int i = 1; i <= plan.clusterAddresses(); i++) {
      address("dmz", "d1", CLUSTER_NET, i);
    }
    layRoutes();
    return targets;
  }

  private void layClientSide() {
    if (plan.narrowClient() == 0) {
      link("client", "c0", "dmz", "d0", plan.clientMtu());
    } else {
      router("client-far");
      router("client-near");
      link("client", "c0", "client-far", "r0", plan.clientMtu());
      link("client-far", "r1", "client-near", "r0", plan.narrowClient());
      link("client-near", "r1", "dmz", "d0", plan.clientMtu());
      address("client-far", "r0", FAR_CLIENT_NET, GATEWAY);
      address("client-far", "r1", NARROW_CLIENT_NET, 1);
      address("client-near", "r0", NARROW_CLIENT_NET, 2);
      address("client-near", "r1", CLIENT_NET, GATEWAY);
    }
    address("client", "c0", clientNetwork(plan), 2);
  }

  /** Lays what is between the DMZ node and the targets; returns where these are plugged in. */
  private String layToTargets() {
    String near = "dmz";
    if (plan.narrowTarget() > 0) {
      router("target-near");
      router("target-far");
      link("dmz", "d1", "target-near", "r0", plan.clusterMtu());
      link("target-near", "r1", "target-far", "r0", plan.narrowTarget());
      address("target-near", "r0", CLUSTER_NET, GATEWAY);
      address("target-near", "r1", NARROW_TARGET_NET, 1);
      address("target-far", "r0", NARROW_TARGET_NET, 2);
      near = "target-far";
    }
    if (plan.direct()) {
      return near;
    }
    addNamespace("switch");
    lab.namespace("switch")
        .sh(
            """
            for each in all default; do
              if [ -e /proc/sys/net/ipv6 ]; then echo 1 > /proc/sys/net/ipv6/conf/$each/disable_ipv6; fi
            done
            ip link add br0 type bridge mcast_snooping 0
            ip link set br0 up
            """);
    link(near, deviceToTargets(), "switch", "p0", plan.clusterMtu());
    lab.namespace("switch").sh("ip link set p0 master br0 up");
    if (plan.narrowTarget() > 0) {
      address(near, "r1", FAR_TARGET_NET, GATEWAY);
    }
    return "switch";
  }

  private String deviceToTargets() {
    return plan.narrowTarget() > 0 ? "r1" : "d1";
  }

  private List<Target> layTargets(String near) throws IOException {
    var targets = new ArrayList<Target>();
    for (int i = 1; i <= plan.targets(); i++) {
      String role = "target" + i;
      addNamespace(role);
      if (plan.direct()) {
        link(near, deviceToTargets(), role, "t0", plan.clusterMtu());
        if (plan.narrowTarget() > 0) {
          address(near, "r1", FAR_TARGET_NET, GATEWAY);
        }
      } else {
        link(near, "p" + i, role, "t0", plan.clusterMtu());
        lab.namespace(near).sh("ip link set p%d master br0 up".formatted(i));
      }
      int host = FIRST_TARGET - 1 + i;
      address(role, "t0", targetNetwork(plan), host);
      Path files = Files.createDirectories(lab.folder().resolve("www").resolve(role));
      targets.add(
          new Target(
              "qure-" + (i + 1),
              lab.namespace(role),
              Family.IPV4.address(targetNetwork(plan), host),
              Family.IPV6.address(targetNetwork(plan), host),
              files));
    }
    return targets;
  }

  /** With routers on a side, the two ends of that side know the way to each other, not further. */
  private void layRoutes() {
    if (plan.narrowClient() > 0) {
      route("client", CLIENT_NET, FAR_CLIENT_NET, GATEWAY);
      route("client-far", CLIENT_NET, NARROW_CLIENT_NET, 2);
      route("client-near", FAR_CLIENT_NET, NARROW_CLIENT_NET, 1);
      route("dmz", FAR_CLIENT_NET, CLIENT_NET, GATEWAY);
      route("dmz", NARROW_CLIENT_NET, CLIENT_NET, GATEWAY);
    }
    if (plan.narrowTarget() > 0) {
      route("dmz", FAR_TARGET_NET, CLUSTER_NET, GATEWAY);
      route("dmz", NARROW_TARGET_NET, CLUSTER_NET, GATEWAY);
      route("target-near", FAR_TARGET_NET, NARROW_TARGET_NET, 2);
      route("target-far", CLUSTER_NET, NARROW_TARGET_NET, 1);
      for (int i = 1; i <= plan.targets(); i++) {
        route("target" + i, CLUSTER_NET, FAR_TARGET_NET, GATEWAY);
      }
    }
  }

  /**
   * A route that one of the namespaces needs.
   *
   * @param role of the namespace
   * @param to the network it leads to
   * @param via the network of the next hop
   * @param host its number there
   */
  record Hop(String role, int to, int via, int host) {}

  /** What client and targets, and the routers on the way, need to reach each other. */
  static List<Hop> between(LabPlan plan) {
    int clients = clientNetwork(plan);
    int targets = targetNetwork(plan);
    List<Hop> hops = new ArrayList<>();
    boolean far = plan.narrowClient() > 0;
    hops.add(new Hop("client", targets, clients, far ? GATEWAY : 1));
    if (far) {
      hops.add(new Hop("client-far", targets, NARROW_CLIENT_NET, 2));
      hops.add(new Hop("client-near", targets, CLIENT_NET, 1));
    }
    far = plan.narrowTarget() > 0;
    if (far) {
      hops.add(new Hop("target-near", clients, CLUSTER_NET, 1));
      hops.add(new Hop("target-far", clients, NARROW_TARGET_NET, 1));
    }
    for (int i = 1; i <= plan.targets(); i++) {
      hops.add(new Hop("target" + i, clients, targets, far ? GATEWAY : 1));
    }
    return hops;
  }

  private void router(String role) {
    addNamespace(role);
    lab.namespace(role).sysctl("net.ipv4.ip_forward", "1");
    lab.namespace(role).sysctl("net.ipv6.conf.all.forwarding", "1");
  }

  /** Addresses are ready at once (no duplicate detection), and nobody looks for routers. */
  private void addNamespace(String role) {
    lab.addNamespace(role);
    lab.namespace(role)
        .sh(
            """
            for each in all default; do
              cd /proc/sys/net/ipv6/conf/$each 2>/dev/null || continue
              echo 0 > accept_dad
              echo 0 > dad_transmits
              echo 0 > router_solicitations
              echo 0 > accept_ra
              echo 0 > autoconf
            done
            ip link set lo up
            """);
  }

  private void link(String from, String device, String to, String peer, int mtu) {
    Namespace end = lab.namespace(from);
    end.sh(
        "ip link add %s mtu %d type veth peer name %s mtu %d netns %s"
            .formatted(device, mtu, peer, mtu, lab.namespace(to).name()));
    String features =
        switch (plan.offload()) {
          case DEFAULT -> ":";
          case XDP -> "ethtool -K $each tx off gro on";
          // TCP makes super-packets for any interface; gso_max_segs tells it to leave that.
          case NONE ->
              "ethtool -K $each tx off tso off gso off gro off; ip link set $each gso_max_segs 1";
        };
    end.sh("for each in %s; do %s; done >&2".formatted(device, features));
    lab.namespace(to).sh("for each in %s; do %s; done >&2".formatted(peer, features));
  }

  private void address(String role, String device, int network, int host) {
    var script = new StringBuilder("ip link set %s up\n".formatted(device));
    for (Family family : Family.values()) {
      script.append(
          "ip address add %s/%d dev %s%s\n"
              .formatted(
                  family.address(network, host),
                  family.prefix(),
                  device,
                  family == Family.IPV6 ? " nodad" : ""));
    }
    lab.namespace(role).sh(script.toString());
  }

  private void route(String role, int to, int through, int host) {
    for (Family family : Family.values()) {
      lab.namespace(role)
          .sh(
              "ip route replace %s via %s"
                  .formatted(family.network(to), family.address(through, host)));
    }
  }
}

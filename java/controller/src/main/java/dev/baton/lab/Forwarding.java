package dev.baton.lab;

/**
 * Plain IP forwarding through a lab's DMZ node, in both families, for comparison; {@link #close()}
 * ends it. Not for labs with routers.
 */
public final class Forwarding implements AutoCloseable {
  private final Lab lab;

  Forwarding(Lab lab) {
    this.lab = lab;
  }

  void open() {
    try {
      for (Family family : Family.values()) {
        lab.client().sh(route(family, 2, family.publicAddress()));
        for (Target target : lab.targets()) {
          target.namespace().sh(route(family, 1, family.clusterAddress()));
        }
      }
      set("1");
    } catch (LabException e) {
      close();
      throw e;
    }
  }

  private static String route(Family family, int network, String gateway) {
    return "ip route replace %s via %s".formatted(family.network(network), gateway);
  }

  private void set(String value) {
    lab.dmz().sysctl("net.ipv4.ip_forward", value);
    lab.dmz().sysctl("net.ipv6.conf.all.forwarding", value);
  }

  @Override
  public void close() {
    if (lab.isClosed()) {
      return;
    }
    set("0");
    for (Family family : Family.values()) {
      lab.client().sh("ip route flush " + family.network(2));
      for (Target target : lab.targets()) {
        target.namespace().sh("ip route flush " + family.network(1));
      }
    }
  }
}

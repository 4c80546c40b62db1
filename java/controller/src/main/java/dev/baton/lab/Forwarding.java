package dev.baton.lab;

/** Plain IP forwarding through a lab's DMZ node, for comparison; {@link #close()} ends it. */
public final class Forwarding implements AutoCloseable {
  private final Lab lab;

  Forwarding(Lab lab) {
    this.lab = lab;
  }

  void open() {
    try {
      lab.client().sh("ip route replace 10.0.2.0/24 via " + Lab.PUBLIC);
      for (Target target : lab.targets()) {
        target.namespace().sh("ip route replace 10.0.1.0/24 via " + Lab.CLUSTER);
      }
      lab.dmz().sysctl("net.ipv4.ip_forward", "1");
    } catch (LabException e) {
      close();
      throw e;
    }
  }

  @Override
  public void close() {
    if (lab.isClosed()) {
      return;
    }
    lab.dmz().sysctl("net.ipv4.ip_forward", "0");
    lab.client().sh("ip route flush 10.0.2.0/24");
    for (Target target : lab.targets()) {
      target.namespace().sh("ip route flush 10.0.1.0/24");
    }
  }
}

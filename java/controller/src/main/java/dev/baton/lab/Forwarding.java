package dev.baton.lab;

import java.util.ArrayList;
import java.util.List;

/**
 * Plain IP forwarding through a lab's DMZ node, in both families, for comparison; {@link #close()}
 * ends it.
 */
public final class Forwarding implements AutoCloseable {
  private final Lab lab;
  private final List<Runnable> undo = new ArrayList<>();

  Forwarding(Lab lab) {
    this.lab = lab;
  }

  void open() {
    try {
      for (Family family : Family.values()) {
        for (Wiring.Hop hop : Wiring.between(lab.plan())) {
          route(family, hop);
        }
      }
      set("1");
    } catch (LabException e) {
      close();
      throw e;
    }
  }

  private void route(Family family, Wiring.Hop hop) {
    Namespace namespace = lab.namespace(hop.role());
    String to = family.network(hop.to());
    namespace.sh("ip route replace %s via %s".formatted(to, family.address(hop.via(), hop.host())));
    undo.add(() -> namespace.sh("ip route flush " + to));
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
    undo.forEach(Runnable::run);
    undo.clear();
  }
}

package dev.baton.dataplane;

import dev.baton.address.Ip;
import dev.baton.config.BatonConfig;
import dev.baton.config.Listen;

/**
 * Baton's own nft table: no connection tracking for its listeners and for the target leg. A
 * handed-off connection would leave two entries that nothing ends, and {@code ct state invalid
 * drop} would stop the replayed SYN.
 */
public final class Firewall {
  private static final String TABLE = "inet baton";

  private Firewall() {}

  /**
   * Puts the table there, or replaces it.
   *
   * @throws IllegalStateException when nft refuses or is not installed
   */
  public static void install(BatonConfig config) {
    Commands.Result result = Commands.run(rules(config), "nft", "-f", "-");
    if (result.status() != 0) {
      throw new IllegalStateException(
          "cannot install the nft table "
              + TABLE
              + " (notrack: false leaves it out): "
              + result.text().strip());
    }
  }

  /** Takes the table away, if it is there. */
  public static void remove() {
    Commands.output("nft", "delete", "table", "inet", "baton");
  }

  /** The table as nft reads it. */
  static String rules(BatonConfig config) {
    StringBuilder in = new StringBuilder();
    StringBuilder out = new StringBuilder();
    for (Listen listen : config.listen()) {
      boolean any = listen.isAny();
      in.append(rule(listen.address(), any, "daddr", "dport", Integer.toString(listen.port())));
      out.append(rule(listen.address(), any, "saddr", "sport", Integer.toString(listen.port())));
    }
    String ports = config.sourcePorts().first() + "-" + config.sourcePorts().last();
    for (Ip own : config.clusterAddresses()) {
      in.append(rule(own, false, "daddr", "dport", ports));
      out.append(rule(own, false, "saddr", "sport", ports));
    }
    return """
    add table %1$s
    delete table %1$s
    table %1$s {
      chain prerouting {
        type filter hook prerouting priority raw; policy accept;
    %2$s  }
      chain output {
        type filter hook output priority raw; policy accept;
    %3$s  }
    }
    """
        .formatted(TABLE, in, out);
  }

  private static String rule(Ip address, boolean any, String side, String port, String ports) {
    String family = address.isV4() ? "ip" : "ip6";
    String host = any ? "" : "%s %s %s ".formatted(family, side, address);
    return "    %stcp %s %s notrack\n".formatted(host, port, ports);
  }
}

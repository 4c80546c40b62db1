package dev.baton.dns;

import dev.baton.address.Ip;
import dev.baton.config.BatonConfig;
import dev.baton.config.DnsSettings;
import dev.baton.directory.Node;
import dev.baton.directory.Site;
import dev.baton.directory.Snapshot;
import dev.baton.http.HostNames;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.Name;

/**
 * Which names there are, and where they lead: as of one snapshot, immutable.
 *
 * <p>A zone begins at each node's name, {@code {node}.{cluster-domain}}, where every name below
 * leads to the node too; at each site's host; and, for a wildcard, at the name that it is below.
 */
final class Zones {
  /**
   * What is known of a name.
   *
   * @param apex the name that its zone begins at, in lower case
   * @param exists whether there is such a name
   * @param addresses where it leads to; may be none
   */
  record Found(String apex, boolean exists, List<Ip> addresses) {}

  private final Snapshot snapshot;
  private final String clusterDomain;
  private final List<Ip> own;
  private final Map<String, Node> nodes = new HashMap<>();

  Zones(Snapshot snapshot, BatonConfig config, DnsSettings settings) {
    this.snapshot = snapshot;
    clusterDomain = "." + config.clusterDomain();
    own = settings.addresses();
    snapshot.nodes().forEach(node -> nodes.put(node.name(), node));
  }

  /** Of the directory that the answers come from. */
  long serial() {
    return snapshot.version();
  }

  /** What is known of a name; null: it is in no zone of ours. */
  @Nullable Found find(Name name) {
    String host = name.toString(true).toLowerCase(Locale.ROOT);
    Node node = node(host);
    if (node != null) {
      List<Ip> addresses = node.role() == Node.Role.PUBLIC ? node.addresses() : own;
      return new Found(node.name() + clusterDomain, true, addresses);
    }
    return site(host);
  }

  /** The node whose name the host is or ends with. */
  private @Nullable Node node(String host) {
    if (!host.endsWith(clusterDomain)) {
      return null;
    }
    String before = host.substring(0, host.length() - clusterDomain.length());
    return nodes.get(before.substring(before.lastIndexOf('.') + 1));
  }

  private @Nullable Found site(String host) {
    if (hasSite(host)) {
      return new Found(host, true, own);
    }
    // A name below a site's is in that site's zone; a wildcard makes it exist.
    for (int dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
      String above = host.substring(dot + 1);
      if (snapshot.hasSite("*." + above)) {
        return new Found(above, true, own);
      }
      if (hasSite(above)) {
        return new Found(above, false, List.of());
      }
    }
    return snapshot.hasSite("*." + host) ? new Found(host, true, List.of()) : null;
  }

  /** Whether a site has this very name: addresses and the default site have none. */
  private boolean hasSite(String host) {
    return snapshot.hasSite(host) && !host.equals(Site.DEFAULT) && !HostNames.isAddress(host);
  }
}

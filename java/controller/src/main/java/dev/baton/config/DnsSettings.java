package dev.baton.config;

import dev.baton.address.Ip;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;

/**
 * What {@code baton dns} serves, and where.
 *
 * @param listen where it is asked, over UDP and TCP; at least one
 * @param addresses where the sites and the cluster's own nodes are reached: the DMZ node's public
 *     ones; default those of baton.yaml's {@code listen}
 * @param nameServers {@code name-servers}: the names of the servers that answer for the zones, this
 *     one among them; default {@code ns.{cluster-domain}}
 * @param contact the mailbox of whoever is responsible, with a dot for the at sign (RFC 1035
 *     3.3.13); default {@code hostmaster.{cluster-domain}}
 * @param ttl how long an answer may be kept, a name's absence too, whole seconds; default 1 min
 */
public record DnsSettings(
    List<InetSocketAddress> listen,
    List<Ip> addresses,
    List<String> nameServers,
    String contact,
    Duration ttl) {
  /** What {@code ttl} is where the file says nothing. */
  public static final Duration TTL = Duration.ofMinutes(1);
}

package dev.baton.config;

import dev.baton.address.Ip;
import dev.baton.http.ErrorPages;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What {@code baton.yaml} says, checked. Keys without a default must be in the file; the key's name
 * stands first in each line below where it is not the component's own.
 *
 * @param node this DMZ node's name, one DNS label in lower case
 * @param clusterDomain {@code cluster-domain}: the domain below which nodes have names; default
 *     {@code cloud}
 * @param listen where connections are accepted, at least one, no address and port twice
 * @param interfaces {@code public} and {@code cluster}
 * @param clusterAddresses {@code cluster-address}: the DMZ node's own addresses towards targets, at
 *     least one
 * @param sourcePorts {@code source-ports}: ports of the target leg, reserved against the kernel's
 *     own use; 1024 to 65535, default 10000-32767
 * @param dataPlane {@code data-plane}: {@code tc}, {@code xdp}, {@code xdp-generic} or {@code
 *     auto}; default {@code tc}
 * @param directory a URI, for now {@code sqlite:/absolute/path}; default {@code
 *     sqlite:/var/lib/baton/directory.db}
 * @param pinPath {@code pin-path}: a directory of a BPF file system, made if missing; default
 *     {@code /sys/fs/bpf/baton}
 * @param admin where status is served, in clear text: a local address; default {@code
 *     127.0.0.1:9180}
 * @param eventLoops {@code event-loops}: threads that accept and hand off, 1 to 64; default the
 *     number of processors
 * @param notrack whether Baton installs its own nft table that keeps its packets out of connection
 *     tracking; default true
 * @param limits how much of everything there may be
 * @param timeouts how long Baton waits
 * @param errorPages {@code error-pages}: files by status or {@code default}, read with the file;
 *     default the built-in pages
 * @param lists a file of prefixes that are denied or allowed, read when the controller starts and
 *     whenever it changes; default none
 * @param redirectStatus {@code redirect-status}: for clients that are sent to a public node: 302,
 *     307 or 308; default 307
 * @param dns what {@code baton dns} serves; default none
 */
public record BatonConfig(
    String node,
    String clusterDomain,
    List<Listen> listen,
    Interfaces interfaces,
    List<Ip> clusterAddresses,
    PortRange sourcePorts,
    DataPlane dataPlane,
    String directory,
    Path pinPath,
    InetSocketAddress admin,
    int eventLoops,
    boolean notrack,
    Limits limits,
    Timeouts timeouts,
    ErrorPages errorPages,
    Optional<Path> lists,
    int redirectStatus,
    Optional<DnsSettings> dns) {

  /**
   * Reads and checks a file.
   *
   * @throws ConfigException with every problem found
   */
  public static BatonConfig load(Path file) {
    return new BatonYaml(YamlDocument.load(file)).read();
  }

  /** Whether a listener takes TLS, where neither path nor range of a request can be seen. */
  public boolean takesTls() {
    return listen.stream().anyMatch(each -> each.protocol() != Protocol.HTTP);
  }

  /** Checks text; {@code name} is what messages call the file. */
  public static BatonConfig parse(String name, String text) {
    return new BatonYaml(YamlDocument.parse(name, text)).read();
  }
}

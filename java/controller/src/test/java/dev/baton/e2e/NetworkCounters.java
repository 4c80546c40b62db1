package dev.baton.e2e;

import dev.baton.lab.Namespace;
import java.util.HashMap;
import java.util.Map;

/** What a host's kernel counts of its own TCP: /proc/net/snmp and netstat, as nstat names them. */
final class NetworkCounters {
  private final Map<String, Long> values = new HashMap<>();

  private NetworkCounters() {}

  static NetworkCounters read(Namespace host) {
    var counters = new NetworkCounters();
    String[] lines = host.sh("cat /proc/net/snmp /proc/net/netstat").split("\n", -1);
    // Lines come in pairs: names, values.
    for (int i = 0; i + 1 < lines.length; i += 2) {
      String[] names = lines[i].split(" ", -1);
      String[] numbers = lines[i + 1].split(" ", -1);
      String group = names[0].replace(":", "");
      for (int j = 1; j < names.length; j++) {
        counters.values.put(group + names[j], Long.parseLong(numbers[j]));
      }
    }
    return counters;
  }

  /** What came since an earlier reading. */
  NetworkCounters since(NetworkCounters before) {
    var result = new NetworkCounters();
    values.forEach((name, value) -> result.values.put(name, value - before.get(name)));
    return result;
  }

  /** One counter, such as {@code TcpRetransSegs}; 0 if this kernel has it not. */
  long get(String name) {
    return values.getOrDefault(name, 0L);
  }

  /** Segments sent again, as a share of all sent. */
  double retransmitted() {
    return (double) get("TcpRetransSegs") / get("TcpOutSegs");
  }

  @Override
  public String toString() {
    var text = new StringBuilder();
    for (String name :
        new String[] {
          "TcpInSegs",
          "TcpOutSegs",
          "TcpRetransSegs",
          "TcpInCsumErrors",
          "TcpOutRsts",
          "TcpExtTCPTimeouts",
          "TcpExtTCPOFOQueue",
          "TcpExtTCPSACKReorder",
          "TcpExtTCPTSReorder",
          "TcpExtTCPDSACKOldSent",
          "TcpExtTCPDSACKOfoSent",
          "TcpExtTCPLostRetransmit",
          "TcpExtPAWSEstab",
          "TcpExtSyncookiesRecv"
        }) {
      text.append(name).append('=').append(get(name)).append(' ');
    }
    return text.toString().strip();
  }
}

package dev.baton.directory;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Things of the directory as people and programs are shown them: maps and lists, as for JSON. */
public final class DirectoryView {
  private DirectoryView() {}

  /** A node. */
  public static Map<String, Object> node(Node node) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("name", node.name());
    map.put("address", node.addresses().stream().map(Object::toString).toList());
    map.put("port", node.port());
    map.put("tls_port", node.tlsPort());
    map.put("role", node.role().text());
    map.put("state", node.state().text());
    map.put("weight", node.weight());
    map.put("client_address", node.clientAddress().text());
    map.put("max_flows", node.limits().maxFlows());
    map.put("queue", node.limits().queue());
    map.put("queue_time_ms", node.limits().queueTime().toMillis());
    map.put("slow_start_ms", node.limits().slowStart().toMillis());
    HealthCheck check = node.check();
    Map<String, Object> own = new LinkedHashMap<>();
    own.put("kind", check.kind().text());
    own.put("path", check.path());
    own.put("host", check.host());
    own.put("status", check.statusFirst() + "-" + check.statusLast());
    own.put("interval_ms", check.interval().toMillis());
    own.put("timeout_ms", check.timeout().toMillis());
    own.put("rise", check.rise());
    own.put("fall", check.fall());
    map.put("check", own);
    return map;
  }

  /** A group. */
  public static Map<String, Object> group(Group group) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("name", group.name());
    map.put("nodes", group.nodes());
    return map;
  }

  /** A site with its dataset and how far its copies have come. */
  static Map<String, Object> site(DatasetRow row) {
    SiteSpec spec = row.spec();
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("host", spec.host());
    map.put("aliases", spec.aliases());
    map.put("dataset", row.id());
    map.put("version", row.version());
    map.put("balance", spec.balance().text());
    map.put("keep_alive", spec.keepAlive().text());
    map.put("copies", spec.assumed() ? "assumed" : "deployed");
    map.put("redirect_to_https", spec.httpsPort());
    map.put("parts", row.parts().stream().map(DirectoryView::part).toList());
    return map;
  }

  private static Map<String, Object> part(DatasetRow.PartRow part) {
    Map<String, Object> map = new LinkedHashMap<>();
    ByteRange range = part.range();
    map.put("path", part.path());
    map.put("range", range == null ? "" : range.toString());
    map.put("group", part.group());
    List<Map<String, Object>> copies = new ArrayList<>();
    for (DatasetRow.CopyRow copy : part.copies()) {
      Map<String, Object> own = new LinkedHashMap<>();
      own.put("node", copy.node());
      own.put("version", copy.version());
      own.put("state", copy.state());
      copies.add(own);
    }
    map.put("copies", copies);
    return map;
  }
}

package dev.baton.admin;

import dev.baton.bindings.flow.Baton;
import dev.baton.bpf.BpfMap;
import dev.baton.config.BatonConfig;
import dev.baton.config.Listen;
import dev.baton.directory.DirectoryWatcher;
import dev.baton.directory.HealthStore;
import dev.baton.directory.Node;
import dev.baton.directory.Snapshot;
import dev.baton.handoff.Controller;
import dev.baton.handoff.Counters;
import dev.baton.head.Spoken;
import dev.baton.health.Health;
import dev.baton.pieces.Pieces;
import dev.baton.reason.Reason;
import dev.baton.routing.Fleet;
import dev.baton.routing.NodeState;
import dev.baton.tls.Alpn;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What {@code baton status} shows, gathered anew each time: maps and lists, ready for JSON. */
public final class Status {
  private static final long NANOS_PER_MILLI = 1_000_000;

  private final BatonConfig config;
  private final Controller controller;
  private final DirectoryWatcher watcher;
  private final Fleet fleet;
  private final Health health;
  private final String version;

  /** Of a running controller. */
  public Status(
      BatonConfig config,
      Controller controller,
      DirectoryWatcher watcher,
      Fleet fleet,
      Health health,
      String version) {
    this.health = health;
    this.fleet = fleet;
    this.config = config;
    this.controller = controller;
    this.watcher = watcher;
    this.version = version;
  }

  /** Everything, in a fixed order; docs/operations.md names the fields. */
  public Map<String, Object> gather() {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("version", version);
    all.put("node", config.node());
    all.put("pid", ProcessHandle.current().pid());
    all.put("uptime_ms", ManagementFactory.getRuntimeMXBean().getUptime());
    all.put("event_loops", config.eventLoops());
    all.put("listen", config.listen().stream().map(Listen::toString).toList());
    all.put("directory", directory());
    all.put("connections", connections());
    all.put("pieces", pieces());
    all.put("heads", heads());
    all.put("reasons", reasons());
    all.put("attached", controller.path().choice());
    all.put("attached_because", controller.path().choiceReason());
    all.put("data_plane", dataPlane(controller.path().counters()));
    return all;
  }

  private Map<String, Object> directory() {
    Snapshot snapshot = watcher.snapshot();
    DirectoryWatcher.Trouble trouble = watcher.trouble();
    long now = System.nanoTime();
    Map<String, Object> part = new LinkedHashMap<>();
    part.put("state", trouble.isAny() ? "unreadable" : "ok");
    if (trouble.isAny()) {
      part.put("since_ms", (now - trouble.since()) / NANOS_PER_MILLI);
      part.put("why", trouble.why());
    }
    part.put("snapshot_age_ms", (now - watcher.readAt()) / NANOS_PER_MILLI);
    part.put("sequence", snapshot.sequence());
    part.put("sequence_in_use", controller.basedOn());
    part.put("version", snapshot.version());
    part.put("sites", snapshot.sites().size());
    part.put("nodes", snapshot.nodes().stream().map(node -> node(snapshot, node)).toList());
    return part;
  }

  private Map<String, Object> node(Snapshot snapshot, Node node) {
    Map<String, Object> part = new LinkedHashMap<>();
    part.put("name", node.name());
    part.put("address", node.addresses().stream().map(ip -> ip.withPort(node.port())).toList());
    part.put("tls_port", node.tlsPort());
    NodeState state = fleet.state(snapshot, node);
    part.put("role", node.role().text());
    part.put("weight", node.weight());
    part.put("state", node.state().text());
    part.put("well", state.isWell());
    HealthStore.Known known = health.known(node.name());
    if (known != null) {
      part.put("since", known.since().toString());
      part.put("cause", known.cause());
    }
    part.put("flows", state.flows());
    part.put("waiting", state.waiting());
    return part;
  }

  private Map<String, Object> connections() {
    Counters counters = controller.counters();
    Map<String, Object> part = new LinkedHashMap<>();
    part.put("accepted", counters.acceptedSum());
    part.put("handed_off", counters.liveSum());
    part.put("released", counters.releasedSum());
    part.put("before_release", controller.inSetup());
    part.put("flows_live", controller.livePorts());
    part.put("flows_lingering", controller.lingeringPorts());
    long live = counters.liveSum();
    part.put("handoff_mean_us", live == 0 ? 0 : counters.handoffNanosSum() / live / 1000);
    part.put("bytes_replayed", counters.replayedAfterLiveSum());
    return part;
  }

  /** The only payload that passes through user space. */
  private Map<String, Object> pieces() {
    Pieces pieces = controller.pieces();
    Map<String, Object> part = new LinkedHashMap<>();
    part.put("responses", pieces.answersSum());
    part.put("bytes", pieces.bytesSum());
    part.put("running", pieces.running());
    part.put("resumed", pieces.resumedSum());
    return part;
  }

  private Map<String, Object> heads() {
    Counters counters = controller.counters();
    Map<String, Object> part = new LinkedHashMap<>();
    for (Spoken spoken : Spoken.values()) {
      part.put(spoken.name().toLowerCase(Locale.ROOT), counters.of(spoken));
    }
    part.put("tls_without_name", counters.namesMissingSum());
    part.put("tls_encrypted_hello", counters.encryptedHellosSum());
    for (Alpn alpn : Alpn.values()) {
      part.put("tls_offers_" + alpn.name().toLowerCase(Locale.ROOT), counters.of(alpn));
    }
    return part;
  }

  private Map<String, Object> reasons() {
    Map<String, Object> part = new LinkedHashMap<>();
    for (Reason reason : Reason.values()) {
      long count = reason.code() < Baton.BATON_REASON_USER() ? 0 : controller.counters().of(reason);
      if (count > 0) {
        part.put(name(reason), count);
      }
    }
    part.put("system_call_failed", controller.counters().systemCallsFailedSum());
    return part;
  }

  private static Map<String, Object> dataPlane(BpfMap counters) {
    Map<String, Object> part = new LinkedHashMap<>();
    for (Reason reason : List.of(Reason.values())) {
      if (reason != Reason.NONE && reason.code() < Baton.BATON_REASON_KERNEL_MAX()) {
        part.put(name(reason), counters.sumPerCpuLong(reason.code()));
      }
    }
    return part;
  }

  private static String name(Reason reason) {
    return reason.name().toLowerCase(Locale.ROOT);
  }
}

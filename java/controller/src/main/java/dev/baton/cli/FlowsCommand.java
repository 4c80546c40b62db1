package dev.baton.cli;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.baton.bindings.flow.Baton;
import dev.baton.bpf.BpfMap;
import dev.baton.config.BatonConfig;
import dev.baton.dataplane.DataPath;
import dev.baton.dataplane.FlowTuple;
import dev.baton.dataplane.FlowView;
import dev.baton.net.Addresses;
import dev.baton.net.SystemCalls;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code baton flows}. */
@Command(
    name = "flows",
    mixinStandardHelpOptions = true,
    description = "Lists the flows in the kernel's table, whether a controller runs or not.")
final class FlowsCommand implements Callable<Integer> {
  private static final long NANOS_PER_MILLI = 1_000_000;

  @Mixin private ConfigOption config = new ConfigOption();

  @Option(names = "--json", description = "As JSON: an array with an object for each entry.")
  private boolean json;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    BatonConfig baton = config.load();
    PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
    List<Map<String, Object>> entries = read(baton);
    if (json) {
      out.println(JSON.std.asString(entries));
      return ExitCode.OK;
    }
    out.printf(
        "%-21s %-9s %-21s %-21s %-9s %9s %14s %8s%n",
        "CLIENT", "DIRECTION", "OWN", "TARGET", "STATE", "PACKETS", "BYTES", "IDLE ms");
    for (Map<String, Object> e : entries) {
      out.printf(
          "%-21s %-9s %-21s %-21s %-9s %9s %14s %8s%n",
          e.get("client"),
          e.get("direction"),
          e.get("own"),
          e.get("target"),
          e.get("state"),
          e.get("packets"),
          e.get("bytes"),
          e.get("idle_ms"));
    }
    return ExitCode.OK;
  }

  private static List<Map<String, Object>> read(BatonConfig baton) {
    List<Map<String, Object>> entries = new ArrayList<>();
    Optional<BpfMap> pinned =
        BpfMap.tryOpenPinned(DataPath.pins(baton).resolve(Baton.BATON_MAP_FLOWS().getString(0)));
    if (pinned.isEmpty()) {
      return entries;
    }
    try (BpfMap flows = pinned.get();
        SystemCalls calls = new SystemCalls()) {
      long now = calls.monotonic();
      flows.forEach((key, value) -> entries.add(describe(FlowView.of(key, value), now)));
    }
    return entries;
  }

  private static Map<String, Object> describe(FlowView view, long now) {
    FlowTuple t = view.tuple();
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("client", endpoint(t.client, t.clientPort));
    entry.put("listener", endpoint(t.listener, t.listenerPort));
    entry.put("own", endpoint(t.own, t.ownPort));
    entry.put("target", endpoint(t.target, t.targetPort));
    entry.put("direction", view.toTarget() ? "to-target" : "to-client");
    entry.put("state", state(view));
    entry.put("packets", view.packets());
    entry.put("bytes", view.bytes());
    entry.put("idle_ms", (now - view.lastUse()) / NANOS_PER_MILLI);
    return entry;
  }

  private static String state(FlowView view) {
    if (view.pending()) {
      return "pending";
    }
    if (view.reset()) {
      return "reset";
    }
    if (view.closed()) {
      return "closed";
    }
    return view.halfOpen() ? "half-open" : "live";
  }

  private static String endpoint(int address, int port) {
    return Addresses.toText(address) + ":" + port;
  }
}

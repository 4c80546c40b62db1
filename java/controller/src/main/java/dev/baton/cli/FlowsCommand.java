package dev.baton.cli;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.baton.bindings.flow.Baton;
import dev.baton.bpf.BpfMap;
import dev.baton.config.BatonConfig;
import dev.baton.dataplane.DataPath;
import dev.baton.dataplane.FlowTuple;
import dev.baton.dataplane.FlowView;
import dev.baton.dataplane.OldSchema;
import dev.baton.net.SystemCalls;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
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

  /** Of an IPv4 address and a port. */
  private static final int LEAST_WIDTH = 21;

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
    int width = Math.max(LEAST_WIDTH, longest(entries));
    String row = "%%-%1$ds %%-9s %%-%1$ds %%-%1$ds %%-9s %%9s %%14s %%8s%%n".formatted(width);
    out.printf(row, "CLIENT", "DIRECTION", "OWN", "TARGET", "STATE", "PACKETS", "BYTES", "IDLE ms");
    for (Map<String, Object> e : entries) {
      out.printf(
          row,
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

  private static int longest(List<Map<String, Object>> entries) {
    return entries.stream()
        .flatMap(e -> Stream.of(e.get("client"), e.get("own"), e.get("target")))
        .mapToInt(endpoint -> String.valueOf(endpoint).length())
        .max()
        .orElse(0);
  }

  /** Those of earlier schemas too: they translate as ours do. */
  private static List<Map<String, Object>> read(BatonConfig baton) {
    List<Map<String, Object>> entries = new ArrayList<>();
    try (SystemCalls calls = new SystemCalls()) {
      long now = calls.monotonic();
      BpfMap.tryOpenPinned(DataPath.pins(baton).resolve(Baton.BATON_MAP_FLOWS().getString(0)))
          .ifPresent(pinned -> {
            try (BpfMap flows = pinned) {
              flows.forEach((key, value) -> entries.add(describe(FlowView.of(key, value), now)));
            }
          });
      for (OldSchema old : OldSchema.find(baton)) {
        try (old) {
          old.maps().entries().forEach(entry -> entries.add(describe(entry.view(), now)));
        }
      }
    }
    return entries;
  }

  private static Map<String, Object> describe(FlowView view, long now) {
    FlowTuple t = view.tuple();
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("client", t.client.withPort(t.clientPort));
    entry.put("listener", t.listener.withPort(t.listenerPort));
    entry.put("own", t.own.withPort(t.ownPort));
    entry.put("target", t.target.withPort(t.targetPort));
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
}

package dev.baton.cli;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.baton.address.Ip;
import dev.baton.config.BatonConfig;
import dev.baton.config.ConfigException;
import dev.baton.config.Protocol;
import dev.baton.directory.Copy;
import dev.baton.directory.Node;
import dev.baton.directory.Part;
import dev.baton.directory.Site;
import dev.baton.directory.Snapshot;
import dev.baton.directory.SqliteDirectory;
import dev.baton.front.FirstBytes;
import dev.baton.head.HeadParser;
import dev.baton.http.HostCache;
import dev.baton.routing.Decision;
import dev.baton.routing.Fleet;
import dev.baton.routing.NodeState;
import dev.baton.routing.Router;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code baton lookup}. It asks the router that the controller asks, with what that knows. */
@Command(
    name = "lookup",
    mixinStandardHelpOptions = true,
    description = {
      "Explains what would become of a request, step by step: site, part, copies, choice.",
      "Nodes are as the running controller finds them; without one, all are well and idle."
    })
final class LookupCommand implements Callable<Integer> {
  private static final int HTTP_PORT = 80;

  @Mixin private ConfigOption config = new ConfigOption();

  @Parameters(index = "0", paramLabel = "URL", description = "http://host/path")
  private URI url = URI.create("http://localhost/");

  @Option(
      names = "--range",
      paramLabel = "BYTES",
      description = "What the Range field asks for, such as 0-99 or -500.")
  private @Nullable String range;

  @Option(
      names = "--client",
      paramLabel = "ADDRESS",
      description = "Whose request it is; default: 192.0.2.1.")
  private String client = "192.0.2.1";

  @Option(names = "--json", description = "As JSON.")
  private boolean json;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    BatonConfig baton = config.load();
    FirstBytes request = new FirstBytes(baton.limits().headLimit(), new HostCache());
    MemorySegment head = MemorySegment.ofArray(head());
    request.expect(Protocol.HTTP, false);
    if (request.parse(head, head.byteSize()) != HeadParser.Result.COMPLETE) {
      throw new ConfigException(
          List.of("lookup: expected a URL that can be asked for, found " + url));
    }
    Snapshot snapshot;
    try (SqliteDirectory directory = SqliteDirectory.open(baton.directory())) {
      snapshot = directory.read();
    }
    Fleet fleet = new Fleet();
    boolean running = learn(baton, snapshot, fleet);
    Ip asking = address();
    int port = url.getPort() < 0 ? HTTP_PORT : url.getPort();
    Decision decision = new Decision();
    router(baton, fleet)
        .route(snapshot, request, head, asking, port, false, System.nanoTime(), decision);
    Map<String, Object> steps = new LinkedHashMap<>();
    steps.put(
        "controller", running ? "running" : "none answers: nodes are taken for well and idle");
    describe(decision, steps);
    List<Map<String, Object>> copies = copies(decision, asking, snapshot, fleet);
    PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
    if (json) {
      steps.put("copies", copies);
      out.println(JSON.std.asString(steps));
    } else {
      if (!copies.isEmpty()) {
        Table.print(out, List.copyOf(copies.getFirst().keySet()), copies);
        out.println();
      }
      StatusCommand.print(out, "", steps);
    }
    return ExitCode.OK;
  }

  private static Router router(BatonConfig baton, Fleet fleet) {
    return new Router(
        fleet,
        new Router.Settings(
            baton.clusterDomain(),
            baton.redirectStatus(),
            baton.clusterAddresses().stream().anyMatch(Ip::isV4),
            baton.clusterAddresses().stream().anyMatch(ip -> !ip.isV4())));
  }

  private byte[] head() {
    String host = url.getRawAuthority();
    if (!"http".equals(url.getScheme()) || host == null) {
      throw new ConfigException(List.of("lookup: expected http://host/path, found " + url));
    }
    String path = url.getRawPath().isEmpty() ? "/" : url.getRawPath();
    String query = url.getRawQuery() == null ? "" : "?" + url.getRawQuery();
    String ranged = range == null ? "" : "Range: bytes=" + range + "\r\n";
    return "GET %s%s HTTP/1.1\r\nHost: %s\r\n%s\r\n"
        .formatted(path, query, host, ranged)
        .getBytes(StandardCharsets.ISO_8859_1);
  }

  private Ip address() {
    try {
      return Ip.of(InetAddress.ofLiteral(client));
    } catch (IllegalArgumentException e) {
      throw new ConfigException(List.of("lookup: --client: expected an address, found " + client));
    }
  }

  /**
   * Takes over what the running controller knows of the nodes.
   *
   * @return whether one runs
   */
  private static boolean learn(BatonConfig baton, Snapshot snapshot, Fleet fleet)
      throws IOException {
    Map<String, Object> status = new AdminClient(baton.admin()).status().orElse(Map.of());
    if (!(status.get("directory") instanceof Map<?, ?> part
        && part.get("nodes") instanceof List<?> nodes)) {
      return false;
    }
    for (Object each : nodes) {
      if (each instanceof Map<?, ?> told
          && told.get("name") instanceof String name
          && told.get("flows") instanceof Number flows
          && told.get("well") instanceof Boolean well) {
        Node node = snapshot.node(name);
        if (node != null) {
          fleet.state(snapshot, node).set(well, System.nanoTime(), false);
          fleet.flows().of(node.addresses().getFirst(), node.port()).set(flows.intValue());
        }
      }
    }
    return true;
  }

  private static void describe(Decision d, Map<String, Object> steps) {
    Site site = d.site;
    if (site != null) {
      steps.put("site", site.host());
      steps.put("version", site.dataset().version());
      steps.put("balance", site.dataset().balance().text());
    }
    if (d.part != null) {
      steps.put("part", slice(d.part));
    }
    steps.put(
        "decision",
        switch (d.kind) {
          case HAND_OVER ->
              "hand over to "
                  + String.join(", then ", d.candidates.stream().map(Node::name).toList());
          case WAIT -> "wait for a flow to " + Objects.requireNonNull(d.queue).name() + " to end";
          case REDIRECT -> d.status + " to " + d.location;
          case REFUSE -> d.status + ": " + d.detail;
          case ASSEMBLE -> "put the answer together from the pieces of several nodes";
        });
    if (d.host != null) {
      steps.put("host", d.host);
    }
    if (d.kind == Decision.Kind.REFUSE || d.kind == Decision.Kind.REDIRECT) {
      steps.put("reason", d.reason.name());
    }
  }

  private static String slice(Part part) {
    return part.range() == null ? part.path() : part.path() + " " + part.range();
  }

  /** A row for each copy of the part, or of all parts that the answer is put together from. */
  private static List<Map<String, Object>> copies(
      Decision d, Ip client, Snapshot snapshot, Fleet fleet) {
    List<Part> parts = List.of();
    if (d.kind == Decision.Kind.ASSEMBLE && d.file != null) {
      parts = d.file.parts();
    } else if (d.part != null) {
      parts = List.of(d.part);
    }
    String version = d.site == null ? "" : d.site.dataset().version();
    boolean assembled = d.kind == Decision.Kind.ASSEMBLE;
    List<Map<String, Object>> rows = new ArrayList<>();
    for (Part part : parts) {
      for (Copy copy : part.copies()) {
        NodeState state = fleet.state(snapshot, copy.node());
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("part", slice(part));
        row.put("node", copy.node().name());
        row.put("role", copy.node().role().text());
        row.put("weight", copy.node().weight());
        row.put("flows", state.flows());
        row.put("against", against(copy, version, state, assembled ? null : client));
        rows.add(row);
      }
    }
    return rows;
  }

  /**
   * What speaks against a copy; empty: nothing.
   *
   * @param client whose family matters; null: the node is asked by the DMZ node itself
   */
  private static List<String> against(
      Copy copy, String version, NodeState state, @Nullable Ip client) {
    Node node = copy.node();
    List<String> against = new ArrayList<>();
    if (copy.state() != Copy.State.COMPLETE) {
      against.add("its copy is " + copy.state().text());
    }
    if (!copy.version().equals(version)) {
      against.add("its copy is of version " + copy.version());
    }
    if (node.state() != Node.State.UP) {
      against.add("it is " + node.state().text());
    }
    if (!state.isWell()) {
      against.add("it is not well");
    }
    if (node.role() == Node.Role.LOCAL || node.role() == Node.Role.BACKUP) {
      int max = node.limits().maxFlows();
      if (client != null && node.address(client.isV4()) == null) {
        against.add("it has no address of the client's family");
      }
      if (max > 0 && state.flows() >= max) {
        against.add("it has all the flows it takes");
      }
    }
    return against;
  }
}

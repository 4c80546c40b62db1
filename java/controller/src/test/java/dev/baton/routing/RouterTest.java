package dev.baton.routing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.address.Ip;
import dev.baton.config.Protocol;
import dev.baton.directory.ByteRange;
import dev.baton.directory.Copy;
import dev.baton.directory.Dataset;
import dev.baton.directory.Node;
import dev.baton.directory.Part;
import dev.baton.directory.Site;
import dev.baton.directory.Snapshot;
import dev.baton.front.FirstBytes;
import dev.baton.head.HeadParser;
import dev.baton.http.HostCache;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RouterTest {
  private static final String SITE = "www.example.com";
  private static final Node LOCAL = Nodes.local(0);
  private static final Node OTHER = Nodes.local(1);
  private static final Node PUBLIC = Nodes.of(2, Node.Role.PUBLIC);
  private static final Node DOWN = Nodes.in(0, Node.State.DOWN);
  private static final Ip CLIENT = new Ip().setV4(0x0a00_0102);
  private static final Ip CLIENT6 = new Ip().set(0xfd00_0000_0000_0001L, 2);
  private static final int LIMIT = 16_384;

  private final Fleet fleet = new Fleet();
  private final Decision decision = new Decision();
  private final FirstBytes parser = new FirstBytes(LIMIT, new HostCache());
  private Router router = router(307, true, true);
  private boolean waits;

  private Router router(int status, boolean v4, boolean v6) {
    return new Router(fleet, new Router.Settings("cloud", status, v4, v6));
  }

  private static Copy complete(Node node) {
    return new Copy(node, "1", Copy.State.COMPLETE);
  }

  private static Part part(String path, @Nullable ByteRange range, Copy... copies) {
    return new Part(path, range, "", List.of(copies));
  }

  private static Site site(String host, int https, String version, Part... parts) {
    return new Site(
        host,
        new Dataset(
            1, version, Dataset.Balance.LEAST_FLOWS, Dataset.KeepAlive.REUSE, List.of(parts)),
        https);
  }

  /** With a site whose nodes all have complete copies. */
  private static Snapshot of(Node... nodes) {
    return new Snapshot(1, List.of(nodes), List.of(Site.whole(1, SITE, List.of(nodes), 0)));
  }

  private String route(Snapshot snapshot, String head) {
    return route(snapshot, head, CLIENT, 80);
  }

  /** What was decided, in a few words. */
  private String route(Snapshot snapshot, String head, Ip client, int port) {
    byte[] bytes = head.replace("|", "\r\n").getBytes(ISO_8859_1);
    MemorySegment segment = MemorySegment.ofArray(bytes);
    parser.reset();
    parser.expect(Protocol.AUTO, false);
    assertThat(parser.parse(segment, bytes.length)).isEqualTo(HeadParser.Result.COMPLETE);
    router.route(snapshot, parser, segment, client, port, waits, System.nanoTime(), decision);
    return switch (decision.kind) {
      case HAND_OVER ->
          "to " + String.join(" ", decision.candidates.stream().map(Node::name).toList());
      case WAIT -> "wait at " + Objects.requireNonNull(decision.queue).name();
      case REDIRECT -> decision.status + " " + decision.reason + " " + decision.location;
      case REFUSE -> decision.status + " " + decision.reason;
      case ASSEMBLE -> "assemble";
    };
  }

  private static String get(String host) {
    return "GET / HTTP/1.1|Host: " + host + "||";
  }

  private void add(Node node, int flows) {
    fleet.flows().of(node.addresses().getFirst(), node.port()).addAndGet(flows);
  }

  @Test
  void aLocalNodeComesBeforeAPublicOne() {
    assertThat(route(of(PUBLIC, LOCAL), get(SITE))).isEqualTo("to n0");
    assertThat(decision.host).isNull();
    assertThat(decision.closes).isFalse();
    assertThat(Objects.requireNonNull(decision.site).host()).isEqualTo(SITE);
    assertThat(route(of(PUBLIC, LOCAL), get("unknown.example.com"))).isEqualTo("404 UNKNOWN_HOST");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "GET / HTTP/1.1;                    80;   307; http://www.example.com.n2.cloud/",
        "GET / HTTP/1.0;                    80;   302; http://www.example.com.n2.cloud/",
        "POST /a HTTP/1.1;                  80;   307; http://www.example.com.n2.cloud/a",
        "GET /a/b?c=d&e=%20 HTTP/1.1;       8080; 307; http://www.example.com.n2.cloud:8080/a/b?c=d&e=%20",
        "GET / HTTP/1.1;                    443;  307; http://www.example.com.n2.cloud:443/",
        "GET //evil.example/ HTTP/1.1;      80;   307; http://www.example.com.n2.cloud//evil.example/",
        "GET /\\\\evil.example HTTP/1.1;    80;   307; http://www.example.com.n2.cloud/%5C%5Cevil.example",
        "GET /<b>\"\u00e4 HTTP/1.1;         80;   307; http://www.example.com.n2.cloud/%3Cb%3E%22%E4",
        "GET http://www.example.com/x?y HTTP/1.1; 80; 307; http://www.example.com.n2.cloud/x?y",
        "OPTIONS * HTTP/1.1;                80;   307; http://www.example.com.n2.cloud/",
      })
  void withoutALocalNodeAPublicOneIsTold(String line, int port, int status, String location) {
    assertThat(route(of(DOWN, PUBLIC), line + "|Host: WWW.Example.com:80||", CLIENT, port))
        .isEqualTo(status + " REDIRECTED_TO_PUBLIC " + location);
  }

  @ParameterizedTest
  @ValueSource(ints = {301, 302, 303, 307, 308})
  void withTheStatusThatIsConfigured(int status) {
    router = router(status, true, true);
    assertThat(route(of(DOWN, PUBLIC), get(SITE))).startsWith(status + " REDIRECTED_TO_PUBLIC ");
    assertThat(route(of(DOWN, PUBLIC), "GET / HTTP/1.0|Host: " + SITE + "||"))
        .startsWith("302 REDIRECTED_TO_PUBLIC ");
  }

  @Test
  void aTargetThatIsTooLongIsNotCutOff() {
    assertThat(
            route(of(DOWN, PUBLIC), "GET /" + "<".repeat(5000) + " HTTP/1.1|Host: " + SITE + "||"))
        .isEqualTo("414 LOCATION_TOO_LONG");
  }

  @Test
  void whoCannotBeRedirectedIsRefused() {
    assertThat(route(of(DOWN), get(SITE))).isEqualTo("503 NO_NODE_UP");
    Snapshot standard =
        new Snapshot(
            1,
            List.of(DOWN, PUBLIC),
            List.of(
                Site.whole(1, Site.DEFAULT, List.of(DOWN, PUBLIC), 0),
                Site.whole(2, "10.0.1.1", List.of(DOWN, PUBLIC), 0)));
    assertThat(route(standard, "GET / HTTP/1.0||")).as("no host").isEqualTo("503 NO_NODE_UP");
    assertThat(route(standard, get("10.0.1.1"))).as("no name").isEqualTo("503 NO_NODE_UP");
    assertThat(route(standard, get("[::1]"))).as("no name").isEqualTo("503 NO_NODE_UP");
    assertThat(route(standard, get("any.example")))
        .isEqualTo("307 REDIRECTED_TO_PUBLIC http://any.example.n2.cloud/");
  }

  @Test
  void thePublicNodeHasToServe() {
    Copy updating = new Copy(PUBLIC, "1", Copy.State.UPDATING);
    Copy old = new Copy(PUBLIC, "0", Copy.State.COMPLETE);
    for (Copy copy : List.of(updating, old)) {
      Snapshot snapshot =
          new Snapshot(1, List.of(PUBLIC), List.of(site(SITE, 0, "1", part("/", null, copy))));
      assertThat(route(snapshot, get(SITE))).isEqualTo("503 NO_COMPLETE_COPY");
    }
    fleet.state(of(DOWN, PUBLIC), PUBLIC).set(false, 1, true);
    assertThat(route(of(DOWN, PUBLIC), get(SITE))).isEqualTo("503 NO_NODE_UP");
  }

  @Test
  void clientsAreSpreadOverPublicNodesAndStayThere() {
    Snapshot snapshot =
        of(DOWN, PUBLIC, Nodes.of(3, Node.Role.PUBLIC), Nodes.of(4, Node.Role.PUBLIC));
    int[] got = new int[5];
    for (int i = 0; i < 3000; i++) {
      Ip client = new Ip().setV4(0x0a00_0000 + i);
      String said = route(snapshot, get(SITE), client, 80);
      assertThat(route(snapshot, get(SITE), client, 80)).isEqualTo(said);
      got[said.charAt(said.indexOf(".cloud") - 1) - '0']++;
    }
    for (int node = 2; node <= 4; node++) {
      assertThat(got[node]).isBetween(900, 1100);
    }
  }

  @Test
  void aFamilyThatNothingIsReachedOver() {
    Snapshot snapshot = of(Nodes.at(0, Nodes.v4(0)));
    assertThat(route(snapshot, get(SITE), CLIENT, 80)).isEqualTo("to n0");
    assertThat(route(snapshot, get(SITE), CLIENT6, 80)).isEqualTo("503 NO_ADDRESS_IN_FAMILY");
    router = router(307, true, false);
    assertThat(route(of(LOCAL), get(SITE), CLIENT6, 80)).isEqualTo("503 NO_ADDRESS_IN_FAMILY");
    assertThat(route(of(LOCAL), get(SITE + ".n0.cloud"), CLIENT6, 80)).startsWith("503 ");
    // It would wait for nothing.
    Node full = Nodes.limited(0, Node.Role.LOCAL, Nodes.limits(1, 5, Duration.ZERO));
    add(full, 1);
    assertThat(route(of(full), get(SITE), CLIENT6, 80)).isEqualTo("503 NO_ADDRESS_IN_FAMILY");
    assertThat(route(of(full), get(SITE), CLIENT, 80)).isEqualTo("wait at n0");
  }

  @Test
  void aNodeByItsOwnName() {
    Snapshot snapshot = of(LOCAL, OTHER, PUBLIC, Nodes.of(3, Node.Role.BACKUP));
    add(OTHER, 1000);
    assertThat(route(snapshot, get("WWW.Example.com.N1.cloud.:8080"))).isEqualTo("to n1");
    assertThat(decision.host).isEqualTo(SITE);
    assertThat(route(snapshot, get(SITE + ".n3.cloud"))).isEqualTo("to n3");
    assertThat(route(snapshot, get(SITE + ".n2.cloud"))).isEqualTo("421 NODE_IS_ELSEWHERE");
    assertThat(route(snapshot, get("unknown.n1.cloud"))).isEqualTo("404 UNKNOWN_HOST");
    assertThat(route(snapshot, get("unknown.n2.cloud"))).isEqualTo("404 UNKNOWN_HOST");
    assertThat(route(snapshot, get(SITE))).isEqualTo("to n0 n1");
    assertThat(decision.host).as("not the last one's").isNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"www.example.com.n9.cloud", "n1.cloud", "cloud", "www.example.com.n1.cloudy"})
  void whatNamesNoNodeIsAnyHost(String host) {
    assertThat(route(of(LOCAL), get(host))).isEqualTo("404 UNKNOWN_HOST");
    Snapshot standard =
        new Snapshot(1, List.of(LOCAL), List.of(Site.whole(1, Site.DEFAULT, List.of(LOCAL), 0)));
    assertThat(route(standard, get(host))).isEqualTo("to n0");
    assertThat(decision.host).isNull();
  }

  @Test
  void aNodeByItsOwnNameHasToServe() {
    String named = get(SITE + ".n0.cloud");
    assertThat(route(of(DOWN, OTHER, PUBLIC), named)).isEqualTo("503 NO_NODE_UP");
    Snapshot elsewhere =
        new Snapshot(
            1,
            List.of(LOCAL, OTHER),
            List.of(site(SITE, 0, "1", part("/", null, complete(OTHER)))));
    assertThat(route(elsewhere, named)).isEqualTo("503 NO_NODE_UP");
    fleet.state(of(LOCAL, OTHER), LOCAL).set(false, 1, true);
    assertThat(route(of(LOCAL, OTHER), named)).isEqualTo("503 NO_NODE_UP");
  }

  @Test
  void itsNameIsNoWayRoundItsLimits() {
    Node full = Nodes.limited(0, Node.Role.LOCAL, Nodes.limits(1, 1, Duration.ZERO));
    Snapshot snapshot = of(full, OTHER);
    String named = get(SITE + ".n0.cloud");
    assertThat(route(snapshot, named)).isEqualTo("to n0");
    add(full, 1);
    assertThat(route(snapshot, named)).isEqualTo("wait at n0");
    assertThat(decision.queueNanos).isEqualTo(Duration.ofSeconds(1).toNanos());
    long _ = fleet.state(snapshot, full).enter();
    assertThat(route(snapshot, named)).isEqualTo("503 NODES_FULL");
    waits = true;
    assertThat(route(snapshot, named)).isEqualTo("wait at n0");
    add(full, -1);
    assertThat(route(snapshot, named)).isEqualTo("to n0");
    waits = false;
    assertThat(route(snapshot, named)).as("not overtaken").isEqualTo("503 NODES_FULL");
  }

  @Test
  void whoWaitsKeepsItsPlaceInAFullQueue() {
    Node full = Nodes.limited(0, Node.Role.LOCAL, Nodes.limits(1, 1, Duration.ZERO));
    Snapshot snapshot = of(full);
    add(full, 1);
    assertThat(route(snapshot, get(SITE))).isEqualTo("wait at n0");
    long _ = fleet.state(snapshot, full).enter();
    assertThat(route(snapshot, get(SITE))).isEqualTo("503 NODES_FULL");
    waits = true;
    assertThat(route(snapshot, get(SITE))).isEqualTo("wait at n0");
  }

  @Test
  void httpsComesFirst() {
    Snapshot snapshot =
        new Snapshot(
            1,
            List.of(DOWN, OTHER, PUBLIC),
            List.of(Site.whole(1, SITE, List.of(DOWN, OTHER, PUBLIC), 8443)));
    assertThat(route(snapshot, "GET /a?b HTTP/1.1|Host: " + SITE + "||"))
        .isEqualTo("301 REDIRECTED_TO_HTTPS https://www.example.com:8443/a?b");
    assertThat(route(snapshot, "POST /a HTTP/1.1|Host: " + SITE + "||"))
        .isEqualTo("308 REDIRECTED_TO_HTTPS https://www.example.com:8443/a");
    assertThat(route(snapshot, get(SITE + ".n0.cloud")))
        .isEqualTo("301 REDIRECTED_TO_HTTPS https://www.example.com.n0.cloud:8443/");
    assertThat(route(snapshot, get(SITE + ".n2.cloud"))).isEqualTo("421 NODE_IS_ELSEWHERE");
  }

  private static Snapshot later(Node node, Site... sites) {
    return new Snapshot(2, List.of(node, OTHER), List.of(sites));
  }

  @Test
  void whatWasChosenMayServeNoMore() {
    Part all = part("/", null, complete(LOCAL), complete(OTHER));
    Site site = site(SITE, 0, "1", all);
    Snapshot first = new Snapshot(1, List.of(LOCAL, OTHER), List.of(site));
    assertThat(route(first, get(SITE))).startsWith("to ");
    var chosen = new Decision.Choice(first, site, Objects.requireNonNull(decision.part));
    Copy updating = new Copy(LOCAL, "1", Copy.State.UPDATING);
    Node moved = new Node("n0", List.of(Nodes.v4(7)), 80, Node.State.UP, 1);
    Node port = new Node("n0", LOCAL.addresses(), 81, Node.State.UP, 1);
    record Change(String what, boolean serves, Snapshot snapshot) {}
    List<Change> changes = new ArrayList<>();
    changes.add(new Change("nothing", true, first));
    changes.add(new Change("read again", true, later(LOCAL, site)));
    changes.add(
        new Change(
            "updating",
            false,
            later(LOCAL, site(SITE, 0, "1", part("/", null, updating, complete(OTHER))))));
    changes.add(new Change("version", false, later(LOCAL, site(SITE, 0, "2", all))));
    changes.add(
        new Change(
            "version, and copy",
            true,
            later(
                LOCAL,
                site(SITE, 0, "2", part("/", null, new Copy(LOCAL, "2", Copy.State.COMPLETE))))));
    changes.add(new Change("drained", false, later(Nodes.in(0, Node.State.DRAINING), site)));
    changes.add(new Change("down", false, later(DOWN, site)));
    changes.add(new Change("moved", false, later(moved, site)));
    changes.add(new Change("another port", false, later(port, site)));
    changes.add(new Change("public", false, later(Nodes.of(0, Node.Role.PUBLIC), site)));
    changes.add(new Change("a backup", true, later(Nodes.of(0, Node.Role.BACKUP), site)));
    changes.add(new Change("weight", true, later(Nodes.weighing(0, 9), site)));
    changes.add(new Change("no node", false, later(OTHER, site)));
    changes.add(new Change("no site", false, later(LOCAL)));
    changes.add(
        new Change(
            "no copy", false, later(LOCAL, site(SITE, 0, "1", part("/", null, complete(OTHER))))));
    changes.add(
        new Change(
            "no part", false, later(LOCAL, site(SITE, 0, "1", part("/a", null, complete(LOCAL))))));
    changes.add(
        new Change(
            "a range",
            false,
            later(LOCAL, site(SITE, 0, "1", part("/", new ByteRange(0, 9), complete(LOCAL))))));
    for (Change change : changes) {
      assertThat(router.stillServes(chosen, LOCAL, change.snapshot()))
          .as(change.what())
          .isEqualTo(change.serves());
    }
  }

  /** Long answers keep the snapshot that they began with: what is known of nodes stays. */
  @Test
  void anOldSnapshotsPartForgetsNothing() {
    Snapshot old = of(LOCAL);
    Part part = old.sites().iterator().next().dataset().parts().getFirst();
    assertThat(fleet.serving(part, "1")).as("nothing is known yet").isEmpty();
    fleet.states(old);
    assertThat(fleet.serving(part, "1")).containsExactly(LOCAL);
    Snapshot now = of(LOCAL, OTHER);
    fleet.state(now, OTHER).set(false, 1, true);
    assertThat(fleet.serving(part, "1")).containsExactly(LOCAL);
    assertThat(fleet.find("n1")).isNotNull().returns(false, NodeState::isWell);
    Part both = now.sites().iterator().next().dataset().parts().getFirst();
    assertThat(fleet.serving(both, "1")).containsExactly(LOCAL);
    fleet.state(now, OTHER).set(true, 1, true);
    add(LOCAL, 1);
    assertThat(fleet.serving(both, "1")).containsExactly(OTHER, LOCAL);
  }
}

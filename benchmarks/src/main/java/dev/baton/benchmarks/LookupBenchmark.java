package dev.baton.benchmarks;

import dev.baton.address.Ip;
import dev.baton.config.Protocol;
import dev.baton.directory.Node;
import dev.baton.directory.Site;
import dev.baton.directory.Snapshot;
import dev.baton.front.FirstBytes;
import dev.baton.head.HeadParser;
import dev.baton.http.HostCache;
import dev.baton.routing.Decision;
import dev.baton.routing.Fleet;
import dev.baton.routing.Router;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** From a host, or a whole request, to its site and nodes, among many sites on 1,000 nodes. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@State(Scope.Thread)
public class LookupBenchmark {
  private static final int NODES = 1000;
  private static final int HOSTS = 1 << 14;
  private static final int REQUESTS = 1 << 6;
  private static final int LIMIT = 1024;
  private static final int FIRST_NODE = 0x0a01_0000; // 10.1.0.0
  private static final long NOW = 1_000_000_000L;
  private static final int CLIENT = 0xc000_0201; // 192.0.2.1

  /** How many there are; each is on two nodes. */
  @Param({"1000", "100000", "1000000"})
  int sites = 1000;

  private final Arena arena = Arena.ofShared();
  private final Random random = new Random(1);
  private final String[] hosts = new String[HOSTS];
  private final FirstBytes[] requests = new FirstBytes[REQUESTS];
  private final MemorySegment[] heads = new MemorySegment[REQUESTS];
  private final Ip client = new Ip().setV4(CLIENT);
  private final Decision decision = new Decision();
  private final Router router =
      new Router(new Fleet(), new Router.Settings("cloud", 307, true, true));
  private Snapshot snapshot = Snapshot.empty();
  private int next;

  /** The snapshot, and whom is asked for: hosts at random. */
  @Setup(Level.Trial)
  public void fill() {
    List<Node> nodes = new ArrayList<>();
    for (int i = 0; i < NODES; i++) {
      Ip address = new Ip().setV4(FIRST_NODE + i);
      nodes.add(new Node("n" + i, List.of(address), 80, Node.State.UP, 1));
    }
    List<Site> all = new ArrayList<>();
    for (int i = 0; i < sites; i++) {
      List<Node> two = List.of(nodes.get(i % NODES), nodes.get((i * 7 + 1) % NODES));
      all.add(Site.whole(i + 1, host(i), two, 0));
    }
    snapshot = new Snapshot(1, nodes, all);
    for (int i = 0; i < HOSTS; i++) {
      hosts[i] = host(random.nextInt(sites));
    }
    for (int i = 0; i < REQUESTS; i++) {
      requests[i] = request(i);
    }
  }

  private static String host(int site) {
    return "www.customer-" + site + ".example";
  }

  private FirstBytes request(int number) {
    String head = "GET / HTTP/1.1\r\nHost: " + host(random.nextInt(sites)) + "\r\n\r\n";
    byte[] bytes = head.getBytes(StandardCharsets.ISO_8859_1);
    MemorySegment segment = arena.allocate(bytes.length);
    MemorySegment.copy(bytes, 0, segment, ValueLayout.JAVA_BYTE, 0, bytes.length);
    FirstBytes request = new FirstBytes(LIMIT, new HostCache());
    request.expect(Protocol.HTTP, false);
    if (request.parse(segment, bytes.length) != HeadParser.Result.COMPLETE) {
      throw new AssertionError("it is refused: " + request.reason());
    }
    heads[number] = segment;
    return request;
  }

  /** Frees the heads. */
  @TearDown(Level.Trial)
  public void free() {
    arena.close();
  }

  /** A host's site. */
  @Benchmark
  public Object find() {
    next = (next + 1) & (HOSTS - 1);
    Site site = snapshot.find(hosts[next]);
    if (site == null) {
      throw new AssertionError(hosts[next]);
    }
    return site;
  }

  /** What becomes of a request whose head was read: its site, part, and nodes in order. */
  @Benchmark
  public Object route() {
    next = (next + 1) & (REQUESTS - 1);
    router.route(snapshot, requests[next], heads[next], client, 80, false, NOW, decision);
    if (decision.kind != Decision.Kind.HAND_OVER) {
      throw new AssertionError(decision.detail);
    }
    return decision.candidates;
  }
}

package dev.baton.e2e;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.baton.bindings.flow.Baton;
import dev.baton.bpf.BpfMap;
import dev.baton.dataplane.FlowView;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What can be seen of a scene's DMZ node from outside: its maps, its sockets and its counters. */
abstract class Observed {
  private static final int ADMIN = 9180;
  private static final int LISTED = 20;
  private static final String FLOWS = Baton.BATON_MAP_FLOWS().getString(0);

  final Scene scene;
  final Sockets dmz;

  Observed(Scene scene, Sockets dmz) {
    this.scene = scene;
    this.dmz = dmz;
  }

  /** What {@code baton status --json} shows, without a JVM for it. */
  Map<String, Object> status() {
    try (SocketChannel channel = dmz.socket(StandardProtocolFamily.INET)) {
      channel.connect(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), ADMIN));
      channel
          .socket()
          .getOutputStream()
          .write("GET /status.json HTTP/1.0\r\n\r\n".getBytes(US_ASCII));
      String answer = new String(Channels.newInputStream(channel).readAllBytes(), US_ASCII);
      return JSON.std.mapFrom(answer.substring(answer.indexOf("\r\n\r\n") + 4));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long number(Map<String, Object> status, String part, String name) {
    Object value = ((Map<?, ?>) Objects.requireNonNull(status.get(part))).get(name);
    return value == null ? 0 : ((Number) value).longValue();
  }

  /** A counter of {@code reasons}, {@code data_plane} or {@code connections}. */
  long count(String part, String name) {
    return number(status(), part, name);
  }

  /** How often the controller gave a reason. */
  long reason(String name) {
    return count("reasons", name);
  }

  /** Elements of one of the pinned maps. */
  long elements(String map) {
    long[] count = {0};
    try (BpfMap pinned = pinned(map)) {
      pinned.forEach((key, value) -> count[0]++);
    }
    return count[0];
  }

  /** All flow entries. */
  List<FlowView> flows() {
    List<FlowView> all = new ArrayList<>();
    try (BpfMap flows = pinned(FLOWS)) {
      flows.forEach((key, value) -> all.add(FlowView.of(key, value)));
    }
    return all;
  }

  /** Waits until so many entries are of flows that are over. */
  void awaitClosedEntries(int count, Duration limit) {
    await(
        count + " closed entries",
        limit,
        () -> {
          List<FlowView> flows = flows();
          long closed = flows.stream().filter(FlowView::closed).count();
          return closed == count
              ? ""
              : "%d of %d%s".formatted(closed, flows.size(), list(flows, Observed::isUnsteady));
        });
  }

  private static boolean isUnsteady(FlowView flow) {
    return flow.pending() || flow.closed() || flow.halfOpen();
  }

  /** The first of the entries that are of a kind, for who looks for a failure's cause. */
  private static String list(List<FlowView> flows, Predicate<FlowView> which) {
    return flows.stream()
        .filter(which)
        .limit(LISTED)
        .map(Observed::describe)
        .collect(Collectors.joining());
  }

  private static String describe(FlowView flow) {
    String way = flow.toTarget() ? "client %1$s -> port %2$d" : "port %2$d -> client %1$s";
    return "\n  "
        + way.formatted(flow.tuple().client.withPort(flow.tuple().clientPort), flow.tuple().ownPort)
        + (flow.pending() ? " pending" : "")
        + " flags 0x%x, %d packets".formatted(flow.flags(), flow.packets());
  }

  /** The one handoff whose SYN is out; null: there is none. */
  @Nullable FlowView pending() {
    return flows().stream().filter(FlowView::pending).findAny().orElse(null);
  }

  private BpfMap pinned(String map) {
    Path pins =
        scene.lab.folder().resolve("bpf").resolve("baton").resolve("v" + Baton.BATON_SCHEMA());
    return BpfMap.tryOpenPinned(pins.resolve(map)).orElseThrow();
  }

  /** What connections hold on the DMZ node, the controller's own things not counted. */
  record Held(
      long entries, long replays, long ports, long lingering, long beforeRelease, long sockets) {
    static final Held NOTHING = new Held(0, 0, 0, 0, 0, 0);
  }

  /** What connections hold at this moment. */
  Held held() {
    Map<String, Object> status = status();
    String sockets =
        scene
            .lab
            .dmz()
            .sh("ss -Htan exclude listening exclude time-wait '( sport = :80 )' | wc -l");
    return new Held(
        elements(FLOWS),
        elements(Baton.BATON_MAP_REPLAYS().getString(0)),
        number(status, "connections", "flows_live"),
        number(status, "connections", "flows_lingering"),
        number(status, "connections", "before_release"),
        Long.parseLong(sockets.strip()));
  }

  /** Waits until connections hold nothing any more. */
  void awaitNothingHeld(Duration limit) {
    await(
        "nothing held",
        limit,
        () -> {
          Held held = held();
          return held.equals(Held.NOTHING) ? "" : held + list(flows(), flow -> true);
        });
  }

  /** Waits until nothing is missing; when the time is up, says what was missing last. */
  private static void await(String what, Duration limit, Supplier<String> missing) {
    String[] last = {""};
    try {
      Scene.await(
          what,
          limit,
          () -> {
            last[0] = missing.get();
            return last[0].isEmpty();
          });
    } catch (RuntimeException e) {
      throw new AssertionError("not " + what + ": " + last[0], e);
    }
  }
}

package dev.baton.config;

import dev.baton.address.Ip;
import dev.baton.http.ErrorPages;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads baton.yaml; {@link BatonConfig} says what each key means. */
final class BatonYaml {
  private static final int EVENT_LOOPS_MAX = 64;
  private static final Path BPF_FS = Path.of("/sys/fs/bpf");

  private static final Scalar<Protocol> PROTOCOL =
      new Scalar<>(
          "http, tls or auto",
          text ->
              switch (text) {
                case "http" -> Protocol.HTTP;
                case "tls" -> Protocol.TLS;
                case "auto" -> Protocol.AUTO;
                default -> throw new IllegalArgumentException(text);
              });

  /** Whether a name is needed. */
  private static final Scalar<Boolean> WITHOUT_SNI =
      new Scalar<>(
          "default or refuse",
          text ->
              switch (text) {
                case "default" -> false;
                case "refuse" -> true;
                default -> throw new IllegalArgumentException(text);
              });

  private static final Scalar<DataPlane> DATA_PLANE =
      new Scalar<>(
          "tc, xdp, xdp-generic or auto",
          text ->
              switch (text) {
                case "tc" -> DataPlane.TC;
                case "xdp" -> DataPlane.XDP;
                case "xdp-generic" -> DataPlane.XDP_GENERIC;
                case "auto" -> DataPlane.AUTO;
                default -> throw new IllegalArgumentException(text);
              });

  private static final Scalar<PortRange> PORT_RANGE =
      new Scalar<>("two ports such as 10000-32767, 1024 to 65535", BatonYaml::portRange);

  private static final Scalar<String> DIRECTORY =
      new Scalar<>("sqlite: and a path from the root", BatonYaml::directory);

  private static final Scalar<Path> PIN_PATH =
      new Scalar<>(Scalars.ABSOLUTE_PATH.expected(), BatonYaml::pinPath);

  private static final Scalar<Integer> REDIRECT_STATUS =
      new Scalar<>(
          "302, 307 or 308",
          text ->
              switch (text) {
                case "302" -> 302;
                case "307" -> 307;
                case "308" -> 308;
                default -> throw new IllegalArgumentException(text);
              });

  private final YamlDocument document;
  private final YamlMapping root;

  BatonYaml(YamlDocument document) {
    this.document = document;
    this.root = document.root();
  }

  BatonConfig read() {
    String node = root.required("node", Scalars.NODE_NAME, "");
    String clusterDomain = root.optional("cluster-domain", Scalars.DOMAIN, "cloud");
    List<Listen> listen = listen();
    Optional<Interfaces> interfaces =
        root.requiredMapping("interfaces", "public and cluster", BatonYaml::interfaces);
    List<Ip> clusterAddresses = clusterAddresses();
    PortRange sourcePorts =
        root.optional("source-ports", PORT_RANGE, new PortRange(10_000, 32_767));
    DataPlane dataPlane = root.optional("data-plane", DATA_PLANE, DataPlane.TC);
    String directory = root.optional("directory", DIRECTORY, "sqlite:/var/lib/baton/directory.db");
    Path pinPath = root.optional("pin-path", PIN_PATH, Path.of("/sys/fs/bpf/baton"));
    InetSocketAddress admin =
        root.optional(
            "admin",
            Scalars.SOCKET_ADDRESS,
            new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 9180));
    int eventLoops = eventLoops(sourcePorts);
    boolean notrack = root.optional("notrack", Scalars.BOOLEAN, true);
    Limits limits = limits();
    Timeouts timeouts = timeouts();
    ErrorPages errorPages =
        root.has("error-pages")
            ? root.requiredMapping("error-pages", PageFiles.EXPECTED, PageFiles::read)
                .orElseGet(ErrorPages::builtIn)
            : ErrorPages.builtIn();
    @Nullable Path lists =
        root.has("lists") ? root.required("lists", Scalars.ABSOLUTE_PATH, Path.of("/")) : null;
    int redirectStatus = root.optional("redirect-status", REDIRECT_STATUS, 307);
    Optional<DnsSettings> dns =
        root.has("dns")
            ? root.requiredMapping("dns", "listen", item -> dns(item, listen, clusterDomain))
            : Optional.empty();
    document.finish();
    return new BatonConfig(
        node,
        clusterDomain,
        List.copyOf(listen),
        interfaces.orElseThrow(),
        List.copyOf(clusterAddresses),
        sourcePorts,
        dataPlane,
        directory,
        pinPath,
        admin,
        eventLoops,
        notrack,
        limits,
        timeouts,
        errorPages,
        Optional.ofNullable(lists),
        redirectStatus,
        dns);
  }

  /** Each event loop has ports of its own. */
  private int eventLoops(PortRange sourcePorts) {
    int processors = Runtime.getRuntime().availableProcessors();
    int most = Math.min(EVENT_LOOPS_MAX, sourcePorts.size());
    int loops =
        root.optional(
            "event-loops",
            Scalar.integer("a number of threads", 1, EVENT_LOOPS_MAX),
            Math.clamp(processors, 1, most));
    if (loops > most) {
      document
          .problems()
          .add(
              root.lineOf("event-loops"),
              "event-loops",
              "expected at most one for each of the source-ports, " + sourcePorts);
    }
    return loops;
  }

  private List<Ip> clusterAddresses() {
    List<Ip> addresses = root.requiredList("cluster-address", Scalars.HOST_ADDRESS);
    if (new HashSet<>(addresses).size() < addresses.size()) {
      document
          .problems()
          .add(
              root.lineOf("cluster-address"), "cluster-address", "expected each address only once");
    }
    return addresses;
  }

  private List<Listen> listen() {
    Set<String> seen = new HashSet<>();
    return root.requiredMappings(
        "listen",
        "address, port and protocol",
        item -> {
          Listen listen =
              new Listen(
                  item.required("address", Scalars.ADDRESS, new Ip()),
                  item.required("port", Scalars.PORT, 0),
                  item.optional("protocol", PROTOCOL, Protocol.HTTP),
                  item.optional("without-sni", WITHOUT_SNI, false),
                  item.has("accept-proxy")
                      ? item.requiredOneOrMore("accept-proxy", Scalars.PREFIX)
                      : List.of(),
                  item.optional(
                      "backlog",
                      Scalar.integer("a number of connections", 1, 65_535),
                      Listen.BACKLOG));
          if (listen.needName() && listen.protocol() == Protocol.HTTP) {
            document
                .problems()
                .add(
                    item.lineOf("without-sni"),
                    item.pathOf("without-sni"),
                    "expected only where the protocol is tls or auto");
          }
          if (listen.port() != 0 && !seen.add(listen.toString())) {
            document
                .problems()
                .add(item.line(), item.pathOf("address"), "expected once, found again: " + listen);
          }
          return listen;
        });
  }

  private static Interfaces interfaces(YamlMapping map) {
    return new Interfaces(
        map.required("public", Scalars.INTERFACE, ""),
        map.required("cluster", Scalars.INTERFACE, ""));
  }

  private Limits limits() {
    Limits d = Limits.DEFAULT;
    return new Limits(
        root.optional(
            "max-flows", Scalar.integer("a number of entries", 1024, 16_777_216), d.maxFlows()),
        root.optional(
            "max-connections",
            Scalar.integer("a number of connections", 1, 1_000_000),
            d.maxConnections()),
        root.optional(
            "head-limit", Scalar.integer("a number of bytes", 1024, 65_536), d.headLimit()),
        root.optional(
            "max-connections-per-client",
            Scalar.integer("a number of connections", 1, 1_000_000),
            d.maxPerClient()),
        root.optional(
            "max-assembled-answers",
            Scalar.integer("a number of answers", 1, 100_000),
            d.maxAssembled()));
  }

  private DnsSettings dns(YamlMapping item, List<Listen> listen, String clusterDomain) {
    List<InetSocketAddress> at = item.requiredOneOrMore("listen", Scalars.SOCKET_ADDRESS);
    List<Ip> addresses =
        item.has("addresses")
            ? item.requiredOneOrMore("addresses", Scalars.HOST_ADDRESS)
            : listen.stream().filter(l -> !l.isAny()).map(Listen::address).distinct().toList();
    if (addresses.isEmpty() && !listen.isEmpty()) {
      document
          .problems()
          .add(
              item.line(),
              "dns.addresses",
              "expected the addresses that names lead to: each listen is at any address");
    }
    List<String> servers =
        item.has("name-servers")
            ? item.requiredOneOrMore("name-servers", Scalars.DOMAIN)
            : List.of("ns." + clusterDomain);
    return new DnsSettings(
        List.copyOf(at),
        List.copyOf(addresses),
        List.copyOf(servers),
        item.optional("contact", Scalars.DOMAIN, "hostmaster." + clusterDomain),
        item.optional(
            "ttl", Scalars.duration(Duration.ofSeconds(1), Duration.ofDays(7)), DnsSettings.TTL));
  }

  private Timeouts timeouts() {
    Timeouts d = Timeouts.DEFAULT;
    Duration tenth = Duration.ofMillis(100);
    Duration second = Duration.ofSeconds(1);
    Duration minutes = Duration.ofMinutes(10);
    Duration week = Duration.ofDays(7);
    return new Timeouts(
        duration("head-timeout", tenth, minutes, d.head()),
        duration("syn-timeout", Duration.ofMillis(50), Duration.ofMinutes(1), d.syn()),
        duration("replay-timeout", tenth, minutes, d.replay()),
        duration("linger", second, minutes, d.linger()),
        duration("linger-reset", second, minutes, d.lingerReset()),
        duration("idle-timeout", second, week, d.idle()),
        duration("half-open-timeout", second, week, d.halfOpen()),
        duration("shutdown-timeout", Duration.ZERO, Duration.ofSeconds(4), d.shutdown()),
        duration("first-byte-timeout", tenth, minutes, d.firstByte()),
        duration("piece-timeout", tenth, minutes, d.piece()),
        duration("stalled-timeout", tenth, minutes, d.stalled()));
  }

  private Duration duration(String key, Duration min, Duration max, Duration ifAbsent) {
    return root.optional(key, Scalars.duration(min, max), ifAbsent);
  }

  private static PortRange portRange(String text) {
    if (!text.matches("[0-9]{1,5}-[0-9]{1,5}")) {
      throw new IllegalArgumentException(text);
    }
    int dash = text.indexOf('-');
    int first = Integer.parseInt(text, 0, dash, 10);
    int last = Integer.parseInt(text, dash + 1, text.length(), 10);
    if (first < 1024 || last > 65_535 || first > last) {
      throw new IllegalArgumentException(text);
    }
    return new PortRange(first, last);
  }

  private static Path pinPath(String text) {
    Path path = Scalars.ABSOLUTE_PATH.read().apply(text);
    if (path.startsWith(BPF_FS) && BPF_FS.relativize(path).toString().contains(".")) {
      // kernel/bpf/inode.c, bpf_lookup
      throw new Scalar.Refused(
          "below %s the kernel keeps names with a dot for itself, expected another, found \"%s\""
              .formatted(BPF_FS, text));
    }
    return path;
  }

  private static String directory(String text) {
    if (!text.startsWith("sqlite:/")
        || text.contains("?")
        || Path.of(text.substring("sqlite:".length())).getFileName() == null) {
      throw new IllegalArgumentException(text);
    }
    return text;
  }
}

package dev.baton.lab;

import dev.baton.config.BatonConfig;
import dev.baton.directory.ClusterFile;
import dev.baton.directory.SqliteDirectory;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The real controller on a lab's DMZ node, as a JVM of its own with the class path of this one. It
 * has its own folder, directory and bpf file system, so that nothing of it is left once the lab is
 * gone.
 *
 * <pre>{@code
 * try (Lab lab = Lab.open(2)) {
 *   Controller controller = Controller.create(lab, Controller.standardFile(lab));
 *   controller.apply(Controller.standardCluster(lab));
 *   controller.start();
 *   …
 * }
 * }</pre>
 */
public final class Controller implements AutoCloseable {
  private static final Duration READY_LIMIT = Duration.ofSeconds(20);
  private static final Duration COMMAND_LIMIT = Duration.ofSeconds(20);

  /** What the contract allows between SIGTERM and the end. */
  public static final Duration STOP_LIMIT = Duration.ofSeconds(5);

  private final Lab lab;
  private final Path folder;
  private final Path file;
  private int starts;
  private @Nullable Child child;

  private Controller(Lab lab, Path folder) {
    this.lab = lab;
    this.folder = folder;
    this.file = folder.resolve("baton.yaml");
  }

  /**
   * Prepares one; nothing runs yet. The lab closes it.
   *
   * @param lab the lab
   * @param settings the text of {@code baton.yaml}; see {@link #standardFile(Lab)}
   */
  public static Controller create(Lab lab, String settings) {
    var controller = new Controller(lab, lab.folder().resolve("baton"));
    try {
      Files.createDirectories(bpf(lab));
      Files.createDirectories(controller.folder);
      Files.writeString(controller.file, settings);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot prepare the controller", e);
    }
    lab.mount("bpf", bpf(lab));
    return lab.own(controller);
  }

  private static Path bpf(Lab lab) {
    return lab.folder().resolve("bpf");
  }

  /**
   * The text of a {@code baton.yaml} that fits a lab: port 80 of the public address, ports
   * 10000–32767 to targets, tc; in all families that are {@link Family#SERVED}.
   */
  public static String standardFile(Lab lab) {
    return standardFile(lab, "tc");
  }

  /**
   * The same with another data plane.
   *
   * @param lab the lab
   * @param dataPlane as {@code data-plane} takes it
   */
  public static String standardFile(Lab lab, String dataPlane) {
    String listeners =
        Family.SERVED.stream()
            .map(family ->
                "  - { address: \"%s\", port: 80, protocol: http }\n"
                    .formatted(family.publicAddress()))
            .collect(Collectors.joining());
    String cluster =
        Family.SERVED.stream()
            .flatMap(family ->
                IntStream.rangeClosed(1, lab.plan().clusterAddresses())
                    .mapToObj(host -> '"' + family.address(2, host) + '"'))
            .collect(Collectors.joining(", "));
    return """
    node: qure-1
    cluster-domain: cloud
    listen:
    %sinterfaces: { public: d0, cluster: d1 }
    cluster-address: [%s]
    source-ports: 10000-32767
    data-plane: %s
    directory: sqlite:%s
    pin-path: %s
    admin: 127.0.0.1:9180
    """
        .formatted(
            listeners,
            cluster,
            dataPlane,
            lab.folder().resolve("baton").resolve("directory.db"),
            bpf(lab).resolve("baton"));
  }

  /**
   * The text of a {@code cluster.yaml}: all targets of a lab on port 80; {@code www.example.com} on
   * the first, every name below {@code example.org} on the last. A node is not given up for a few
   * handoffs that a test makes fail.
   */
  public static String standardCluster(Lab lab) {
    String nodes =
        lab.targets().stream()
            .map(target ->
                "  - { name: %s, address: %s, port: 80 }\n"
                    .formatted(target.name(), addresses(target)))
            .collect(Collectors.joining());
    return """
    check: { kind: none, fall: 100 }
    nodes:
    %ssites:
      - { host: www.example.com, nodes: [%s] }
      - { host: "*.example.org", nodes: [%s] }
    """
        .formatted(nodes, lab.targets().getFirst().name(), lab.targets().getLast().name());
  }

  private static String addresses(Target target) {
    if (Family.SERVED.size() == 1) {
      return target.address(Family.SERVED.getFirst());
    }
    return Family.SERVED.stream()
        .map(family -> '"' + target.address(family) + '"')
        .collect(Collectors.joining(", ", "[", "]"));
  }

  /**
   * Applies a cluster file, while the controller runs or before: what {@code baton apply --prune}
   * does, without a JVM of its own.
   *
   * @param cluster the text of {@code cluster.yaml}
   * @return what the command would report
   * @throws RuntimeException if it is refused
   */
  public String apply(String cluster) {
    BatonConfig config = BatonConfig.load(file);
    ClusterFile wanted = ClusterFile.parse("cluster.yaml", cluster, config.takesTls());
    try (SqliteDirectory directory = SqliteDirectory.open(config.directory())) {
      return String.join("\n", directory.apply(wanted, true).lines());
    }
  }

  /**
   * Runs a command of the command line with this controller's {@code baton.yaml}, inside the DMZ
   * node.
   *
   * @param name the command, such as {@code status} or {@code deploy begin}
   * @param arguments its arguments, {@code -c} excepted
   * @return what it left behind, whatever its exit code
   */
  public Result command(String name, String... arguments) {
    return lab.dmz().run(COMMAND_LIMIT, commandLine(name, arguments).toArray(String[]::new));
  }

  /**
   * Starts {@code baton run} and waits for its line {@code ready}.
   *
   * @throws LabException if it ends or is silent for 20 s; the message has its output
   */
  public void start() {
    if (isRunning()) {
      throw new IllegalStateException("the controller runs already");
    }
    child = lab.dmz().start("baton-run-" + ++starts, runCommand().toArray(String[]::new));
    child.awaitLine(text -> text.startsWith("ready"), READY_LIMIT);
  }

  /**
   * The command line of one of baton's commands with this controller's configuration, for those who
   * start it themselves.
   */
  public List<String> commandLine(String name, String... arguments) {
    var line = javaCommand();
    line.addAll(List.of(name.split(" ", -1)));
    line.addAll(List.of("-c", file.toString()));
    line.addAll(List.of(arguments));
    return line;
  }

  /**
   * The command line of {@code baton run}, for those who start it themselves, inside the DMZ node.
   */
  public List<String> runCommand() {
    var line = javaCommand();
    line.addAll(List.of("run", "-c", file.toString()));
    return line;
  }

  /** Whether {@code baton run} runs. */
  public boolean isRunning() {
    return child != null && child.isAlive();
  }

  private static List<String> javaCommand() {
    var line = new ArrayList<String>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    line.addAll(
        List.of(
            "--enable-native-access=ALL-UNNAMED",
            "-XX:+UseSerialGC",
            "-XX:-UsePerfData",
            "-Xmx512m",
            "-Dstdout.encoding=UTF-8",
            "-Dstderr.encoding=UTF-8"));
    // The launcher's AOT cache fits the same class path and halves the start.
    ProcessHandle.current().info().arguments().stream()
        .flatMap(Stream::of)
        .filter(argument -> argument.startsWith("-XX:AOTCache=") || argument.startsWith("-Xlog:"))
        .forEach(line::add);
    // As the launcher takes it.
    Stream.of(System.getenv().getOrDefault("BATON_JAVA_OPTS", "").split(" ", -1))
        .filter(option -> !option.isEmpty())
        .forEach(line::add);
    line.addAll(List.of("-cp", classPath(), "dev.baton.cli.Main"));
    return line;
  }

  private static String classPath() {
    // Surefire may put a jar with nothing but a manifest on the class path; this is what it stands
    // for.
    String path =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    return List.of(path.split(File.pathSeparator, -1)).stream()
        .map(entry -> Path.of(entry).toAbsolutePath().toString())
        .collect(Collectors.joining(File.pathSeparator));
  }

  /** Its {@code baton.yaml}. */
  public Path file() {
    return file;
  }

  /** The process id of {@code baton run}. */
  public long pid() {
    return child().pid();
  }

  /** All {@code baton run} has printed since its last start. */
  public List<String> output() {
    return child().lines();
  }

  private Child child() {
    if (child == null) {
      throw new IllegalStateException("the controller was never started");
    }
    return child;
  }

  /**
   * Ends {@code baton run} with SIGTERM; living flows go on, programs and pins stay.
   *
   * @return whether it ended within {@link #STOP_LIMIT}; if not, it was killed
   */
  public boolean stop() {
    return child().stop(STOP_LIMIT);
  }

  /** Ends {@code baton run} with SIGKILL. */
  public void kill() {
    child().kill();
  }

  /**
   * Runs {@code baton detach}.
   *
   * @throws LabException if it fails
   */
  public void detach() {
    command("detach").orThrow();
  }

  /** Ends {@code baton run}; what it leaves in the kernel goes with the lab's namespaces. */
  @Override
  public void close() {
    if (isRunning() && !stop()) {
      System.err.println(
          "the controller did not end within %d ms of SIGTERM".formatted(STOP_LIMIT.toMillis()));
    }
  }
}

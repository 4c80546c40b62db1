package dev.baton.lab;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * One network namespace of a {@link Lab}. Commands get in by {@code nsenter --net}: unlike {@code
 * ip netns exec} that leaves {@code /sys} alone, and with it the bpf file system's pins.
 */
public final class Namespace {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  private final String name;
  private final Path logs;

  Namespace(String name, Path logs) {
    this.name = name;
    this.logs = logs;
  }

  /** Its name below {@code /run/netns}. */
  public String name() {
    return name;
  }

  /**
   * A command as it must be called to run in here.
   *
   * @param command program and arguments
   */
  public List<String> inside(List<String> command) {
    var full = new ArrayList<>(List.of("nsenter", "--net=/run/netns/" + name));
    full.addAll(command);
    return full;
  }

  /**
   * Runs a command in here to its end.
   *
   * @param limit how long it may take
   * @param command program and arguments
   * @return what it left behind, whatever its exit code
   * @throws LabException if it takes too long
   */
  public Result run(Duration limit, String... command) {
    // In a session of its own: Ctrl-C must reach the JVM first, which then ends what runs in its
    // lab.
    var full = new ArrayList<>(List.of("setsid"));
    full.addAll(inside(List.of(command)));
    return Commands.run(limit, full);
  }

  /**
   * Runs a shell script in here ({@code sh -e}) that must succeed within 20 s.
   *
   * @param script the script
   * @return its standard output
   * @throws LabException if it fails or takes too long
   */
  public String sh(String script) {
    return run(LIMIT, "sh", "-ec", script).orThrow();
  }

  /**
   * Sets a switch of this namespace's network.
   *
   * @param key as sysctl names it, such as {@code net.ipv4.ip_forward}
   * @param value its new value
   * @throws LabException if the kernel refuses
   */
  public void sysctl(String key, String value) {
    sh("echo '%s' > /proc/sys/%s".formatted(value, key.replace('.', '/')));
  }

  /**
   * Loads an nft ruleset into this namespace.
   *
   * @param ruleset in nft's own language
   * @throws LabException if nft refuses it
   */
  public void nft(String ruleset) {
    sh("nft -f - <<'RULESET'\n" + ruleset + "\nRULESET\n");
  }

  /**
   * Starts a program in here in the background. Whoever calls closes it; the lab kills what is
   * left.
   *
   * @param label its name in messages, and that of its log file
   * @param command program and arguments
   */
  public Child start(String label, String... command) {
    return Child.start(label, logs.resolve(label + ".log"), inside(List.of(command)));
  }

  /** The processes in here. */
  List<ProcessHandle> processes() {
    var result = Commands.run(LIMIT, List.of("ip", "netns", "pids", name));
    return result
        .out()
        .lines()
        .flatMap(pid -> ProcessHandle.of(Long.parseLong(pid.strip())).stream())
        .toList();
  }

  @Override
  public String toString() {
    return name;
  }
}

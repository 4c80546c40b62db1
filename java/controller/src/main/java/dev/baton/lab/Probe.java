package dev.baton.lab;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Says what this machine lacks for a lab, so that tests can be skipped by name. */
public final class Probe {
  private static final Duration LIMIT = Duration.ofSeconds(10);

  private Probe() {}

  /**
   * What is missing for a lab in which the given programs run.
   *
   * @param programs names of programs, such as {@code nginx}
   * @return what is missing, in words; empty if nothing is
   */
  public static List<String> missing(String... programs) {
    var missing = new ArrayList<String>();
    for (String program :
        Stream.concat(Stream.of("ip", "nsenter", "setsid", "mount"), Stream.of(programs))
            .toList()) {
      if (!has(program)) {
        missing.add("the program " + program);
      }
    }
    if (!missing.isEmpty()) {
      return missing;
    }
    if (!Files.isWritable(Path.of("/proc/self/oom_score_adj"))
        || !succeeds("[ \"$(id -u)\" = 0 ]")) {
      missing.add("root");
    } else if (!succeeds("unshare --net ip link add a0 type veth peer name a1")) {
      missing.add("network namespaces with veth pairs");
    }
    return missing;
  }

  /**
   * What is missing to run the real data plane in a lab.
   *
   * @param programs names of programs, such as {@code nginx}
   * @return what is missing, in words; empty if nothing is
   */
  public static List<String> missingForDataPlane(String... programs) {
    List<String> missing = new ArrayList<>(missing(programs));
    if (missing.isEmpty()) {
      if (!succeeds("unshare --mount mount -t bpf bpf /sys/fs/bpf")) {
        missing.add("the bpf file system");
      }
      if (!succeeds(
          "unshare --net sh -ec 'ip link add a0 type veth peer name a1; tc qdisc add dev a0 clsact'")) {
        missing.add("the clsact qdisc");
      }
    }
    return missing;
  }

  private static boolean has(String program) {
    return succeeds("command -v " + program);
  }

  private static boolean succeeds(String script) {
    return Commands.run(LIMIT, List.of("sh", "-c", script)).exit() == 0;
  }
}

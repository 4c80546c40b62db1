package dev.baton.e2e;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.baton.bindings.flow.Baton;
import dev.baton.bindings.flow.baton_flow_state;
import dev.baton.bpf.BpfFs;
import dev.baton.bpf.BpfMap;
import dev.baton.bpf.BpfObject;
import dev.baton.bpf.BtfLayout;
import dev.baton.bpf.Direction;
import dev.baton.bpf.TcHook;
import dev.baton.net.NetworkDevice;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Makes of what a controller left what one of schema 1 would have left: today's programs compiled
 * as schema 1, with another layout, hold its flows in maps of their own, at their own place among
 * the filters; nothing of today's schema stays.
 */
final class Predecessor {
  static final int PRIORITY = 0xba70;

  /** What stands before all else in this schema's flow state. */
  private static final int FORMER_BYTES = 8;

  private static final List<String> MAPS =
      Stream.of(
              Baton.BATON_MAP_FLOWS(),
              Baton.BATON_MAP_REPLAYS(),
              Baton.BATON_MAP_RINGS(),
              Baton.BATON_MAP_COUNTERS(),
              Baton.BATON_MAP_HOST(),
              Baton.BATON_MAP_LINKS())
          .map(name -> name.getString(0))
          .toList();

  private Predecessor() {}

  /** The object file, compiled from altered copies of the sources. */
  static byte[] compile(Path folder) throws IOException, InterruptedException {
    Path sources = folder.resolve("bpf");
    try (Stream<Path> files = Files.walk(Path.of("../../bpf"))) {
      for (Path file : files.filter(each -> !each.toString().contains("target")).toList()) {
        Path copy = sources.resolve(Path.of("../../bpf").relativize(file).toString());
        if (Files.isRegularFile(file)) {
          Files.createDirectories(copy.getParent());
          Files.copy(file, copy);
        }
      }
    }
    Path header = sources.resolve("include/baton.h");
    Files.writeString(
        header,
        Files.readString(header)
            .replaceFirst("#define BATON_SCHEMA \\d+", "#define BATON_SCHEMA 1")
            .replace("struct baton_flow_state {", "struct baton_flow_state {\n__u64 former;")
            .replaceAll("_Static_assert\\(sizeof\\(struct baton_flow(_state)?\\).*\n", ""));
    Process make =
        new ProcessBuilder("make", "-s", "-C", sources.toString(), "OUT=out")
            .redirectErrorStream(true)
            .start();
    String output =
        new String(make.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    if (make.waitFor() != 0) {
      throw new AssertionError(output);
    }
    return Files.readAllBytes(sources.resolve("out/baton_tc.bpf.o"));
  }

  /** On a thread of the DMZ node's namespace, while no controller runs. */
  static boolean takeOver(byte[] object, Path pinPath, List<Integer> clientPortsInReplay) {
    Path now = pinPath.resolve("v" + Baton.BATON_SCHEMA());
    Path then = pinPath.resolve("v1");
    BpfFs.ensure(then);
    try (BpfObject old = BpfObject.open(object, "predecessor")) {
      BtfLayout layout = BtfLayout.of(old, "baton_flow_state");
      if (layout.size() == baton_flow_state.layout().byteSize()) {
        throw new AssertionError("the layouts are the same: the test would show nothing");
      }
      MAPS.forEach(map -> old.setPinPath(map, then.resolve(map)));
      old.load();
      for (String device : List.of("d0", "d1")) {
        int index = NetworkDevice.index(device).orElseThrow();
        attach(old, index, Direction.INGRESS, Baton.BATON_PROGRAM_INGRESS());
        attach(old, index, Direction.EGRESS, Baton.BATON_PROGRAM_GUARD());
      }
      copy(old, now, Baton.BATON_MAP_HOST().getString(0), 0);
      copy(old, now, Baton.BATON_MAP_FLOWS().getString(0), FORMER_BYTES);
      markInReplay(old, clientPortsInReplay);
      for (String device : List.of("d0", "d1")) {
        int index = NetworkDevice.index(device).orElseThrow();
        for (Direction direction : Direction.values()) {
          TcHook.detach(index, direction, Baton.BATON_TC_PRIORITY(), Baton.BATON_TC_HANDLE());
        }
      }
      MAPS.forEach(map -> BpfMap.unpin(now.resolve(map)));
      Files.delete(now);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return true;
  }

  private static void attach(BpfObject old, int index, Direction direction, MemorySegment program) {
    TcHook.attach(
        index, direction, old.program(program.getString(0)), PRIORITY, Baton.BATON_TC_HANDLE());
  }

  private static void copy(BpfObject old, Path now, String name, int shift) {
    try (BpfMap from = BpfMap.openPinned(now.resolve(name));
        Arena arena = Arena.ofConfined()) {
      BpfMap to = old.map(name);
      MemorySegment value = arena.allocate(to.valueBytes(), 8);
      from.forEach((key, each) -> {
        MemorySegment.copy(each, 0, value, shift, from.valueBytes());
        to.update(key, value, BpfMap.ANY);
      });
    }
  }

  /** The flows of these clients were not released. */
  private static void markInReplay(BpfObject old, List<Integer> clientPorts) {
    try (Arena arena = Arena.ofConfined()) {
      BpfMap replays = old.map(Baton.BATON_MAP_REPLAYS().getString(0));
      MemorySegment mark = arena.allocate(replays.valueBytes(), 8);
      BtfLayout flow = BtfLayout.of(old, "baton_flow");
      int newDport = Objects.requireNonNull(flow.members().get("new_dport")).offset();
      old.map(Baton.BATON_MAP_FLOWS().getString(0))
          .forEach((key, value) -> {
            mark.set(JAVA_INT, 0, 1);
            int port =
                Short.toUnsignedInt(
                    Short.reverseBytes(
                        value.get(java.lang.foreign.ValueLayout.JAVA_SHORT, newDport)));
            if (clientPorts.contains(port)) {
              replays.update(key, mark, BpfMap.ANY);
            }
          });
    }
  }
}

package dev.baton.bpf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.bindings.libbpf.LibBpf;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class LibbpfTest {
  /** Run by a JVM that cannot see the library: prints what each way in says. */
  static final class WithoutLibrary {
    private WithoutLibrary() {}

    public static void main(String[] args) {
      Path path = Path.of("/nothing");
      say(() -> BpfObject.open(new byte[8], "object").close());
      say(() -> BpfObject.open(new byte[8], "again").close());
      say(() -> BpfMap.create(MapType.ARRAY, "map", 4, 4, 1, 0).close());
      say(() -> BpfMap.openPinned(path).close());
      say(() -> BpfMap.openById(1).close());
      say(() -> BpfProgram.openPinned(path).close());
      say(() -> BpfProgram.openById(1).close());
      say(() -> TcHook.createClsact(1));
      say(() -> TcHook.query(1, Direction.INGRESS, 1, 1));
      say(() -> Xdp.query(1));
      say(() -> BtfLayout.read(new byte[8], "struct"));
      say(Libbpf::version);
    }

    @SuppressWarnings("SystemOut")
    private static void say(Runnable call) {
      try {
        call.run();
        System.out.println("no exception");
      } catch (Throwable e) {
        System.out.println(e);
      }
    }
  }

  @Test
  void withoutTheLibraryEachWayInSaysWhatToInstall() throws IOException {
    Needs.root();
    Needs.libbpf();
    Needs.program("unshare");
    Path library;
    try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
      library =
          maps.filter(line -> line.contains("/libbpf.so"))
              .map(line -> Path.of(line.substring(line.indexOf('/'))))
              .findFirst()
              .orElseThrow();
    }
    String java =
        "%s/bin/java --enable-native-access=ALL-UNNAMED -cp '%s' '%s'"
            .formatted(
                System.getProperty("java.home"),
                System.getProperty("java.class.path"),
                WithoutLibrary.class.getName());
    String output =
        NetNamespace.run(
            "unshare", "-m", "sh", "-c", "mount --bind /dev/null " + library + " && " + java);
    assertThat(output.lines())
        .hasSize(12)
        .allSatisfy(line ->
            assertThat(line)
                .startsWith("dev.baton.bpf.BpfException: libbpf.so.1 cannot be opened: install")
                .contains("libbpf1"));
  }

  @Test
  void constantsAreThoseOfTheHeader() {
    Needs.libbpf();
    assertThat(
            new int[] {
              MapType.HASH, MapType.ARRAY, MapType.PERCPU_HASH, MapType.PERCPU_ARRAY,
              MapType.LRU_HASH, MapType.LPM_TRIE, MapType.ARRAY_OF_MAPS, MapType.HASH_OF_MAPS,
              MapType.RINGBUF, BpfMap.NO_PREALLOC
            })
        .containsExactly(
            LibBpf.BPF_MAP_TYPE_HASH(), LibBpf.BPF_MAP_TYPE_ARRAY(),
            LibBpf.BPF_MAP_TYPE_PERCPU_HASH(), LibBpf.BPF_MAP_TYPE_PERCPU_ARRAY(),
            LibBpf.BPF_MAP_TYPE_LRU_HASH(), LibBpf.BPF_MAP_TYPE_LPM_TRIE(),
            LibBpf.BPF_MAP_TYPE_ARRAY_OF_MAPS(), LibBpf.BPF_MAP_TYPE_HASH_OF_MAPS(),
            LibBpf.BPF_MAP_TYPE_RINGBUF(), LibBpf.BPF_F_NO_PREALLOC());
    assertThat(new long[] {BpfMap.ANY, BpfMap.NOEXIST, BpfMap.EXIST})
        .containsExactly(LibBpf.BPF_ANY(), LibBpf.BPF_NOEXIST(), LibBpf.BPF_EXIST());
    assertThat(Libbpf.version()).startsWith("1.");
  }
}

package dev.baton.bpf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** What a test needs of the machine; without it the test is skipped, by name. */
final class Needs {
  private static final int CAP_SYS_ADMIN = 21;

  private Needs() {}

  /** The right to make maps and to load programs. */
  static void bpf() {
    try (BpfMap map = BpfMap.create(MapType.ARRAY, "probe", 4, 4, 1, 0)) {
      assertThat(map.fd()).isNotNegative();
    } catch (BpfException e) {
      assumeTrue(false, "needs CAP_BPF, CAP_NET_ADMIN and libbpf: " + e.getMessage());
    }
  }

  /** The library alone, which needs no right. */
  static void libbpf() {
    try {
      Libbpf.require();
    } catch (BpfException e) {
      assumeTrue(false, "needs libbpf: " + e.getMessage());
    }
  }

  /** The right to mount and to make network namespaces. */
  static void root() {
    String capabilities;
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
      capabilities =
          lines.filter(line -> line.startsWith("CapEff:")).findFirst().orElse("CapEff: 0");
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    long effective = Long.parseUnsignedLong(capabilities.replaceAll(".*\\s", ""), 16);
    assumeTrue((effective & 1L << CAP_SYS_ADMIN) != 0, "needs root (CAP_SYS_ADMIN)");
  }

  static void program(String name) {
    boolean found =
        Files.isExecutable(Path.of("/usr/sbin/" + name))
            || Files.isExecutable(Path.of("/usr/bin/" + name))
            || Files.isExecutable(Path.of("/sbin/" + name));
    assumeTrue(found, "needs the program " + name);
  }

  /** An object that the build has compiled of src/test/bpf. */
  static byte[] object(String name) {
    String resource = "/bpf/" + name + ".bpf.o";
    try (InputStream in = Needs.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new AssertionError(resource + " is missing: did the build compile src/test/bpf?");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new AssertionError(resource, e);
    }
  }

  /** The usual test object, with room for inner rings and loaded. */
  static BpfObject loaded() {
    BpfObject object = BpfObject.open(object("loader"), "loader");
    try (BpfMap inner = BpfMap.create(MapType.RINGBUF, "inner", 0, 0, 4096, 0)) {
      object.setInnerMap("rings", inner);
      object.load();
      return object;
    } catch (RuntimeException e) {
      object.close();
      throw e;
    }
  }

  /** An Ethernet frame of so many bytes, IPv4 by its type, the rest zero. */
  static byte[] frame(int length) {
    byte[] frame = new byte[length];
    for (int i = 0; i < 12; i++) {
      frame[i] = (byte) (i + 1);
    }
    frame[12] = 8;
    return frame;
  }
}

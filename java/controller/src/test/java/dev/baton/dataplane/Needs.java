package dev.baton.dataplane;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.bindings.libbpf.LibBpf;
import dev.baton.bpf.BpfException;
import dev.baton.bpf.BpfMap;

/** What a test needs of the machine; without it the test is skipped, by name. */
final class Needs {
  private Needs() {}

  /** The right to make maps and to load programs. */
  static void bpf() {
    try (BpfMap map = BpfMap.create(LibBpf.BPF_MAP_TYPE_ARRAY(), "probe", 4, 4, 1, 0)) {
      assumeTrue(map.fd() >= 0, "needs a map");
    } catch (BpfException e) {
      assumeTrue(false, "needs CAP_BPF, CAP_NET_ADMIN and libbpf: " + e.getMessage());
    }
  }
}

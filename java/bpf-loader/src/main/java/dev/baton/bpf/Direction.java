package dev.baton.bpf;

import dev.baton.bindings.libbpf.LibBpf;

/** Which way packets go through an interface. */
public enum Direction {
  /** Received by the interface. */
  INGRESS,
  /** Sent by it. */
  EGRESS;

  /** {@code enum bpf_tc_attach_point}. */
  int attachPoint() {
    return this == INGRESS ? LibBpf.BPF_TC_INGRESS() : LibBpf.BPF_TC_EGRESS();
  }
}

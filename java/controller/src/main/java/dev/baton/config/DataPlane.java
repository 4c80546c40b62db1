package dev.baton.config;

/** Where the eBPF programs are attached. */
public enum DataPlane {
  /** clsact ingress and egress of tc. */
  TC,
  /** XDP in the drivers of both interfaces, with tc beneath; refused where a driver cannot. */
  XDP,
  /** XDP in the stack, for any driver, with tc beneath. */
  XDP_GENERIC,
  /** {@link #XDP} where both interfaces can, otherwise {@link #TC}. */
  AUTO
}

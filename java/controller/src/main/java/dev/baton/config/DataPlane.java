package dev.baton.config;

/** Where the eBPF programs are attached. */
public enum DataPlane {
  /** clsact ingress and egress of tc. */
  TC
}

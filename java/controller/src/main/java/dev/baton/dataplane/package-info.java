/** The kernel's side: programs loaded, pinned and attached, flow entries written and read. */
@org.jspecify.annotations.NullMarked
package dev.baton.dataplane;

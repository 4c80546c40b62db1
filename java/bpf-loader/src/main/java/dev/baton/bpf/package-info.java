/**
 * libbpf from Java: objects, programs, maps, ring buffers, tc and XDP attachment.
 *
 * <p>Nothing here knows of Baton's controller; see the README beside the module.
 */
@org.jspecify.annotations.NullMarked
package dev.baton.bpf;

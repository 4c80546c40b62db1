package dev.baton.bpf;

import dev.baton.bindings.libbpf.LibBpf;
import dev.baton.bindings.libbpf.bpf_test_run_opts;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What came out of a test run.
 *
 * <p>The arrays are not copied: a record of two arrays compares by identity.
 *
 * @param returnValue of the program, such as TC_ACT_SHOT (2) or XDP_PASS (2)
 * @param data the packet afterwards, from the Ethernet header on
 * @param context the context afterwards; empty when none was given
 * @param durationNanos the mean of all runs, in nanoseconds
 */
@SuppressWarnings("ArrayRecordComponent")
public record TestRun(int returnValue, byte[] data, byte[] context, long durationNanos) {
  // A program may put headers in front (bpf_skb_adjust_room, bpf_xdp_adjust_head) and behind.
  private static final int ROOM_TO_GROW = 4096;

  static TestRun run(BpfProgram program, byte[] packet, byte[] context, int repeat) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment opts = bpf_test_run_opts.allocate(arena);
      MemorySegment dataOut = arena.allocate(packet.length + ROOM_TO_GROW, 8);
      MemorySegment contextOut = arena.allocate(Math.max(8, context.length), 8);
      bpf_test_run_opts.sz(opts, opts.byteSize());
      bpf_test_run_opts.data_in(opts, arena.allocateFrom(ValueLayout.JAVA_BYTE, packet));
      bpf_test_run_opts.data_size_in(opts, packet.length);
      bpf_test_run_opts.data_out(opts, dataOut);
      bpf_test_run_opts.data_size_out(opts, (int) dataOut.byteSize());
      if (context.length > 0) {
        bpf_test_run_opts.ctx_in(opts, arena.allocateFrom(ValueLayout.JAVA_BYTE, context));
        bpf_test_run_opts.ctx_size_in(opts, context.length);
        bpf_test_run_opts.ctx_out(opts, contextOut);
        bpf_test_run_opts.ctx_size_out(opts, context.length);
      }
      bpf_test_run_opts.repeat(opts, repeat);
      int result = LibBpf.bpf_prog_test_run_opts(program.fd(), opts);
      Libbpf.check(result, "bpf_prog_test_run_opts", program.name());
      return new TestRun(
          bpf_test_run_opts.retval(opts),
          bytes(dataOut, bpf_test_run_opts.data_size_out(opts)),
          context.length == 0
              ? new byte[0]
              : bytes(contextOut, bpf_test_run_opts.ctx_size_out(opts)),
          Integer.toUnsignedLong(bpf_test_run_opts.duration(opts)));
    }
  }

  private static byte[] bytes(MemorySegment segment, int size) {
    return segment.asSlice(0, size).toArray(ValueLayout.JAVA_BYTE);
  }
}

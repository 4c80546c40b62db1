package dev.baton.bpf;

import dev.baton.bindings.libc.LibC;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.Optional;

/**
 * What a failed C call leaves in {@code errno}, and how to keep it.
 *
 * <p>The JVM itself makes system calls between two of ours, so {@code errno} must be captured as
 * part of the downcall. A captured value counts only after the call has failed: a call that
 * succeeded may leave anything there.
 */
public final class Errno {
  /**
   * The kernel's own ENOTSUPP, which leaks out of some bpf(2) commands; libc has no name for it.
   */
  static final int ENOTSUPP = 524;

  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO = STATE.varHandle(PathElement.groupElement("errno"));
  private static final Linker.Option CAPTURE = Linker.Option.captureCallState("errno");
  private static final Optional<MethodHandle> NAME =
      Linker.nativeLinker()
          .defaultLookup()
          .find("strerrorname_np")
          .map(address ->
              Linker.nativeLinker()
                  .downcallHandle(
                      address, FunctionDescriptor.of(LibC.C_POINTER, ValueLayout.JAVA_INT)));

  private Errno() {}

  /**
   * A downcall handle that captures {@code errno}. Its first parameter is the state segment, made
   * by {@link #newState}; those of {@code d} follow.
   *
   * @param address of the function, as jextract's {@code LibC.name$address()} gives it
   * @param d the function's descriptor, as {@code LibC.name$descriptor()} gives it
   * @return a handle with the parameters {@code (MemorySegment state, ...those of d)}
   */
  public static MethodHandle capturing(MemorySegment address, FunctionDescriptor d) {
    return Linker.nativeLinker().downcallHandle(address, d, CAPTURE);
  }

  /**
   * Room for what a {@linkplain #capturing capturing} call writes. A thread can use one again and
   * again; two threads must not share one.
   *
   * @param allocator where it is to live
   * @return the zeroed state segment
   */
  public static MemorySegment newState(SegmentAllocator allocator) {
    return allocator.allocate(STATE);
  }

  /**
   * The errno of the last failed call that used this state.
   *
   * @param state made by {@link #newState}
   * @return a positive errno; meaningless unless the call failed
   */
  public static int errno(MemorySegment state) {
    return (int) ERRNO.get(state, 0L);
  }

  /**
   * An errno for people.
   *
   * @param errno positive
   * @return such as {@code EPERM (Operation not permitted)}
   */
  public static String text(int errno) {
    if (errno == ENOTSUPP) {
      return "ENOTSUPP (Operation not supported by this kernel)";
    }
    return name(errno) + " (" + string(LibC.strerror(errno)) + ")";
  }

  private static String name(int errno) {
    if (NAME.isEmpty()) {
      return "errno " + errno;
    }
    try {
      MemorySegment name = (MemorySegment) NAME.get().invokeExact(errno);
      return name.equals(MemorySegment.NULL) ? "errno " + errno : string(name);
    } catch (Throwable e) {
      throw new AssertionError("strerrorname_np cannot throw", e);
    }
  }

  private static String string(MemorySegment cString) {
    return cString.reinterpret(Long.MAX_VALUE).getString(0);
  }
}

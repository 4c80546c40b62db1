package dev.baton.bpf;

import dev.baton.bindings.libbpf.LibBpf;
import dev.baton.bindings.libbpf.libbpf_print_fn_t;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What libbpf prints. By default nothing reaches stderr: the last messages of the calling thread
 * are kept, and go into the {@link BpfException} if the call fails.
 *
 * <p>libbpf has one print function for the whole process; loading any class of this package that
 * calls libbpf sets it.
 */
public final class LibbpfLog {
  private static final int KEPT = 64;
  private static final ThreadLocal<ArrayDeque<String>> LAST =
      ThreadLocal.withInitial(ArrayDeque::new);

  private static volatile @Nullable Consumer<String> listener;

  private LibbpfLog() {}

  /**
   * Sets who is told every warning and information of libbpf, as it comes, on the thread that
   * called libbpf. What it throws is swallowed: it is called from C. A message can have many lines
   * (a verifier log is one message) and has no line break at its end.
   *
   * @param consumer replaces the one before; null tells nobody, the default
   */
  public static void listener(@Nullable Consumer<String> consumer) {
    listener = consumer;
  }

  /** Called once, by {@link Libbpf}. */
  static void install() {
    LibBpf.libbpf_set_print(libbpf_print_fn_t.allocate(LibbpfLog::print, Arena.global()));
  }

  /** Forgets what this thread's earlier calls printed. */
  static void begin() {
    LAST.get().clear();
  }

  /** What libbpf printed on this thread since {@link #begin}. */
  static String take() {
    ArrayDeque<String> last = LAST.get();
    String all = String.join("\n", last);
    last.clear();
    return all;
  }

  private static int print(int level, MemorySegment format, MemorySegment arguments) {
    // Called from C: whatever escapes from here ends the process.
    try {
      if (level == LibBpf.LIBBPF_DEBUG()) {
        return 0;
      }
      String message = Libc.format(format, arguments).stripTrailing();
      ArrayDeque<String> last = LAST.get();
      if (last.size() == KEPT) {
        last.removeFirst();
      }
      last.addLast(message);
      Consumer<String> told = listener;
      if (told != null) {
        told.accept(message);
      }
    } catch (Throwable swallowed) {
      return -1;
    }
    return 0;
  }
}

package dev.baton.bpf;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A call to the kernel or to libbpf failed. The message names the call, what it was about, the
 * errno and, when libbpf or the verifier had something to say, the last lines of that.
 */
public final class BpfException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private static final int TAIL_LINES = 24;

  /** Positive. */
  private final int errno;

  /** All that libbpf printed. */
  private final String log;

  /**
   * A failed call.
   *
   * @param call the C function
   * @param object what it was called for: a map, a program, a path, an interface
   * @param errno positive
   */
  public BpfException(String call, String object, int errno) {
    this(call, object, errno, "");
  }

  /**
   * A failed call, with what libbpf and the verifier said about it.
   *
   * @param call the C function
   * @param object what it was called for: a map, a program, a path, an interface
   * @param errno positive
   * @param log all of the log; the message gets its last lines
   */
  public BpfException(String call, String object, int errno, String log) {
    super(message(call + "(" + object + "): " + Errno.text(errno), log));
    this.errno = errno;
    this.log = log;
  }

  private BpfException(String message, int errno, @Nullable Throwable cause) {
    super(message, cause);
    this.errno = errno;
    this.log = "";
  }

  /** For a failure that has no C call of its own. */
  static BpfException of(String message, int errno, @Nullable Throwable cause) {
    return new BpfException(message, errno, cause);
  }

  /**
   * The errno.
   *
   * @return a positive errno, as in errno(3)
   */
  public int errno() {
    return errno;
  }

  /**
   * What libbpf and the verifier said, all of it.
   *
   * @return the log, empty when there is none
   */
  public String log() {
    return log;
  }

  private static String message(String head, String log) {
    if (log.isBlank()) {
      return head;
    }
    List<String> lines = log.strip().lines().toList();
    int from = Math.max(0, lines.size() - TAIL_LINES);
    String cut = from > 0 ? "\n  ... " + from + " lines before" : "";
    return head + cut + "\n  " + String.join("\n  ", lines.subList(from, lines.size()));
  }
}

package dev.baton.net;

import dev.baton.bpf.Errno;

/**
 * A system call that failed where nothing could be done about it: names the call, its object and
 * errno.
 */
public final class SystemCallException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int errno;

  /**
   * A failed call.
   *
   * @param call the call's name, as in its manual page
   * @param object what it was called for
   * @param errno the positive error number
   */
  public SystemCallException(String call, String object, int errno) {
    super(call + " " + object + ": " + Errno.text(errno));
    this.errno = errno;
  }

  /** The positive error number. */
  public int errno() {
    return errno;
  }

  /**
   * Turns the convention of {@link SystemCalls} into an exception.
   *
   * @return {@code result}, if it is not negative
   */
  static int check(int result, String call, String object) {
    if (result < 0) {
      throw new SystemCallException(call, object, -result);
    }
    return result;
  }
}

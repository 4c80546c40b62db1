package dev.baton.directory;

/** What was asked for is understood, but must not be done now; the message says why. */
public final class RefusedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** One line for people. */
  public RefusedException(String message) {
    super(message);
  }
}

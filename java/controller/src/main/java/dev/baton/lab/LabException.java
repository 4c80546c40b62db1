package dev.baton.lab;

import org.jspecify.annotations.Nullable;

/**
 * Something in a lab did not do what it should have; the message says what, and what it printed.
 */
public final class LabException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /**
   * @param message what was tried and what came of it
   */
  public LabException(String message) {
    super(message);
  }

  /**
   * @param message what was tried
   * @param cause why it failed
   */
  public LabException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}

package dev.baton.directory;

/** The directory cannot be opened, read or written; the message names it and says why. */
public final class DirectoryException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** A message for people, and what was thrown. */
  public DirectoryException(String message, Throwable cause) {
    super(message, cause);
  }

  /** A message for people. */
  public DirectoryException(String message) {
    super(message);
  }
}

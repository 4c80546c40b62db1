package dev.baton.lab;

/**
 * What a command that has ended left behind.
 *
 * @param command the command, for messages
 * @param exit its exit code; 128 + n after signal n
 * @param out its standard output
 * @param err its standard error
 */
public record Result(String command, int exit, String out, String err) {
  /**
   * Demands success.
   *
   * @return the standard output
   * @throws LabException if the exit code is not 0
   */
  public String orThrow() {
    if (exit != 0) {
      throw new LabException(this.toString());
    }
    return out;
  }

  @Override
  public String toString() {
    return "'%s' ended with %d\n%s%s".formatted(command, exit, out, err).stripTrailing();
  }
}

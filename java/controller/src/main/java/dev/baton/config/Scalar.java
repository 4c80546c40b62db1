package dev.baton.config;

import java.util.function.Function;

/**
 * A kind of value a YAML scalar may hold.
 *
 * @param expected what the reader of an error message is told to write, such as "a port, 1 to
 *     65535"
 * @param read turns the text into the value; any {@link IllegalArgumentException} means "not that",
 *     a {@link Refused} one brings its own words
 */
public record Scalar<T>(String expected, Function<String, T> read) {

  /** The value was understood and is still refused; the message says why, in full. */
  public static final class Refused extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /** The whole message, since "expected ..." would not tell the reason. */
    public Refused(String message) {
      super(message);
    }
  }

  /** A whole number in decimal, both ends included. */
  public static Scalar<Integer> integer(String what, int min, int max) {
    return new Scalar<>(
        what + ", " + min + " to " + max,
        text -> {
          if (!text.matches("[0-9]{1,10}")) {
            throw new IllegalArgumentException(text);
          }
          long value = Long.parseLong(text);
          if (value < min || value > max) {
            throw new IllegalArgumentException(text);
          }
          return (int) value;
        });
  }
}

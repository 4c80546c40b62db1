package dev.baton.directory;

/**
 * One node's copy of one part.
 *
 * @param node where it is
 * @param version of the dataset, that it has or is being given
 * @param state whether it is whole
 */
public record Copy(Node node, String version, State state) {
  /** Whether it serves requests for this version. */
  public boolean serves(String wanted) {
    return state == State.COMPLETE && version.equals(wanted);
  }

  /** How far a copy has come. */
  public enum State {
    /** It is whole. */
    COMPLETE("complete"),
    /** Its bytes are being replaced. */
    UPDATING("updating"),
    /** Its bytes could not be replaced; nobody knows what is there. */
    FAILED("failed");

    private final String text;

    State(String text) {
      this.text = text;
    }

    /** As commands and the database have it. */
    public String text() {
      return text;
    }

    /**
     * Reads {@link #text()}.
     *
     * @throws IllegalArgumentException for anything else
     */
    public static State of(String text) {
      for (State state : values()) {
        if (state.text.equals(text)) {
          return state;
        }
      }
      throw new IllegalArgumentException(text);
    }
  }
}

package dev.baton.pieces;

import dev.baton.reason.Reason;

/** How an answer ended on its thread; the event loop does the rest. */
public sealed interface Outcome {
  /** All of it was handed over. */
  record Complete() implements Outcome {}

  /**
   * Nothing was handed over: a page is to say why.
   *
   * @param status its status
   * @param reason what it is counted as
   * @param detail one sentence for a person
   * @param size with 416, bytes of the whole file
   */
  record Refused(int status, Reason reason, String detail, long size) implements Outcome {}

  /**
   * The head has been handed over and the rest cannot follow: the connection is to end, so that the
   * client sees that the answer is too short.
   */
  record Cut(Reason reason) implements Outcome {}

  /** Nobody is there any more to be told. */
  record Gone() implements Outcome {}
}

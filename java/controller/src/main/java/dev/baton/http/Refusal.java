package dev.baton.http;

import org.jspecify.annotations.Nullable;

/**
 * What a client is told instead of being handed over.
 *
 * @param status one that {@link ErrorPage#reason} knows
 * @param detail one sentence for a person
 * @param id names this answer in the log: 16 hexadecimal digits
 * @param host that was asked for, normalised; null: none that is known
 * @param html whether the client wants HTML rather than plain text
 * @param headRequest whether the request was HEAD: the body is left out, its length stays
 * @param location where to go instead, a URI in ASCII; null: nowhere
 * @param size with 416, bytes of the whole file; 0: not known
 */
public record Refusal(
    int status,
    String detail,
    String id,
    @Nullable String host,
    boolean html,
    boolean headRequest,
    @Nullable String location,
    long size) {
  /** One that says nothing of a file's size. */
  public Refusal(
      int status,
      String detail,
      String id,
      @Nullable String host,
      boolean html,
      boolean headRequest,
      @Nullable String location) {
    this(status, detail, id, host, html, headRequest, location, 0);
  }
}

package dev.baton.head;

import dev.baton.http.ErrorPages;
import dev.baton.http.Refusal;
import java.time.Instant;

/** The pages that a controller without templates sends. */
public final class BuiltInPages {
  /** Pages of 2026, as plain text. */
  public static final Pages PAGES =
      (status, detail, withoutBody) ->
          ErrorPages.builtIn()
              .response(
                  new Refusal(status, detail, "0".repeat(16), null, false, withoutBody, null),
                  Instant.parse("2026-01-01T00:00:00Z"));

  private BuiltInPages() {}
}

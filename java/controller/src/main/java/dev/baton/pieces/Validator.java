package dev.baton.pieces;

import org.jspecify.annotations.Nullable;

/**
 * What tells one version of a file from another (RFC 9110, section 8.8), as a node said it.
 *
 * @param etag null: none
 * @param lastModified null: none
 */
record Validator(@Nullable String etag, @Nullable String lastModified) {
  /** Whether it tells anything: pieces without a validator cannot be put together. */
  boolean isKnown() {
    return etag != null || lastModified != null;
  }

  boolean isStrong() {
    return etag != null && etag.startsWith("\"");
  }

  /**
   * Whether an If-Range field names this version (RFC 9110, section 13.1.5): a strong entity tag,
   * or exactly the date.
   */
  boolean matches(String ifRange) {
    if (ifRange.startsWith("\"")) {
      return isStrong() && ifRange.equals(etag);
    }
    return ifRange.equals(lastModified);
  }
}

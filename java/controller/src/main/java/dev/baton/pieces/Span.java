package dev.baton.pieces;

import dev.baton.http.RangeHeader;
import java.util.ArrayList;
import java.util.List;

/**
 * Bytes of the file that are asked for, both ends included.
 *
 * @param first from 0
 * @param last at least {@code first}
 */
record Span(long first, long last) {
  long length() {
    return last - first + 1;
  }

  boolean touches(Span other) {
    return first <= other.last + 1 && other.first <= last + 1;
  }

  Span with(Span other) {
    return new Span(Math.min(first, other.first), Math.max(last, other.last));
  }

  /**
   * The ranges of a field, those that overlap or touch made one (RFC 9110, section 15.3.7.2), at
   * the place of the first of them.
   */
  static List<Span> of(RangeHeader ranges) {
    List<Span> spans = new ArrayList<>();
    for (int i = 0; i < ranges.count(); i++) {
      Span span = new Span(ranges.first(i), ranges.last(i));
      int place = Integer.MAX_VALUE;
      for (int k = spans.size() - 1; k >= 0; k--) {
        if (spans.get(k).touches(span)) {
          // What it has grown to may touch one that was looked at before.
          span = span.with(spans.remove(k));
          place = Math.min(place, k);
          k = spans.size();
        }
      }
      spans.add(Math.min(place, spans.size()), span);
    }
    return spans;
  }
}

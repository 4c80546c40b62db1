package dev.baton.http;

import java.util.Locale;

/** What kind of page an Accept field asks for (RFC 9110, section 12.5.1). */
public final class Accept {
  private static final double ABSENT = -1;

  private Accept() {}

  /**
   * Whether HTML is wanted rather than plain text: its weight is the higher one, or the same and
   * {@code text/html} is named. What cannot be read counts as not there; plain text is the default.
   *
   * @param value of the field, as it was sent
   */
  public static boolean prefersHtml(String value) {
    double html = ABSENT;
    double plain = ABSENT;
    double text = ABSENT;
    double any = ABSENT;
    for (String range : value.toLowerCase(Locale.ROOT).split(",", -1)) {
      int semicolon = range.indexOf(';');
      String type = (semicolon < 0 ? range : range.substring(0, semicolon)).strip();
      double weight = semicolon < 0 ? 1 : weight(range.substring(semicolon + 1));
      switch (type) {
        case "text/html" -> html = Math.max(html, weight);
        case "text/plain" -> plain = Math.max(plain, weight);
        case "text/*" -> text = Math.max(text, weight);
        case "*/*" -> any = Math.max(any, weight);
        default -> {
          // Another kind of document: nothing that a page can be.
        }
      }
    }
    double whole = text == ABSENT ? any : text;
    double wantsHtml = html == ABSENT ? whole : html;
    double wantsPlain = plain == ABSENT ? whole : plain;
    return wantsHtml > 0 && (wantsHtml > wantsPlain || (wantsHtml == wantsPlain && html > 0));
  }

  /** RFC 9110, section 12.4.2; 0 for one that cannot be read. */
  private static double weight(String parameters) {
    for (String parameter : parameters.split(";", -1)) {
      String bare = parameter.strip();
      if (bare.startsWith("q=")) {
        return bare.matches("q=(0(\\.[0-9]{0,3})?|1(\\.0{0,3})?)")
            ? Double.parseDouble(bare.substring(2))
            : 0;
      }
    }
    return 1;
  }
}

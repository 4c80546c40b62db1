package dev.baton.config;

import dev.baton.http.ErrorPage;
import dev.baton.http.ErrorPages;
import dev.baton.http.PageTemplate;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads the files of {@code error-pages}: each a template, HTML or plain text by its ending. */
final class PageFiles {
  static final String EXPECTED = "files by status, or default for all others";

  private static final String DEFAULT = "default";

  private static final Scalar<PageTemplate> TEMPLATE =
      new Scalar<>("the path of a file, from the root, ending in .html or .txt", PageFiles::load);

  private PageFiles() {}

  static ErrorPages read(YamlMapping map) {
    Map<Integer, List<PageTemplate>> templates = new HashMap<>();
    if (map.has(DEFAULT)) {
      templates.put(ErrorPages.ALL_OTHERS, map.requiredOneOrMore(DEFAULT, TEMPLATE));
    }
    for (int status : ErrorPage.statuses()) {
      String key = Integer.toString(status);
      if (map.has(key)) {
        templates.put(status, map.requiredOneOrMore(key, TEMPLATE));
      }
    }
    return new ErrorPages(templates);
  }

  private static PageTemplate load(String text) {
    Path file = Scalars.ABSOLUTE_PATH.read().apply(text);
    PageTemplate.Kind kind =
        text.endsWith(".html") || text.endsWith(".htm")
            ? PageTemplate.Kind.HTML
            : PageTemplate.Kind.TEXT;
    if (kind == PageTemplate.Kind.TEXT && !text.endsWith(".txt")) {
      throw new IllegalArgumentException(text);
    }
    try {
      if (Files.size(file) > PageTemplate.SIZE_MAX) {
        throw new Scalar.Refused(
            "expected at most %d bytes, found more in %s".formatted(PageTemplate.SIZE_MAX, file));
      }
      return PageTemplate.parse(kind, Files.readString(file));
    } catch (NoSuchFileException e) {
      throw new Scalar.Refused("expected a file, found none at " + file);
    } catch (CharacterCodingException e) {
      throw new Scalar.Refused("expected UTF-8 in " + file);
    } catch (IOException e) {
      throw new Scalar.Refused("cannot read " + file + ": " + e.getMessage());
    } catch (Scalar.Refused e) {
      throw e;
    } catch (IllegalArgumentException e) {
      throw new Scalar.Refused(e.getMessage() + " of " + file);
    }
  }
}

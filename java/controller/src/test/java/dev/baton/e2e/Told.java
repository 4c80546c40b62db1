package dev.baton.e2e;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.baton.lab.Controller;
import dev.baton.reason.Reason;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What a running controller tells of itself, asked anew each time. */
final class Told {
  private final Controller controller;

  Told(Controller controller) {
    this.controller = controller;
  }

  /** One object of the status. */
  Map<String, Object> part(String name) {
    String text = controller.command("status", "--json").orThrow();
    try {
      return map(JSON.std.mapFrom(text).get(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What it says of its directory. */
  Map<String, Object> directory() {
    return part("directory");
  }

  /** A number of that. */
  long directory(String field) {
    return ((Number) Objects.requireNonNull(directory().get(field))).longValue();
  }

  /** What it says of a node. */
  Map<String, Object> node(String name) {
    List<?> nodes = (List<?>) Objects.requireNonNull(directory().get("nodes"));
    return nodes.stream()
        .map(Told::map)
        .filter(node -> name.equals(node.get("name")))
        .findAny()
        .orElseThrow();
  }

  /** How often it gave a reason. */
  long count(Reason reason) {
    Object value = part("reasons").get(reason.name().toLowerCase(Locale.ROOT));
    return value == null ? 0 : ((Number) value).longValue();
  }

  /** An object of JSON. */
  @SuppressWarnings("unchecked")
  static Map<String, Object> map(@Nullable Object value) {
    return (Map<String, Object>) Objects.requireNonNull(value);
  }
}

package dev.baton.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * Typed reads from one YAML mapping. A read never throws: it notes the problem and returns a
 * stand-in, so that one run tells all that is wrong. What was read may be used only after {@link
 * YamlDocument#finish()}.
 */
public final class YamlMapping {
  private final Problems problems;
  private final String path;
  private final int line;
  private final Map<String, Node> values = new LinkedHashMap<>();
  private final Map<String, Integer> keyLines = new LinkedHashMap<>();
  private final TreeSet<String> asked = new TreeSet<>();

  YamlMapping(Problems problems, String path, MappingNode node) {
    this.problems = problems;
    this.path = path;
    this.line = lineOf(node);
    for (NodeTuple tuple : node.getValue()) {
      int keyLine = lineOf(tuple.getKeyNode());
      if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
        problems.add(keyLine, path.isEmpty() ? "(file)" : path, "expected a plain key");
      } else if (values.putIfAbsent(key.getValue(), tuple.getValueNode()) != null) {
        problems.add(
            keyLine,
            pathOf(key.getValue()),
            "expected once, first given in line " + keyLines.get(key.getValue()));
      } else {
        keyLines.put(key.getValue(), keyLine);
      }
    }
  }

  /** The line the mapping begins in, from 1. */
  public int line() {
    return line;
  }

  /** The line the key stands in, or the mapping's own where the key is missing. */
  public int lineOf(String key) {
    return keyLines.getOrDefault(key, line);
  }

  /** The key with all that stands above it, such as {@code listen[0].port}. */
  public String pathOf(String key) {
    return path.isEmpty() ? key : path + "." + key;
  }

  /** Whether there is such a key; it is not unknown from then on. */
  public boolean has(String key) {
    asked.add(key);
    return values.containsKey(key);
  }

  /** A value that must be there; {@code standIn} is returned after a problem was noted. */
  public <T> T required(String key, Scalar<T> kind, T standIn) {
    Node node = present(key, kind.expected());
    return node == null ? standIn : scalar(node, pathOf(key), kind).orElse(standIn);
  }

  /** A value that may be left out. */
  public <T> T optional(String key, Scalar<T> kind, T ifAbsent) {
    asked.add(key);
    Node node = values.get(key);
    return node == null ? ifAbsent : scalar(node, pathOf(key), kind).orElse(ifAbsent);
  }

  /** A mapping that must be there; empty after a problem was noted. */
  public <T> Optional<T> requiredMapping(
      String key, String expected, Function<YamlMapping, T> read) {
    Node node = present(key, expected);
    return node == null ? Optional.empty() : mapping(node, pathOf(key), expected, read);
  }

  /** A list of mappings, not empty; those that are none are noted and left out. */
  public <T> List<T> requiredMappings(String key, String expected, Function<YamlMapping, T> read) {
    List<T> result = new ArrayList<>();
    forEach(key, expected, (n, at) -> mapping(n, at, expected, read).ifPresent(result::add));
    return result;
  }

  /** The same for a list that must be there and may be empty. */
  public <T> List<T> requiredMappingsOrNone(
      String key, String expected, Function<YamlMapping, T> read) {
    asked.add(key);
    return values.get(key) instanceof SequenceNode sequence && sequence.getValue().isEmpty()
        ? List.of()
        : requiredMappings(key, expected, read);
  }

  /** A list of scalars, not empty; those that cannot be read are noted and left out. */
  public <T> List<T> requiredList(String key, Scalar<T> kind) {
    List<T> result = new ArrayList<>();
    forEach(
        key,
        "a list, each " + kind.expected(),
        (node, at) -> scalar(node, at, kind).ifPresent(result::add));
    return result;
  }

  /** A scalar or a list of them, not empty; those that cannot be read are noted and left out. */
  public <T> List<T> requiredOneOrMore(String key, Scalar<T> kind) {
    Node node = values.get(key);
    if (node instanceof SequenceNode) {
      return requiredList(key, kind);
    }
    node = present(key, kind.expected());
    return node == null
        ? List.of()
        : scalar(node, pathOf(key), kind).map(List::of).orElse(List.of());
  }

  /** Notes each key that no read has asked for. */
  void refuseUnknownKeys() {
    for (Map.Entry<String, Integer> key : keyLines.entrySet()) {
      if (!asked.contains(key.getKey())) {
        problems.add(
            key.getValue(),
            pathOf(key.getKey()),
            "unknown key, expected one of " + String.join(", ", asked));
      }
    }
  }

  static int lineOf(Node node) {
    return node.getStartMark().map(mark -> mark.getLine() + 1).orElse(1);
  }

  private interface Element {
    void read(Node node, String path);
  }

  private void forEach(String key, String expected, Element element) {
    Node node = present(key, expected);
    if (node instanceof SequenceNode sequence && !sequence.getValue().isEmpty()) {
      int index = 0;
      for (Node item : sequence.getValue()) {
        element.read(item, pathOf(key) + "[" + index++ + "]");
      }
    } else if (node != null) {
      problems.add(lineOf(node), pathOf(key), "expected a list that is not empty: " + expected);
    }
  }

  private @Nullable Node present(String key, String expected) {
    asked.add(key);
    Node node = values.get(key);
    if (node == null) {
      problems.add(line, pathOf(key), "missing, expected " + expected);
    }
    return node;
  }

  private <T> Optional<T> mapping(
      Node node, String at, String expected, Function<YamlMapping, T> read) {
    if (!(node instanceof MappingNode mappingNode)) {
      problems.add(lineOf(node), at, "expected " + expected);
      return Optional.empty();
    }
    YamlMapping mapping = new YamlMapping(problems, at, mappingNode);
    T value = read.apply(mapping);
    mapping.refuseUnknownKeys();
    return Optional.of(value);
  }

  private <T> Optional<T> scalar(Node node, String at, Scalar<T> kind) {
    if (!(node instanceof ScalarNode scalar) || scalar.getTag().equals(Tag.NULL)) {
      problems.add(lineOf(node), at, "expected " + kind.expected());
      return Optional.empty();
    }
    try {
      return Optional.of(kind.read().apply(scalar.getValue()));
    } catch (Scalar.Refused e) {
      problems.add(lineOf(node), at, String.valueOf(e.getMessage()));
    } catch (IllegalArgumentException e) {
      problems.add(
          lineOf(node),
          at,
          "expected " + kind.expected() + ", found \"" + scalar.getValue() + "\"");
    }
    return Optional.empty();
  }
}

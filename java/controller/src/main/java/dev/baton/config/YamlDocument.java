package dev.baton.config;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * One YAML file whose root is a mapping, read as a node graph so that every complaint can name its
 * line. Readers ask {@link #root()} for keys, then call {@link #finish()}, which throws everything
 * that was wrong.
 */
public final class YamlDocument {
  /** A million sites; the file is the administrator's own. */
  private static final int MAX_CHARACTERS = 128 << 20;

  private final Problems problems;
  private final YamlMapping root;

  private YamlDocument(Problems problems, MappingNode root) {
    this.problems = problems;
    this.root = new YamlMapping(problems, "", root);
  }

  /**
   * Reads and parses the file.
   *
   * @throws ConfigException if it cannot be read, is no YAML, or its root is no mapping
   */
  public static YamlDocument load(Path file) {
    String text;
    try {
      text = Files.readString(file);
    } catch (NoSuchFileException e) {
      throw unreadable(file, "no such file", e);
    } catch (CharacterCodingException e) {
      throw unreadable(file, "expected UTF-8", e);
    } catch (IOException e) {
      throw unreadable(file, String.valueOf(e.getMessage()), e);
    }
    return parse(file.toString(), text);
  }

  /** Parses text; {@code name} is what messages call the file. */
  public static YamlDocument parse(String name, String text) {
    Problems problems = new Problems(name);
    Optional<Node> node = Optional.empty();
    try {
      LoadSettings settings =
          LoadSettings.builder()
              .setLabel(name)
              .setUseMarks(true)
              .setCodePointLimit(MAX_CHARACTERS)
              .build();
      node = new Compose(settings).composeString(text);
    } catch (MarkedYamlEngineException e) {
      int line = e.getProblemMark().map(mark -> mark.getLine() + 1).orElse(1);
      problems.add(line, "(syntax)", "expected YAML: " + e.getProblem());
    } catch (YamlEngineException e) {
      problems.add(1, "(syntax)", "expected YAML: " + e.getMessage());
    } catch (StackOverflowError e) {
      problems.add(1, "(syntax)", "expected YAML: brackets are nested too deep");
    }
    problems.throwIfAny();
    if (node.orElse(null) instanceof MappingNode mapping) {
      return new YamlDocument(problems, mapping);
    }
    problems.add(
        node.map(YamlMapping::lineOf).orElse(1), "(file)", "expected keys and values at the top");
    problems.throwIfAny();
    throw new AssertionError("a problem was just added");
  }

  /** The mapping at the top of the file. */
  public YamlMapping root() {
    return root;
  }

  /** Where to note what only the reader of several values can see. */
  public Problems problems() {
    return problems;
  }

  /** Reports keys of the root nobody asked for, and throws every problem found so far. */
  public void finish() {
    root.refuseUnknownKeys();
    problems.throwIfAny();
  }

  private static ConfigException unreadable(Path file, String why, IOException cause) {
    ConfigException e = new ConfigException(List.of(file + ": cannot be read: " + why));
    e.initCause(cause);
    return e;
  }
}

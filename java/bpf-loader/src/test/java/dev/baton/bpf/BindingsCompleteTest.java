package dev.baton.bpf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** jextract drops a misspelt include in silence: so each listed symbol is looked for. */
class BindingsCompleteTest {
  private static final Path HEADERS =
      Path.of(System.getProperty("basedir", "."), "..", "..", "native-headers");
  private static final String BINDINGS = "dev.baton.bindings.";

  @ParameterizedTest
  @CsvSource({
    "libbpf.includes, libbpf, LibBpf",
    "libc.includes, libc, LibC",
    "baton.includes, flow, Baton"
  })
  void everyListedSymbolIsThere(String list, String subPackage, String header) throws Exception {
    Class<?> main = find(BINDINGS + subPackage + "." + header);
    assertThat(main).isNotNull();
    Set<String> methods =
        Stream.of(main.getMethods()).map(method -> method.getName()).collect(Collectors.toSet());
    Set<String> missing = new TreeSet<>();
    List<String> lines = symbols(HEADERS.resolve(list));
    assertThat(lines).isNotEmpty();
    for (String line : lines) {
      String[] words = line.split("\\s+", -1);
      String name = words[1];
      boolean there =
          switch (words[0]) {
            // A function of variable length is a nested class.
            case "--include-function" ->
                methods.contains(name) || find(main.getName() + "$" + name) != null;
            case "--include-constant" -> methods.contains(name);
            case "--include-struct", "--include-union", "--include-typedef" ->
                find(BINDINGS + subPackage + "." + name) != null || hasField(main, name);
            default -> throw new AssertionError("unknown option in " + list + ": " + line);
          };
      if (!there) {
        missing.add(line);
      }
    }
    assertThat(missing).as("listed, but not in the bindings").isEmpty();
  }

  private static List<String> symbols(Path list) throws IOException {
    return Files.readAllLines(list).stream()
        .map(line -> line.replaceFirst("#.*", "").strip())
        .filter(line -> !line.isEmpty())
        .toList();
  }

  private static boolean hasField(Class<?> type, String name) {
    return Stream.of(type.getFields()).anyMatch(field -> field.getName().equals(name));
  }

  /** Without its initializer: that would need libbpf. */
  private static @Nullable Class<?> find(String name) {
    try {
      return Class.forName(name, false, BindingsCompleteTest.class.getClassLoader());
    } catch (ClassNotFoundException e) {
      return null;
    }
  }
}

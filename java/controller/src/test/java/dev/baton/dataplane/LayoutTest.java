package dev.baton.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.bindings.flow.Baton;
import dev.baton.bindings.flow.baton_event;
import dev.baton.bindings.flow.baton_flow;
import dev.baton.bindings.flow.baton_flow_key;
import dev.baton.bindings.flow.baton_flow_state;
import dev.baton.bindings.flow.baton_host;
import dev.baton.bindings.flow.baton_link;
import dev.baton.bindings.flow.baton_replay;
import dev.baton.bpf.BtfLayout;
import dev.baton.bpf.BtfLayout.Member;
import java.io.IOException;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What clang made of baton.h and what jextract made of it lie alike in memory, byte for byte. Needs
 * no privilege.
 */
class LayoutTest {
  /** From the module's folder, where Maven runs tests. */
  private static final Path HEADER = Path.of("../../bpf/include/baton.h");

  private static final Map<String, GroupLayout> JAVA =
      Stream.of(
              baton_flow_key.layout(),
              baton_flow_state.layout(),
              baton_flow.layout(),
              baton_replay.layout(),
              baton_event.layout(),
              baton_host.layout(),
              baton_link.layout())
          .map(GroupLayout.class::cast)
          .collect(
              LinkedHashMap::new,
              (map, layout) -> map.put(layout.name().orElseThrow(), layout),
              Map::putAll);

  static Stream<String> structs() {
    return JAVA.keySet().stream();
  }

  @ParameterizedTest(name = "struct {0}")
  @MethodSource("structs")
  void sizeAndMembersAreTheSameInTheObjectAndInJava(String struct) {
    GroupLayout java = JAVA.get(struct);
    BtfLayout c = BtfLayout.read(TestBed.objectFile(), struct);
    assertThat(java).isNotNull();
    assertThat(members(java)).containsExactlyEntriesOf(c.members());
    assertThat(java.byteSize()).isEqualTo(c.size());
  }

  @ParameterizedTest(name = "struct {0}")
  @MethodSource("structs")
  void noStructHasPaddingThatIsNotNamed(String struct) {
    BtfLayout c = BtfLayout.read(TestBed.objectFile(), struct);
    int members = c.members().values().stream().mapToInt(Member::size).sum();
    assertThat(members).isEqualTo(c.size());
  }

  @Test
  void everyStructOfTheHeaderIsCompared() {
    assertThat(found("(?m)^struct (\\w+) \\{").map(m -> m.group(1)))
        .containsExactlyInAnyOrderElementsOf(JAVA.keySet());
  }

  @Test
  void everyConstantOfTheHeaderHasItsValueInJava() {
    Map<String, String> header = new LinkedHashMap<>();
    found("(?m)^\\t(BATON_\\w+) = (\\d+),|^#define (BATON_\\w+)\\s+(\\w+|\"\\w+\")$")
        .forEach(m ->
            header.put(
                m.group(1) != null ? m.group(1) : m.group(3),
                m.group(1) != null ? m.group(2) : m.group(4)));
    assertThat(header).hasSizeGreaterThan(80);
    assertThat(header).allSatisfy((name, text) -> assertThat(java(name)).isEqualTo(parse(text)));
  }

  private static Object java(String name) {
    try {
      Object value = Baton.class.getMethod(name).invoke(null);
      return value instanceof MemorySegment text
          ? text.getString(0)
          : ((Number) value).longValue() & 0xffff_ffffL;
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(name + " is not in the bindings", e);
    }
  }

  private static Object parse(String text) {
    if (text.startsWith("\"")) {
      return text.substring(1, text.length() - 1);
    }
    return Long.decode(text.endsWith("u") ? text.substring(0, text.length() - 1) : text);
  }

  private static Map<String, Member> members(GroupLayout layout) {
    Map<String, Member> members = new LinkedHashMap<>();
    int offset = 0;
    for (MemoryLayout member : layout.memberLayouts()) {
      int size = (int) member.byteSize();
      int at = offset;
      member.name().ifPresent(name -> members.put(name, new Member(at, size)));
      offset += size;
    }
    return members;
  }

  private static Stream<MatchResult> found(String regex) {
    try {
      return Pattern.compile(regex).matcher(Files.readString(HEADER)).results();
    } catch (IOException e) {
      throw new AssertionError(HEADER.toAbsolutePath() + " cannot be read", e);
    }
  }
}

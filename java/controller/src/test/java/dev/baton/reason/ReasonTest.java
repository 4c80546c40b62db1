package dev.baton.reason;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class ReasonTest {
  private static final Path ROOT = Path.of("..", "..");

  /** Bounds of the numbers, not reasons. */
  private static final Set<String> BOUNDS =
      Set.of("BATON_REASON_KERNEL_MAX", "BATON_REASON_USER", "BATON_REASON_MAX");

  @Test
  void everyReasonOfTheHeaderIsHereUnderItsNumber() throws IOException {
    String header = Files.readString(ROOT.resolve("bpf/include/baton.h"));
    Matcher body =
        Pattern.compile("enum baton_reason \\{(.*?)\\};", Pattern.DOTALL).matcher(header);
    assertThat(body.find()).isTrue();
    Map<String, Integer> expected = new TreeMap<>();
    Matcher line = Pattern.compile("(BATON_\\w+) = (\\d+)").matcher(body.group(1));
    while (line.find()) {
      if (!BOUNDS.contains(line.group(1))) {
        String name = line.group(1).substring("BATON_".length());
        expected.put(name.equals("REASON_NONE") ? "NONE" : name, Integer.parseInt(line.group(2)));
      }
    }
    Map<String, Integer> actual = new TreeMap<>();
    Arrays.stream(Reason.values()).forEach(r -> actual.put(r.name(), r.code()));
    assertThat(actual).isEqualTo(expected).hasSizeGreaterThan(30);
  }

  @Test
  void docsHaveTheSameTable() throws IOException {
    List<String> rows =
        Files.readAllLines(ROOT.resolve("docs/reasons.md")).stream()
            .filter(line -> line.matches("\\| \\d+ \\|.*"))
            .toList();
    assertThat(rows)
        .isEqualTo(
            Arrays.stream(Reason.values())
                .map(r -> "| %d | `%s` | %s |".formatted(r.code(), r.name(), r.description()))
                .toList());
  }

  @Test
  void aCodeLeadsBackToItsReason() {
    for (Reason reason : Reason.values()) {
      assertThat(Reason.of(reason.code())).isSameAs(reason);
      assertThat(reason.description()).endsWith(".");
      assertThat(reason.ofController()).isEqualTo(reason.code() >= 64);
    }
    for (int code : new int[] {-1, 63, 127, 128, Integer.MAX_VALUE}) {
      assertThatThrownBy(() -> Reason.of(code)).hasMessageContaining(String.valueOf(code));
    }
  }
}

package dev.baton.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.baton.address.Ip;
import dev.baton.address.SourceRules;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SourceFileTest {
  @TempDir private Path folder = Path.of("");

  private SourceRules load(String text) throws IOException {
    return SourceFile.load(Files.writeString(folder.resolve("lists"), text));
  }

  private List<String> problems(String text) {
    ConfigException e = catchThrowableOfType(ConfigException.class, () -> load(text));
    return e.problems().stream()
        .map(line -> line.replace(folder.resolve("lists").toString(), "lists"))
        .toList();
  }

  @Test
  void aFileIsRead() throws IOException {
    SourceRules rules =
        load(
            """
            # who is not wanted
            deny 192.0.2.0/24   # all of them
              allow\t192.0.2.7

            deny 2001:db8::/32\
            """);
    assertThat(rules.all()).hasSize(3);
    assertThat(rules.denies(Ip.of(InetAddress.ofLiteral("192.0.2.8")))).isTrue();
    assertThat(rules.denies(Ip.of(InetAddress.ofLiteral("192.0.2.7")))).isFalse();
    assertThat(rules.denies(Ip.of(InetAddress.ofLiteral("2001:db8::1")))).isTrue();
    assertThat(load("").all()).isEmpty();
  }

  @Test
  void everythingWrongIsToldWithItsLine() {
    assertThat(
            problems("deny 10.0.0.1/8\nblock 10.0.0.0/8\ndeny\ndeny ::1 ::2\nallow ::1\ndeny ::1"))
        .containsExactly(
            "lists:1: lists: expected a prefix such as 10.0.0.0/8 or \"fd00::/16\", found \"10.0.0.1/8\"",
            "lists:2: lists: expected deny or allow, and a prefix, found \"block 10.0.0.0/8\"",
            "lists:3: lists: expected deny or allow, and a prefix, found \"deny\"",
            "lists:4: lists: expected deny or allow, and a prefix, found \"deny ::1 ::2\"",
            "lists:6: lists: expected once, found again: ::1");
    assertThat(problems("x\n".repeat(1000))).hasSize(20);
  }

  @Test
  void aFileThatIsNotThereIsAProblem() {
    assertThat(
            catchThrowableOfType(
                ConfigException.class, () -> SourceFile.load(folder.resolve("none"))))
        .hasMessageContaining("no such file");
  }
}

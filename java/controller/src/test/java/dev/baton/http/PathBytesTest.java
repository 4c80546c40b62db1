package dev.baton.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PathBytesTest {
  private final PathBytes path = new PathBytes();

  private boolean set(String text) {
    byte[] bytes = HeadTable.bytes("#" + text + "#");
    return path.set(MemorySegment.ofArray(bytes), 1, bytes.length - 1);
  }

  @ParameterizedTest
  @CsvSource({
    "/,                 /",
    "'',                /",
    "*,                 /",
    "/a/b,              /a/b",
    "/a/b/,             /a/b/",
    "//a///b//,         /a/b/",
    "/a/./b/.,          /a/b/",
    "/a/../b,           /b",
    "/a/b/..,           /a/",
    "/a/b/../../c,      /c",
    "/a//../b,          /b",
    "/%61%2fb,          refused",
    "/%61%2Db,          /a-b",
    "/a/%2e%2E/b,       /b",
    "/a/%2e/b,          /a/b",
    "/...,              /...",
    "/.a/..b,           /.a/..b",
    "/%25%32%66,        /%2f",
    "/..,               refused",
    "/a/../..,          refused",
    "/%2e%2e/a,         refused",
    "//..,              refused",
    "/a%00b,            refused",
    "/a%0,              refused",
    "/a%,               refused",
    "/a%zz,             refused",
    "/a\\b,             refused",
    "/a%5cb,            refused",
    "a,                 refused",
  })
  void normalises(String text, String expected) {
    assertThat(set(text) ? path.toString() : "refused").isEqualTo(expected);
  }

  @Test
  void aLongPathAfterAShortOne() {
    assertThat(set("/a")).isTrue();
    assertThat(set("/" + "b/".repeat(40_000))).isTrue();
    assertThat(path.length()).isEqualTo(80_001);
    assertThat(set("/é")).isTrue();
    assertThat(path.length()).isEqualTo(2);
  }
}

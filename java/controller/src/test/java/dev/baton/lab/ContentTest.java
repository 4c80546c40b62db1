package dev.baton.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ContentTest {
  @TempDir Path folder;

  @Test
  void theSameSeedGivesTheSameBytesAndAnotherSeedOthers() {
    Content.write(folder.resolve("a"), 2_500_001, 7);
    Content.write(folder.resolve("b"), 2_500_001, 7);
    Content.write(folder.resolve("c"), 2_500_001, 8);
    assertThat(folder.resolve("a")).hasSize(2_500_001).hasSameBinaryContentAs(folder.resolve("b"));
    assertThat(Content.sha256(folder.resolve("c")))
        .isNotEqualTo(Content.sha256(folder.resolve("a")));
  }

  @Test
  void theHashOfNothingIsTheKnownOne() {
    Content.write(folder.resolve("empty"), 0, 1);
    assertThat(Content.sha256(folder.resolve("empty")))
        .isEqualTo("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  }
}

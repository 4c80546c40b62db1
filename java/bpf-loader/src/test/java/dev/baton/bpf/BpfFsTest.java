package dev.baton.bpf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BpfFsTest {
  @TempDir Path temp;

  @Test
  void mountsOnceAndMakesDirectoriesBelow() {
    Needs.root();
    Path dir = temp.resolve("a/fs");
    assertThat(BpfFs.isBpfFs(dir)).isFalse();
    assertThat(BpfFs.ensure(dir)).isTrue();
    try {
      assertThat(BpfFs.isBpfFs(dir)).isTrue();
      assertThat(BpfFs.isBpfFs(temp)).isFalse();
      assertThat(BpfFs.ensure(dir)).isFalse();
      Path below = dir.resolve("baton/v1");
      assertThat(BpfFs.ensure(below)).isFalse();
      assertThat(below).isDirectory();
      assertThat(BpfFs.isBpfFs(below)).isTrue();
    } finally {
      BpfFs.unmount(dir);
    }
    assertThat(BpfFs.isBpfFs(dir)).isFalse();
    assertThatThrownBy(() -> BpfFs.unmount(dir))
        .isInstanceOf(BpfException.class)
        .hasMessageContaining("umount2")
        .hasMessageContaining("EINVAL");
  }

  @Test
  void theStandardPlaceIsMountedAsAWhole() {
    assertThat(BpfFs.mountPoint(Path.of("/sys/fs/bpf/baton/v1"))).isEqualTo(BpfFs.STANDARD);
    assertThat(BpfFs.mountPoint(Path.of("/run/baton"))).isEqualTo(Path.of("/run/baton"));
  }

  @Test
  void aFileInTheWayIsNamed() throws IOException {
    Path file = Files.createFile(temp.resolve("file"));
    assertThatThrownBy(() -> BpfFs.ensure(file.resolve("dir")))
        .isInstanceOf(BpfException.class)
        .hasMessageContaining("mkdir");
  }
}

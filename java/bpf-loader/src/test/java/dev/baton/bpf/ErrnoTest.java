package dev.baton.bpf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.bindings.libc.LibC;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ErrnoTest {
  private static final MethodHandle CLOSE =
      Errno.capturing(LibC.close$address(), LibC.close$descriptor());

  @Test
  void textHasNameAndMeaning() {
    assertThat(Errno.text(1)).isEqualTo("EPERM (Operation not permitted)");
    assertThat(Errno.text(7)).isEqualTo("E2BIG (Argument list too long)");
    assertThat(Errno.text(524)).startsWith("ENOTSUPP");
    assertThat(Errno.text(4000)).startsWith("errno 4000");
  }

  @Test
  void aCapturingCallKeepsItsErrno() throws Throwable {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Errno.newState(arena);
      assertThat((int) CLOSE.invokeExact(state, -1)).isEqualTo(-1);
      assertThat(Errno.errno(state)).isEqualTo(9);
    }
  }

  @Test
  void theConstantsOfThisPackageAreTheBindings() {
    assertThat(
            new int[] {
              Libc.EPERM, Libc.ENOENT, Libc.EINTR, Libc.E2BIG, Libc.ENOMEM, Libc.EACCES,
              Libc.EBUSY, Libc.EEXIST, Libc.ENODEV, Libc.EINVAL, Libc.ENOSPC, Libc.EOPNOTSUPP
            })
        .containsExactly(
            LibC.EPERM(),
            LibC.ENOENT(),
            LibC.EINTR(),
            LibC.E2BIG(),
            LibC.ENOMEM(),
            LibC.EACCES(),
            LibC.EBUSY(),
            LibC.EEXIST(),
            LibC.ENODEV(),
            LibC.EINVAL(),
            LibC.ENOSPC(),
            LibC.EOPNOTSUPP());
  }

  @Test
  void anExceptionNamesCallObjectAndErrnoAndTheEndOfTheLog() {
    assertThat(new BpfException("bpf_map_create", "flows", 12))
        .hasMessage("bpf_map_create(flows): ENOMEM (Cannot allocate memory)");
    String log =
        IntStream.rangeClosed(1, 100).mapToObj(i -> "line " + i).collect(Collectors.joining("\n"));
    BpfException e = new BpfException("bpf_object__load", "baton", 13, log);
    assertThat(e.log()).isEqualTo(log);
    assertThat(e.errno()).isEqualTo(13);
    assertThat(e)
        .hasMessageStartingWith("bpf_object__load(baton): EACCES (Permission denied)\n")
        .hasMessageEndingWith("line 100")
        .hasMessageContaining("76 lines before")
        .hasMessageNotContaining("line 76\n");
  }

  @Test
  void aMissingLibraryIsOneClearMessage() {
    assertThatThrownBy(() -> Libbpf.probe("libbpf.so.77"))
        .isInstanceOf(BpfException.class)
        .hasMessageStartingWith("libbpf.so.77 cannot be opened: install libbpf")
        .hasMessageContaining("libbpf1");
  }
}

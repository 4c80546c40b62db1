package dev.baton.bpf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import dev.baton.bpf.BtfLayout.Member;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class BtfLayoutTest {
  @BeforeEach
  void needs() {
    Needs.libbpf();
  }

  @Test
  void membersAreInTheOrderOfDeclarationWithAnonymousOnesOpened() {
    BtfLayout layout = BtfLayout.read(Needs.object("loader"), "loader_value");
    assertThat(layout.name()).isEqualTo("loader_value");
    assertThat(layout.size()).isEqualTo(24);
    assertThat(layout.members())
        .containsExactly(
            entry("packets", new Member(0, 8)),
            entry("mark", new Member(8, 4)),
            entry("port", new Member(12, 2)),
            entry("pad", new Member(14, 2)),
            entry("word", new Member(16, 4)),
            entry("bytes", new Member(16, 4)),
            entry("named", new Member(20, 4)));
  }

  @Test
  void aStructThatTheObjectDoesNotUseIsNamed() {
    assertThatThrownBy(() -> BtfLayout.read(Needs.object("loader"), "no_such_struct"))
        .isInstanceOf(BpfException.class)
        .hasMessageContaining("no_such_struct");
  }
}

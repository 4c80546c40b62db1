package dev.baton.handoff;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RoomWantedTest {
  private final RoomWanted wanted = new RoomWanted();

  /** Another loop, with so many pairs that linger. */
  private final class Loop {
    int lingering;
    boolean revived;

    Loop(int lingering) {
      this.lingering = lingering;
    }

    void hears() {
      wanted.fulfil(
          () -> lingering > 0,
          () -> {
            lingering -= revived ? 0 : 1;
            return !revived;
          });
    }
  }

  @Test
  void eachWishIsFulfilledOnceWhoeverHearsOfIt() {
    Loop first = new Loop(5);
    Loop second = new Loop(5);
    wanted.wish();
    wanted.wish();
    first.hears();
    second.hears();
    assertThat(first.lingering).isEqualTo(3);
    assertThat(second.lingering).isEqualTo(5);
  }

  @Test
  void aWishThatWasWithdrawnCostsNothing() {
    Loop late = new Loop(1);
    wanted.wish();
    assertThat(wanted.take()).isTrue();
    late.hears();
    assertThat(late.lingering).isEqualTo(1);
    assertThat(wanted.take()).as("nothing is left to withdraw").isFalse();
  }

  @Test
  void theNextLoopFulfilsWhatTheFirstCouldNot() {
    Loop poor = new Loop(1);
    Loop rich = new Loop(5);
    Loop unlucky = new Loop(1);
    unlucky.revived = true;
    for (int i = 0; i < 3; i++) {
      wanted.wish();
    }
    poor.hears();
    unlucky.hears();
    rich.hears();
    assertThat(poor.lingering).isZero();
    assertThat(unlucky.lingering).isEqualTo(1);
    assertThat(rich.lingering).isEqualTo(3);
  }

  /** Or a wish would be out of sight while one that cannot fulfil it looks at it. */
  @Test
  void whoHasNothingDoesNotTouchIt() {
    wanted.wish();
    Loop rich = new Loop(1);
    wanted.fulfil(
        () -> {
          rich.hears();
          return false;
        },
        () -> true);
    assertThat(rich.lingering).isZero();
  }
}

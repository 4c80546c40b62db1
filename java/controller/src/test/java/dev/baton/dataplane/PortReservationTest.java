package dev.baton.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.config.PortRange;
import dev.baton.testing.OwnNetwork;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PortReservationTest {
  private static final PortRange RANGE = new PortRange(10_000, 32_767);

  @ParameterizedTest(name = "''{0}'': {2}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          ``                       | 10000-32767                  | nothing was reserved
          8080                     | 8080,10000-32767             | another's port stays
          8080,9000-9010,40000     | 8080,9000-9010,40000,10000-32767 | several stay, in order
          10000-32767              | 10000-32767                  | it is there already
          80,10000-32767,443       | 80,10000-32767,443           | ... among others
          10000-32766              | 10000-32766,10000-32767      | a smaller range is not ours
          ` 80 , 443 `             | 80,443,10000-32767           | blanks do not matter
          """)
  void with(String reserved, String expected, String why) {
    assertThat(PortReservation.with(reserved, RANGE)).as(why).isEqualTo(expected);
  }

  @ParameterizedTest(name = "''{0}'': {2}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          8080,10000-32767         | 8080                         | another's port stays
          80,10000-32767,443       | 80,443                       | others stay, in order
          10000-32766              | 10000-32766                  | a smaller range is not ours
          9000-40000               | 9000-40000                   | a larger one neither
          110000-32767             | 110000-32767                 | no part of a word
          """)
  void without(String reserved, String expected, String why) {
    assertThat(PortReservation.without(reserved, RANGE)).as(why).isEqualTo(expected);
  }

  @Test
  void listThatBecomesEmptyIsClearedByANewline() {
    assertThat(PortReservation.without("10000-32767", RANGE)).isEqualTo("\n");
    assertThat(PortReservation.without("", RANGE)).isEqualTo("\n");
  }

  @Test
  void onePortIsWrittenAsTheKernelShowsIt() {
    PortRange one = new PortRange(10_000, 10_000);
    assertThat(PortReservation.with("80", one)).isEqualTo("80,10000");
    assertThat(PortReservation.without("80,10000", one)).isEqualTo("80");
  }

  /** The list is a network namespace's own. */
  @Nested
  @Tag("namespace")
  @ExtendWith(OwnNetwork.class)
  class InTheKernel {
    private static String reserved() {
      return OwnNetwork.run("cat", "/proc/sys/net/ipv4/ip_local_reserved_ports").strip();
    }

    @Test
    void addedTwiceAndRemovedTwice() {
      PortReservation.add(RANGE);
      PortReservation.add(RANGE);
      assertThat(reserved()).isEqualTo("10000-32767");
      PortReservation.remove(RANGE);
      assertThat(reserved()).as("nothing is left").isEmpty();
      PortReservation.remove(RANGE);
      assertThat(reserved()).isEmpty();
    }

    /** Longer than what a reader of files asks for at first, or at once. */
    @Test
    void longListStaysWhole() {
      String others =
          IntStream.range(0, 500)
              .mapToObj(i -> Integer.toString(40_000 + 2 * i))
              .collect(Collectors.joining(","));
      OwnNetwork.sysctl("net.ipv4.ip_local_reserved_ports", others);
      PortReservation.add(RANGE);
      assertThat(reserved()).isEqualTo("10000-32767," + others);
      PortReservation.remove(RANGE);
      assertThat(reserved()).isEqualTo(others);
    }

    @Test
    void othersReservationsStay() {
      OwnNetwork.sysctl("net.ipv4.ip_local_reserved_ports", "8080,40000-40010");
      PortReservation.add(RANGE);
      assertThat(reserved()).isEqualTo("8080,10000-32767,40000-40010");
      PortReservation.remove(RANGE);
      assertThat(reserved()).isEqualTo("8080,40000-40010");
    }
  }
}

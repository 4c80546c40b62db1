package dev.baton.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.config.BatonConfig;
import dev.baton.testing.OwnNetwork;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PortReservationTest {
  @ParameterizedTest(name = "''{0}'': {2}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          ``                       | ``                       | an empty list
          8080                     | 8080                     | one port
          8080,9000-9010,40000     | 8080,9000-9010,40000     | as the kernel shows it
          9005-9010,9000-9004      | 9000-9010                | ranges that touch are one
          ` 80 , 443 `             | 80,443                   | blanks do not matter
          1-65535                  | 1-65535                  | all there are
          """)
  void listIsReadAndShownAsTheKernelDoes(String list, String expected, String why) {
    assertThat(PortReservation.text(PortReservation.parse(list))).as(why).isEqualTo(expected);
  }

  /** The list is a network namespace's own. */
  @Nested
  @Tag("namespace")
  @ExtendWith(OwnNetwork.class)
  class InTheKernel {
    @TempDir Path pinPath;

    private BatonConfig config(String ports) {
      return BatonConfig.parse(
          "test",
          """
          node: qure-1
          listen: [{ address: 10.0.1.1, port: 80, protocol: http }]
          interfaces: { public: d0, cluster: d1 }
          cluster-address: [10.0.2.1]
          source-ports: %s
          pin-path: %s
          """
              .formatted(ports, pinPath));
    }

    private static void reserve(String list) {
      OwnNetwork.sysctl("net.ipv4.ip_local_reserved_ports", list);
    }

    private static String reserved() {
      return OwnNetwork.run("cat", "/proc/sys/net/ipv4/ip_local_reserved_ports").strip();
    }

    /** What is noted outlives a controller, and is gone after detach. */
    @AfterEach
    void nothingIsNotedAnyMore() {
      PortReservation.remove(config("10000-32767"));
      assertThat(InstanceLock.file(pinPath, ".ports")).doesNotExist();
    }

    @ParameterizedTest(name = "{0}: {3}")
    @CsvSource(
        delimiter = '|',
        quoteCharacter = '`',
        textBlock =
            """
            `\n`              | 10000-32767            | `\n`          | nothing was reserved
            8080,40000-40010   | 8080,10000-32767,40000-40010 | 8080,40000-40010 | others stay
            32768-40000        | 10000-40000            | 32768-40000    | the kernel has merged ours
            9999               | 9999-32767             | 9999           | ... on the other side
            20000-40000        | 10000-40000            | 20000-40000    | they overlap
            9000-40000         | 9000-40000             | 9000-40000     | it was there before us
            10000-32767        | 10000-32767            | 10000-32767    | exactly this was
            15000,16000        | 10000-32767            | 15000,16000    | parts were
            """)
    void afterDetachTheListIsWhatItWas(String before, String during, String after, String why) {
      reserve(before);
      PortReservation.add(config("10000-32767"));
      PortReservation.add(config("10000-32767"));
      assertThat(reserved()).as(why).isEqualTo(during);
      PortReservation.remove(config("10000-32767"));
      assertThat(reserved()).as(why).isEqualTo(after.strip());
      PortReservation.remove(config("10000-32767"));
      assertThat(reserved()).as("repeated").isEqualTo(after.strip());
    }

    /** Flows may still live on ports of the range before. */
    @Test
    void aRangeThatWasChangedStaysReservedUntilDetach() {
      reserve("15000");
      PortReservation.add(config("10000-19999"));
      PortReservation.add(config("20000-32767"));
      assertThat(reserved()).isEqualTo("10000-32767");
      PortReservation.remove(config("20000-32767"));
      assertThat(reserved()).isEqualTo("15000");
    }

    @Test
    void whatAnotherReservedMeanwhileStays() {
      PortReservation.add(config("10000-32767"));
      reserve("80,10000-32767,40000");
      PortReservation.remove(config("10000-32767"));
      assertThat(reserved()).isEqualTo("80,40000");
    }

    /** Longer than what a reader of files asks for at first, or at once. */
    @Test
    void longListStaysWhole() {
      String others =
          IntStream.range(0, 500)
              .mapToObj(i -> Integer.toString(40_000 + 2 * i))
              .collect(Collectors.joining(","));
      reserve(others);
      PortReservation.add(config("10000-32767"));
      assertThat(reserved()).isEqualTo("10000-32767," + others);
      PortReservation.remove(config("10000-32767"));
      assertThat(reserved()).isEqualTo(others);
    }
  }
}

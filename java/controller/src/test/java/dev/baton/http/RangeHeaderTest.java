package dev.baton.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.http.RangeHeader.Result;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RangeHeaderTest {
  private final RangeHeader header = new RangeHeader();

  private String read(String value, long size) {
    byte[] bytes = HeadTable.bytes("#" + value + "#");
    Result result = header.parse(MemorySegment.ofArray(bytes), 1, bytes.length - 1, size);
    assertThat(result == Result.SATISFIABLE).isEqualTo(header.count() > 0);
    return header.count() == 0
        ? result.toString()
        : IntStream.range(0, header.count())
            .mapToObj(i -> header.first(i) + "-" + header.last(i))
            .collect(Collectors.joining(" "));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "bytes=0-99            | 0-99",
        "bytes=0-0             | 0-0",
        "Bytes=999-            | 999-999",
        "bytes=990-2000        | 990-999",
        "bytes=-1              | 999-999",
        "bytes=-5000           | 0-999",
        "bytes=5-99999999999999999999999 | 5-999",
        "bytes=0-1,5-6         | 0-1 5-6",
        "bytes=,0-1 ,, 5-6,    | 0-1 5-6",
        "bytes=0-1,2000-3000   | 0-1",
        "bytes=-0,7-7          | 7-7",
        "bytes=1000-           | UNSATISFIABLE",
        "bytes=-0              | UNSATISFIABLE",
        "bytes=99999999999999999999- | UNSATISFIABLE",
        "bytes=5-4             | IGNORED",
        "bytes=0-1,5-4         | IGNORED",
        "bytes=                | IGNORED",
        "bytes=,               | IGNORED",
        "bytes=-               | IGNORED",
        "bytes=0               | IGNORED",
        "bytes=+0-1            | IGNORED",
        "bytes=0-1-2           | IGNORED",
        "bytes=0-1;5-6         | IGNORED",
        "bytes=0x0-1           | IGNORED",
        "bytes=0 -1            | IGNORED",
        "bytes =0-1            | IGNORED",
        "bytes:0-1             | IGNORED",
        "byte=0-1              | IGNORED",
        "lines=0-1             | IGNORED",
        "0-1                   | IGNORED",
      })
  void reads(String value, String expected) {
    assertThat(read(value, 1000)).isEqualTo(expected);
  }

  @Test
  void takesSoManyAndNoMore() {
    String most = "bytes=" + "0-0,".repeat(RangeHeader.RANGES_MAX);
    assertThat(read(most, 10).split(" ")).hasSize(RangeHeader.RANGES_MAX);
    assertThat(read(most + "0-0", 10)).isEqualTo("IGNORED");
  }

  /** Whatever it is given, what it says lies within the file. */
  @Test
  void anyBytes() {
    Random random = new Random(5);
    String letters = "0123456789-,= \tbytes";
    int satisfiable = 0;
    for (int i = 0; i < 100_000; i++) {
      StringBuilder value = new StringBuilder(random.nextInt(4) == 0 ? "" : "bytes=");
      for (int n = random.nextInt(12); n > 0; n--) {
        value.append(
            letters.charAt(random.nextInt(random.nextInt(3) == 0 ? letters.length() : 12)));
      }
      long size = 1L + random.nextInt(100);
      read(value.toString(), size);
      for (int r = 0; r < header.count(); r++) {
        satisfiable++;
        assertThat(header.first(r)).as("%s of %d", value, size).isBetween(0L, header.last(r));
        assertThat(header.last(r)).isLessThan(size);
      }
    }
    assertThat(satisfiable).isGreaterThan(1000);
  }
}

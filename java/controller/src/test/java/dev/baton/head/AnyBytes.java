package dev.baton.head;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.head.HeadParser.Result;
import dev.baton.http.HostNames;
import dev.baton.reason.Reason;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** What holds for every parser and all bytes, hostile ones above all. */
public final class AnyBytes {
  private static final int CUTS = 3;
  private static final byte[] MORE = {0, 'G', '\r', '\n', 22, 3, 1, 0, 0};

  private record Outcome(Result result, Reason reason, @Nullable String host, long headLength) {}

  private AnyBytes() {}

  /**
   * Reads the bytes in several ways, which must agree.
   *
   * @return whether they are a complete head
   */
  public static boolean check(HeadParser parser, byte[] bytes) {
    parser.reset();
    Outcome whole = read(parser, bytes, bytes.length);
    judge(parser, bytes, whole);
    parser.reset();
    assertThat(oneByOne(parser, bytes)).as("one byte at a time").isEqualTo(whole);
    Random random = new Random(Arrays.hashCode(bytes));
    for (int i = 0; i < CUTS && bytes.length > 1; i++) {
      int first = random.nextInt(bytes.length);
      int second = first + random.nextInt(bytes.length - first);
      parser.reset();
      parser.parse(MemorySegment.ofArray(bytes), first);
      parser.parse(MemorySegment.ofArray(bytes), second);
      assertThat(read(parser, bytes, bytes.length))
          .as("cut after %d and %d", first, second)
          .isEqualTo(whole);
    }
    if (whole.result == Result.COMPLETE) {
      parser.reset();
      assertThat(read(parser, bytes, (int) whole.headLength)).as("the head alone").isEqualTo(whole);
      byte[] longer = Arrays.copyOf(bytes, (int) whole.headLength + MORE.length);
      System.arraycopy(MORE, 0, longer, (int) whole.headLength, MORE.length);
      parser.reset();
      assertThat(read(parser, longer, longer.length)).as("whatever follows").isEqualTo(whole);
    }
    return whole.result == Result.COMPLETE;
  }

  private static Outcome read(HeadParser parser, byte[] bytes, int length) {
    return outcome(parser, parser.parse(MemorySegment.ofArray(bytes), length));
  }

  private static Outcome outcome(HeadParser parser, Result result) {
    return new Outcome(result, parser.reason(), parser.host(), parser.headLength());
  }

  private static void judge(HeadParser parser, byte[] bytes, Outcome outcome) {
    String host = outcome.host;
    switch (outcome.result) {
      case NEED_MORE -> assertThat(bytes.length).isLessThan(parser.limit());
      case COMPLETE -> {
        assertThat(outcome.headLength).isPositive().isLessThanOrEqualTo(bytes.length);
        assertThat(outcome.headLength).isLessThanOrEqualTo(parser.limit());
        if (host != null) {
          assertThat(HostNames.normalize(host)).as("a normalised host").isEqualTo(host);
        }
      }
      case REFUSED -> {
        assertThat(outcome.reason).isNotEqualTo(Reason.NONE);
        assertThat(parser.refusal(BuiltInPages.PAGES)).isNotEmpty();
      }
    }
    assertThat(outcome.reason != Reason.NONE).isEqualTo(outcome.result == Result.REFUSED);
    assertThat(parser.answer(503, "why", BuiltInPages.PAGES)).isNotEmpty();
    assertThat(parser.answer(408, "why", BuiltInPages.PAGES)).isNotEmpty();
  }

  private static Outcome oneByOne(HeadParser parser, byte[] bytes) {
    Result result = Result.NEED_MORE;
    MemorySegment buffer = MemorySegment.ofArray(bytes);
    for (int length = 0; length <= bytes.length; length++) {
      Result now = parser.parse(buffer, length);
      assertThat(result == Result.NEED_MORE || result == now).as("a result stays").isTrue();
      if (result == Result.NEED_MORE && now == Result.COMPLETE) {
        assertThat(parser.headLength()).as("known with its last byte").isEqualTo(length);
      }
      result = now;
    }
    return outcome(parser, result);
  }
}

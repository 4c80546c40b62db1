package dev.baton.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.baton.head.AnyBytes;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Locale;

class RequestHeadFuzzTest {
  private static final int LIMIT = 2048;
  private static final HostCache HOSTS = new HostCache();

  @FuzzTest
  void anyBytes(byte[] bytes) {
    if (!AnyBytes.check(new Http1Head(LIMIT, HOSTS), bytes)) {
      return;
    }
    RequestHeadParser parser = new RequestHeadParser(LIMIT, HOSTS);
    parser.parse(MemorySegment.ofArray(bytes), bytes.length);
    String head = new String(bytes, 0, (int) parser.headLength(), ISO_8859_1);
    assertThat(head).endsWith("\r\n\r\n");
    assertThat(head.replace("\r\n", "")).as("line breaks are whole").doesNotContain("\r", "\n");
    assertThat(head).doesNotContain("\0");
    String[] lines = head.strip().split("\r\n", -1);
    long hosts =
        Arrays.stream(lines)
            .skip(1)
            .filter(line -> line.toLowerCase(Locale.ROOT).startsWith("host:"))
            .count();
    assertThat(hosts).as("one Host, or none in HTTP/1.0").isLessThanOrEqualTo(1);
    if (parser.versionMinor() == 1) {
      assertThat(hosts).isEqualTo(1);
      assertThat(parser.host()).isNotNull();
    }
    assertThat(parser.chunked() && parser.contentLength() >= 0).as("one framing").isFalse();
  }
}

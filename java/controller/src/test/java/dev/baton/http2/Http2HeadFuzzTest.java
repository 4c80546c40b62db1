package dev.baton.http2;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.baton.config.Protocol;
import dev.baton.front.FirstBytes;
import dev.baton.head.AnyBytes;
import dev.baton.head.HeadParser.Result;
import dev.baton.head.Spoken;
import dev.baton.http.HostCache;
import java.lang.foreign.MemorySegment;

class Http2HeadFuzzTest {
  private static final int LIMIT = 2048;
  private static final HostCache HOSTS = new HostCache();

  /** The preface need not be guessed: each input is read with it and without. */
  @FuzzTest
  void anyBytes(byte[] bytes) {
    byte[] prefaced = new Frames().raw(Http2Head.PREFACE.getBytes(ISO_8859_1)).raw(bytes).bytes();
    Http2Head head = new Http2Head(LIMIT, HOSTS);
    boolean complete = AnyBytes.check(head, prefaced);
    if (complete) {
      assertThat(head.host()).as("no request without a host").isNotNull();
    }
    if (new String(bytes, ISO_8859_1).startsWith(Http2Head.PREFACE)) {
      assertThat(complete).as("a preface is no frame").isFalse();
    }
    // The one that tells the protocols apart comes to the same.
    FirstBytes first = new FirstBytes(LIMIT, HOSTS);
    first.expect(Protocol.AUTO, false);
    var result = first.parse(MemorySegment.ofArray(prefaced), prefaced.length);
    assertThat(first.spoken()).isEqualTo(Spoken.HTTP2);
    assertThat(result == Result.COMPLETE).isEqualTo(complete);
    AnyBytes.check(new FirstBytes(LIMIT, HOSTS), bytes);
  }
}

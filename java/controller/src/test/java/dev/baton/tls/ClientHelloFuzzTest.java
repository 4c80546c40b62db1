package dev.baton.tls;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.baton.head.AnyBytes;
import dev.baton.http.HostCache;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

class ClientHelloFuzzTest {
  private static final HostCache HOSTS = new HostCache();

  @FuzzTest
  void anyBytes(byte[] bytes) {
    ClientHelloParser parser = new ClientHelloParser(HOSTS);
    if (!AnyBytes.check(parser, bytes)) {
      return;
    }
    parser.reset();
    parser.parse(MemorySegment.ofArray(bytes), bytes.length);
    String host = parser.host();
    byte[] message = message(Arrays.copyOf(bytes, (int) parser.headLength()));
    assertThat(plainName(message)).as("what a plain reader finds").isEqualTo(host);
    // The same hello in other records is the same.
    byte[] again = Hello.record(message.length > 1 << 14 ? new byte[0] : message);
    if (again.length > 5) {
      parser.reset();
      parser.parse(MemorySegment.ofArray(again), again.length);
      assertThat(parser.host()).isEqualTo(host);
      assertThat(parser.headLength()).isEqualTo(again.length);
    }
  }

  /** The fragments of a complete hello, one behind the other. */
  private static byte[] message(byte[] records) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteBuffer in = ByteBuffer.wrap(records);
    while (in.hasRemaining()) {
      assertThat(in.get()).as("type").isEqualTo((byte) Hello.HANDSHAKE);
      assertThat(in.getShort() >> 8).as("major version").isEqualTo(3);
      byte[] fragment = new byte[in.getShort()];
      in.get(fragment);
      out.writeBytes(fragment);
    }
    return out.toByteArray();
  }

  /** As one reads it who has all of it. */
  private static @Nullable String plainName(byte[] message) {
    ByteBuffer in = ByteBuffer.wrap(message);
    assertThat(in.getInt()).isEqualTo(1 << 24 | message.length - 4);
    in.position(in.position() + 2 + 32);
    skip(in, in.get());
    skip(in, in.getShort());
    skip(in, in.get() & 0xff);
    if (!in.hasRemaining()) {
      return null;
    }
    assertThat(in.getShort() & 0xffff).isEqualTo(in.remaining());
    String found = null;
    while (in.hasRemaining()) {
      int type = in.getShort() & 0xffff;
      int length = in.getShort() & 0xffff;
      if (type == 0) {
        assertThat(found).as("one name").isNull();
        byte[] name = new byte[length - 5];
        assertThat(in.getShort()).isEqualTo((short) (length - 2));
        assertThat(in.get()).isZero();
        assertThat(in.getShort()).isEqualTo((short) (length - 5));
        in.get(name);
        found = new String(name, StandardCharsets.US_ASCII).toLowerCase(Locale.ROOT);
      } else {
        skip(in, length);
      }
    }
    return found;
  }

  private static void skip(ByteBuffer in, int count) {
    in.position(in.position() + (count & 0xffff));
  }
}

package dev.baton.tls;

import dev.baton.head.HeadParser;
import dev.baton.head.Pages;
import dev.baton.head.Spoken;
import dev.baton.http.HostCache;
import dev.baton.reason.Reason;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Finds the server name in a ClientHello, however it is cut into records and segments, of up to
 * {@link #HELLO_MAX} bytes.
 *
 * <p>With Encrypted ClientHello (RFC 9849) the outer name is what it finds: the inner one is for
 * who holds the key. Extensions that say nothing of the name or of ALPN are passed over, GREASE
 * (RFC 8701) among them: they are the target's. Allocates nothing when the name is a known one.
 */
public final class ClientHelloParser implements HeadParser {
  /** Bytes of a ClientHello with its four bytes of header, without those of its records. */
  public static final int HELLO_MAX = 65_536;

  /** Bytes of a ClientHello with those of its records: some 1600 fragments of a hello that size. */
  public static final int LIMIT = HELLO_MAX + 8192;

  /**
   * Records without a byte that are passed over. TLS forbids them; some servers take a few all the
   * same.
   */
  public static final int EMPTY_RECORDS_MAX = 4;

  private static final int RECORD_HEADER = 5;
  private static final int RECORD_MAX = 1 << 14;
  private static final int HANDSHAKE = 22;
  private static final int LEAST_TYPE = 20;
  private static final int GREATEST_TYPE = 24;
  private static final int SSL2 = 0x80;
  private static final int MAJOR = 3;

  private final HostCache hosts;
  private final HelloFields fields = new HelloFields(HELLO_MAX);
  private final MemorySegment name = MemorySegment.ofArray(fields.name());

  private boolean nameNeeded;
  private Result result = Result.NEED_MORE;
  private @Nullable TlsProblem problem;
  private @Nullable String host;
  private long position;
  private int headerAt;
  private int fragmentLeft;
  private int emptyRecords;

  /** {@code hosts} must be of the same thread. */
  public ClientHelloParser(HostCache hosts) {
    this.hosts = hosts;
  }

  /** Whether a hello without a server name is refused; false after {@link #reset}. */
  public void needName(boolean needed) {
    nameNeeded = needed;
  }

  @Override
  public void reset() {
    nameNeeded = false;
    result = Result.NEED_MORE;
    problem = null;
    host = null;
    position = 0;
    headerAt = 0;
    fragmentLeft = 0;
    emptyRecords = 0;
    fields.reset();
  }

  @Override
  public Result parse(MemorySegment buffer, long length) {
    long end = Math.min(length, LIMIT);
    while (result == Result.NEED_MORE && position < end) {
      if (headerAt < RECORD_HEADER) {
        header(buffer.get(ValueLayout.JAVA_BYTE, position++) & 0xff);
      } else {
        fragment(buffer, end);
      }
    }
    if (result == Result.NEED_MORE && position == LIMIT) {
      refuse(TlsProblem.TOO_LARGE);
    }
    return result;
  }

  private void refuse(TlsProblem why) {
    problem = why;
    result = Result.REFUSED;
  }

  /** One more byte of a record's header: type, version (its second byte says nothing), length. */
  private void header(int b) {
    switch (headerAt++) {
      case 0 -> type(b);
      case 1 -> {
        if (b != MAJOR) {
          refuse(TlsProblem.BAD_VERSION);
        }
      }
      case 2 -> {}
      case 3 -> fragmentLeft = b << 8;
      default -> {
        fragmentLeft |= b;
        if (fragmentLeft > RECORD_MAX) {
          refuse(TlsProblem.RECORD_OVERFLOW);
        } else if (fragmentLeft == 0) {
          headerAt = 0;
          if (++emptyRecords > EMPTY_RECORDS_MAX) {
            refuse(TlsProblem.EMPTY_RECORDS);
          }
        }
      }
    }
  }

  private void type(int b) {
    if (b == HANDSHAKE) {
      return;
    }
    if (position > 1 || (b >= LEAST_TYPE && b <= GREATEST_TYPE)) {
      refuse(TlsProblem.OTHER_RECORD);
    } else if (b >= SSL2) {
      refuse(TlsProblem.SSL2_HELLO);
    } else if (b >= 'A' && b <= 'Z') {
      refuse(TlsProblem.PLAIN_HTTP);
    } else {
      refuse(TlsProblem.NOT_TLS);
    }
  }

  private void fragment(MemorySegment buffer, long end) {
    int count = (int) Math.min(fragmentLeft, end - position);
    fields.consume(buffer, position, position + count);
    position += count;
    fragmentLeft -= count;
    TlsProblem wrong = fields.problem();
    if (wrong != null) {
      refuse(wrong);
    } else if (fields.isDone()) {
      finish();
    } else if (fragmentLeft == 0) {
      headerAt = 0;
    }
  }

  private void finish() {
    if (fragmentLeft > 0) {
      refuse(TlsProblem.TRAILING_BYTES);
    } else if (fields.nameLength() == 0) {
      if (nameNeeded) {
        refuse(TlsProblem.NAME_MISSING);
      } else {
        result = Result.COMPLETE;
      }
    } else {
      host = hosts.serverName(name, 0, fields.nameLength());
      if (host == null) {
        refuse(TlsProblem.BAD_NAME);
      } else {
        result = Result.COMPLETE;
      }
    }
  }

  @Override
  public int limit() {
    return LIMIT;
  }

  @Override
  public Spoken spoken() {
    return Spoken.TLS;
  }

  @Override
  public @Nullable String host() {
    return host;
  }

  @Override
  public long headLength() {
    return result == Result.COMPLETE ? position : 0;
  }

  /** Whether the client offers a protocol inside TLS. */
  public boolean offers(Alpn alpn) {
    return fields.offers(alpn);
  }

  /** Whether the hello holds another one, encrypted; GREASE looks the same. */
  public boolean encrypted() {
    return fields.encrypted();
  }

  /** Why the hello was refused; null while it was not. */
  public @Nullable TlsProblem problem() {
    return problem;
  }

  /** Which of them is chosen is between the client and its target. */
  @Override
  public @Nullable String offeredProtocol() {
    for (Alpn alpn : Alpn.BY_WORTH) {
      if (offers(alpn)) {
        return alpn.id();
      }
    }
    return null;
  }

  @Override
  public Reason reason() {
    return problem == null ? Reason.NONE : problem.reason();
  }

  @Override
  public byte[] refusal(Pages pages) {
    TlsProblem why = Objects.requireNonNull(problem);
    return why == TlsProblem.PLAIN_HTTP
        ? pages.page(400, why.sentence(), false)
        : why.alert().fatal();
  }

  /** An alert: the name is unknown, access is denied, time is over, or else something failed. */
  @Override
  public byte[] answer(int status, String detail, Pages pages) {
    return switch (status) {
      case 404, 421 -> (host == null ? Alert.MISSING_EXTENSION : Alert.UNRECOGNIZED_NAME).fatal();
      case 403 -> Alert.ACCESS_DENIED.fatal();
      case 408 -> Alert.canceled();
      default -> Alert.INTERNAL_ERROR.fatal();
    };
  }
}

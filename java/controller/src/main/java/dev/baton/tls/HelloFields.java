package dev.baton.tls;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * One handshake message, freed of its records, that must be a ClientHello (RFC 8446, section 4.1.2;
 * RFC 5246, section 7.4.1.2 without extensions). Takes its bytes in any pieces, each once.
 */
final class HelloFields {
  /** A field, or several, read as a number, copied or passed over. */
  private enum Step {
    TYPE,
    LENGTH,
    VERSION,
    RANDOM,
    SESSION_LENGTH,
    SESSION,
    CIPHERS_LENGTH,
    CIPHERS,
    COMPRESSIONS_LENGTH,
    COMPRESSIONS,
    EXTENSIONS_LENGTH,
    EXTENSION_TYPE,
    EXTENSION_LENGTH,
    EXTENSION,
    NAMES_LENGTH,
    NAME_TYPE,
    NAME_LENGTH,
    NAME,
    PROTOCOLS_LENGTH,
    PROTOCOL_LENGTH,
    PROTOCOL,
    DONE
  }

  private static final int HEADER = 4;
  private static final int CLIENT_HELLO = 1;
  private static final int MAJOR = 3;
  private static final int SSL_3_0 = 0x0300;
  private static final int RANDOM_BYTES = 32;
  private static final int SESSION_MAX = 32;
  private static final int NAME_MAX = 253;
  private static final int PROTOCOL_MAX = 255;
  private static final int HOST_NAME = 0;

  // Types of extensions (IANA, TLS ExtensionType Values).
  private static final int SERVER_NAME = 0;
  private static final int ALPN = 16;
  private static final int ENCRYPTED_CLIENT_HELLO = 0xfe0d;

  private final int max;
  private final byte[] name = new byte[NAME_MAX];
  private final byte[] protocol = new byte[PROTOCOL_MAX];

  private Step step = Step.TYPE;
  private @Nullable TlsProblem problem;
  private int wanted;
  private int have;
  private int value;

  /** Bytes of the message behind the field that is being read. */
  private int left;

  /** The same of the extension. */
  private int extensionLeft;

  private int extensionType;
  private int nameLength;
  private boolean named;
  private boolean alpn;
  private boolean ech;
  private int offered;

  /** For messages of at most {@code max} bytes, their header included. */
  HelloFields(int max) {
    this.max = max;
    reset();
  }

  void reset() {
    problem = null;
    left = HEADER;
    extensionLeft = 0;
    nameLength = 0;
    named = false;
    alpn = false;
    ech = false;
    offered = 0;
    want(Step.TYPE, 1);
  }

  /** The message goes on with these bytes. */
  void consume(MemorySegment buffer, long from, long to) {
    long at = from;
    while (at < to && isOpen()) {
      int count = (int) Math.min(to - at, wanted - have);
      read(buffer, at, count);
      at += count;
      have += count;
      while (have == wanted && isOpen()) {
        next();
      }
    }
    if (at < to && problem == null) {
      problem = TlsProblem.TRAILING_BYTES;
    }
  }

  private boolean isOpen() {
    return problem == null && step != Step.DONE;
  }

  private void read(MemorySegment buffer, long at, int count) {
    switch (step) {
      case NAME -> MemorySegment.copy(buffer, ValueLayout.JAVA_BYTE, at, name, have, count);
      case PROTOCOL -> MemorySegment.copy(buffer, ValueLayout.JAVA_BYTE, at, protocol, have, count);
      case RANDOM, SESSION, CIPHERS, COMPRESSIONS, EXTENSION, DONE -> {
        // Passed over.
      }
      default -> {
        for (int i = 0; i < count; i++) {
          value = (value << 8) | (buffer.get(ValueLayout.JAVA_BYTE, at + i) & 0xff);
        }
      }
    }
  }

  /** The message must have so many bytes more. */
  private void want(Step next, int bytes) {
    if (bytes > left) {
      problem = TlsProblem.BAD_LENGTH;
      return;
    }
    left -= bytes;
    step = next;
    wanted = bytes;
    have = 0;
    value = 0;
  }

  /** The extension must have so many bytes more. */
  private void wantInside(Step next, int bytes) {
    if (bytes > extensionLeft) {
      problem = TlsProblem.BAD_LENGTH;
      return;
    }
    extensionLeft -= bytes;
    want(next, bytes);
  }

  private void wantIf(boolean valid, TlsProblem otherwise, Step next, int bytes) {
    if (valid) {
      want(next, bytes);
    } else {
      problem = otherwise;
    }
  }

  private void wantInsideIf(boolean valid, TlsProblem otherwise, Step next, int bytes) {
    if (valid) {
      wantInside(next, bytes);
    } else {
      problem = otherwise;
    }
  }

  /** A field is complete. */
  private void next() {
    switch (step) {
      case TYPE -> wantIf(value == CLIENT_HELLO, TlsProblem.NOT_A_HELLO, Step.LENGTH, 3);
      case LENGTH -> {
        left = value;
        wantIf(value <= max - HEADER, TlsProblem.TOO_LARGE, Step.VERSION, 2);
      }
      case VERSION ->
          wantIf(
              value >> 8 == MAJOR && value != SSL_3_0,
              TlsProblem.BAD_VERSION,
              Step.RANDOM,
              RANDOM_BYTES);
      case RANDOM -> want(Step.SESSION_LENGTH, 1);
      case SESSION_LENGTH ->
          wantIf(value <= SESSION_MAX, TlsProblem.BAD_LENGTH, Step.SESSION, value);
      case SESSION -> want(Step.CIPHERS_LENGTH, 2);
      case CIPHERS_LENGTH ->
          wantIf(value >= 2 && value % 2 == 0, TlsProblem.BAD_LENGTH, Step.CIPHERS, value);
      case CIPHERS -> want(Step.COMPRESSIONS_LENGTH, 1);
      case COMPRESSIONS_LENGTH ->
          wantIf(value >= 1, TlsProblem.BAD_LENGTH, Step.COMPRESSIONS, value);
      case COMPRESSIONS -> nextExtensionOr(Step.EXTENSIONS_LENGTH);
      default -> nextOfExtensions();
    }
  }

  private void nextExtensionOr(Step first) {
    if (left == 0) {
      step = Step.DONE;
    } else {
      want(first, 2);
    }
  }

  private void nextOfExtensions() {
    switch (step) {
      case EXTENSIONS_LENGTH -> {
        if (value == left) {
          nextExtensionOr(Step.EXTENSION_TYPE);
        } else {
          problem = TlsProblem.BAD_LENGTH;
        }
      }
      case EXTENSION_TYPE -> {
        extensionType = value;
        want(Step.EXTENSION_LENGTH, 2);
      }
      case EXTENSION_LENGTH -> {
        extensionLeft = value;
        if (value <= left) {
          beginExtension();
        } else {
          problem = TlsProblem.BAD_LENGTH;
        }
      }
      case EXTENSION -> nextExtensionOr(Step.EXTENSION_TYPE);
      case NAMES_LENGTH ->
          wantInsideIf(value == extensionLeft, TlsProblem.BAD_LENGTH, Step.NAME_TYPE, 1);
      case NAME_TYPE ->
          wantInsideIf(value == HOST_NAME, TlsProblem.NOT_ONE_NAME, Step.NAME_LENGTH, 2);
      case NAME_LENGTH -> beginName();
      case NAME -> nextExtensionOr(Step.EXTENSION_TYPE);
      case PROTOCOLS_LENGTH ->
          wantInsideIf(value == extensionLeft, TlsProblem.BAD_LENGTH, Step.PROTOCOL_LENGTH, 1);
      case PROTOCOL_LENGTH -> wantInsideIf(value >= 1, TlsProblem.BAD_LENGTH, Step.PROTOCOL, value);
      case PROTOCOL -> {
        offered |= Alpn.of(protocol, wanted).bit();
        if (extensionLeft > 0) {
          wantInside(Step.PROTOCOL_LENGTH, 1);
        } else {
          nextExtensionOr(Step.EXTENSION_TYPE);
        }
      }
      default -> throw new IllegalStateException(step.name());
    }
  }

  /** Of those that are read here none may come twice; others are the target's to judge. */
  private void beginExtension() {
    boolean again = false;
    switch (extensionType) {
      case SERVER_NAME -> {
        again = named;
        named = true;
        wantInside(Step.NAMES_LENGTH, 2);
      }
      case ALPN -> {
        again = alpn;
        alpn = true;
        wantInside(Step.PROTOCOLS_LENGTH, 2);
      }
      case ENCRYPTED_CLIENT_HELLO -> {
        again = ech;
        ech = true;
        wantInside(Step.EXTENSION, extensionLeft);
      }
      default -> wantInside(Step.EXTENSION, extensionLeft);
    }
    if (again) {
      problem = TlsProblem.REPEATED_EXTENSION;
    }
  }

  private void beginName() {
    if (value == 0 || value > extensionLeft) {
      problem = TlsProblem.BAD_LENGTH;
    } else if (value < extensionLeft) {
      problem = TlsProblem.NOT_ONE_NAME;
    } else if (value > NAME_MAX) {
      problem = TlsProblem.BAD_NAME;
    } else {
      nameLength = value;
      wantInside(Step.NAME, value);
    }
  }

  boolean isDone() {
    return step == Step.DONE && problem == null;
  }

  @Nullable TlsProblem problem() {
    return problem;
  }

  /** Bytes of the server name in {@link #name()}; 0: none was sent. */
  int nameLength() {
    return nameLength;
  }

  byte[] name() {
    return name;
  }

  boolean encrypted() {
    return ech;
  }

  boolean offers(Alpn which) {
    return (offered & which.bit()) != 0;
  }
}

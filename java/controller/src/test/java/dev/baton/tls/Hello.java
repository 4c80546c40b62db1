package dev.baton.tls;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Builds ClientHellos, right and wrong ones, byte by byte. */
final class Hello {
  static final int HANDSHAKE = 22;

  private int type = 1;
  private int version = 0x0303;
  private int lengthError;
  private byte[] session = new byte[32];
  private byte[] ciphers = {0x13, 0x01, 0x13, 0x02};
  private byte[] compressions = {0};
  private boolean extensionless;
  private int extensionsLengthError;
  private final List<byte[]> extensions = new ArrayList<>();

  /** One of those in {@code src/test/resources/clienthello}. */
  static byte[] captured(String file) {
    try (InputStream in =
        Objects.requireNonNull(Hello.class.getResourceAsStream("/clienthello/" + file))) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What a client sends that has nothing to say but a name. */
  static Hello to(String name) {
    return new Hello().extension(0, names(name(0, name)));
  }

  Hello type(int value) {
    type = value;
    return this;
  }

  Hello version(int value) {
    version = value;
    return this;
  }

  Hello lengthError(int value) {
    lengthError = value;
    return this;
  }

  Hello session(int bytes) {
    session = new byte[bytes];
    return this;
  }

  Hello ciphers(int bytes) {
    ciphers = new byte[bytes];
    return this;
  }

  Hello compressions(int bytes) {
    compressions = new byte[bytes];
    return this;
  }

  Hello extensionless() {
    extensionless = true;
    return this;
  }

  Hello extensionsLengthError(int value) {
    extensionsLengthError = value;
    return this;
  }

  Hello extension(int id, byte[] body) {
    extensions.add(concat(int16(id), int16(body.length), body));
    return this;
  }

  /** An extension's bytes as they are, its type and length included. */
  Hello raw(byte... bytes) {
    extensions.add(bytes);
    return this;
  }

  Hello alpn(String... protocols) {
    ByteArrayOutputStream list = new ByteArrayOutputStream();
    for (String protocol : protocols) {
      list.write(protocol.length());
      list.writeBytes(protocol.getBytes(StandardCharsets.ISO_8859_1));
    }
    return extension(16, vector16(list.toByteArray()));
  }

  /** A ServerName (RFC 6066). */
  static byte[] name(int type, String name) {
    return concat(new byte[] {(byte) type}, vector16(name.getBytes(StandardCharsets.ISO_8859_1)));
  }

  /** A ServerNameList. */
  static byte[] names(byte[]... names) {
    return vector16(concat(names));
  }

  /** The handshake message. */
  byte[] message() {
    byte[] list = concat(extensions.toArray(byte[][]::new));
    byte[] body =
        concat(
            int16(version),
            new byte[32],
            new byte[] {(byte) session.length},
            session,
            vector16(ciphers),
            new byte[] {(byte) compressions.length},
            compressions,
            extensionless ? new byte[0] : int16(list.length + extensionsLengthError),
            extensionless ? new byte[0] : list);
    int length = body.length + lengthError;
    return concat(
        new byte[] {(byte) type, (byte) (length >> 16), (byte) (length >> 8), (byte) length}, body);
  }

  /** In one record. */
  byte[] bytes() {
    return record(message());
  }

  /** In records of at most so many bytes. */
  byte[] bytes(int fragment) {
    return records(message(), fragment);
  }

  /** A captured hello, cut into records of at most so many bytes. */
  static byte[] again(byte[] capture, int fragment) {
    byte[] message = new byte[capture.length - 5];
    System.arraycopy(capture, 5, message, 0, message.length);
    return records(message, fragment);
  }

  private static byte[] records(byte[] message, int fragment) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int at = 0; at < message.length; at += fragment) {
      int length = Math.min(fragment, message.length - at);
      byte[] part = new byte[length];
      System.arraycopy(message, at, part, 0, length);
      out.writeBytes(record(part));
    }
    return out.toByteArray();
  }

  static byte[] record(byte[] fragment) {
    return record(HANDSHAKE, 0x0301, fragment);
  }

  static byte[] record(int type, int version, byte[] fragment) {
    return concat(new byte[] {(byte) type}, int16(version), vector16(fragment));
  }

  static byte[] vector16(byte[] bytes) {
    return concat(int16(bytes.length), bytes);
  }

  static byte[] int16(int value) {
    return new byte[] {(byte) (value >> 8), (byte) value};
  }

  static byte[] concat(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }
}
